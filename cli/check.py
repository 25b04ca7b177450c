"""`tierwise check`: everything that is wrong with problem files, before anything is run."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from cli.terminal import plain, say_item, terminal
from escalation.engine.checking import Checked, check_file
from escalation.inputs.document import dumped
from escalation.text.wording import counted

SHOWN = 25
"""Complaints that are printed; of more it says how many."""


def check_files(paths: list[Path], policy: str | None, *, as_json: bool) -> int:
    """Checks problem files and says what is wrong with each; returns 2 where anything is."""
    console = terminal()
    good = True
    for path in paths:
        checked = check_file(path, policy)
        good = good and not checked.complaints
        if as_json:
            sys.stdout.write(json.dumps(_as_json(path, checked)) + "\n")
        else:
            _say(console, path, checked)
    return 0 if good else 2


def _say(console: Console, path: Path, checked: Checked) -> None:
    if checked.case is not None:
        info = checked.case.info
        console.print(f"[green]{plain(str(path))}: can be solved[/]", soft_wrap=True, highlight=False)
        say_item(console, "asked", f"{info.about}; {info.asked}")
        say_item(console, "tries", f"{_steps(checked)}, each where policy {info.policy_name} allows it then")
    else:
        what = counted(len(checked.complaints), "problem", "problems")
        console.print(f"[red]{plain(str(path))}: {what}[/]", soft_wrap=True, highlight=False)
    for number, complaint in enumerate(checked.complaints[:SHOWN], 1):
        say_item(console, f"{number}.", str(complaint))
    if len(checked.complaints) > SHOWN:
        console.print(f"  and {len(checked.complaints) - SHOWN} more")
    for remark in remarks(checked):
        say_item(console, "[yellow]look at[/]", remark)
    if checked.mends:
        console.print("to paste under `instance`, if you agree:")
        lines = [f"  {line}" for line in dumped(dict(checked.mends)).splitlines()]
        console.print(plain_lines(lines), soft_wrap=True, highlight=False)


def plain_lines(lines: list[str]) -> str:
    """Lines of a file, for printing as they are."""
    return "\n".join(map(plain, lines))


def remarks(checked: Checked) -> list[str]:
    """What to look at before a result is believed."""
    return [] if checked.case is None else list(checked.case.info.told)


def _steps(checked: Checked) -> str:
    assert checked.case is not None
    return ", then ".join(f"{rung.tier}/{rung.method}" for rung in checked.case.rungs())


def _as_json(path: Path, checked: Checked) -> Mapping[str, Any]:
    info = checked.case.info if checked.case is not None else None
    return {
        "problem": str(path),
        "good": info is not None,
        "complaints": list(map(str, checked.complaints)),
        "mends": checked.mends,
        "remarks": remarks(checked),
        "about": info.about if info else None,
        "asked": info.asked if info else None,
    }
