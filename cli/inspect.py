"""`tierwise inspect`: a table's columns, what is wrong with them, and a problem file to paste."""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from cli.check import plain_lines
from cli.tables import as_asked
from cli.terminal import plain, say_item, show_table, terminal
from escalation.inputs.document import dumped
from escalation.ports.inspection import Inspection
from escalation.ports.registry import families, resolve

_HEADER = ("column", "type", "missing", "distinct", "range")


def inspect_table(path: Path, wish: Mapping[str, Any], *, as_json: bool) -> int:
    """Prints what a family finds in a table; returns 2 where no problem file would load it.

    Raises:
        BadInput: when the file cannot be read.
    """
    known = next(each.inspect for each in families().values() if each.inspect)
    found: Inspection = resolve(known)(path, Path.cwd(), wish)
    if as_json:
        sys.stdout.write(json.dumps({**asdict(found), "good": found.problem is not None}) + "\n")
    else:
        _say(terminal(), path, found)
    return 0 if found.problem is not None else 2


def _say(console: Console, path: Path, found: Inspection) -> None:
    console.print(f"[bold]{plain(found.about)}[/]", soft_wrap=True, highlight=False)
    rows = [
        (each.name, each.kind, str(each.missing or ""), str(each.distinct), each.spread)
        for each in found.columns
    ]
    if rows:
        show_table(console, _HEADER, rows, prose=True)
    for line in found.problems:
        say_item(console, "[red]problem[/]", line, 0)
    for line in found.warnings:
        say_item(console, "[yellow]look at[/]", line, 0)
    if found.problem is not None:
        said = "deals with the problems above, and solves" if found.problems else "solves"
        name = f"{path.stem}.yaml"
        console.print(
            f"\nThis problem file {said} as it stands; save it as {plain(name)}:\n", highlight=False
        )
        console.print(plain_lines(problem_lines(found)), soft_wrap=True, highlight=False)
        console.print("\nor, without a file:\n", highlight=False)
        console.print(plain(as_asked(found.problem).command(path)), soft_wrap=True, highlight=False)


def problem_lines(found: Inspection) -> list[str]:
    """The problem file, with its notes behind the fields they are about."""
    notes = dict(found.notes or {})
    aside = notes.pop("", None)
    stated = {**(found.problem or {})}
    fields = [line for item in stated.pop("instance").items() for line in dumped(dict([item])).splitlines()]
    # a field a line, so that lines can be put between them
    before, *after_it = dumped(stated).splitlines()
    lines = []
    for line in [before, "instance:", *(f"  {field}" for field in fields), *after_it]:
        field = line.strip().split(":")[0]
        note = notes.get(field) if line.startswith("  ") else None
        lines.append(f"{line}  # {note}" if note else line)
    if aside:
        after = next(index for index, line in enumerate(lines) if index > 1 and line.startswith("target:"))
        lines[after:after] = [f"  # {line}" for line in aside.splitlines()]
    return lines
