"""`tierwise replay`."""

import json
import sys
from pathlib import Path

from rich.console import Console

from cli.terminal import plain, terminal
from escalation.inputs.user_files import read_bytes, shown
from escalation.replay.report import Difference, Replay
from escalation.text.wording import counted
from records.named import ExportChanged
from records.replaying import replayed
from records.signing.keys import MOST_BYTES, VerifyingKey

DIFFERENT = 5
"""The exit code where something came out otherwise."""
UNTOLD = 3
"""Where nobody can tell any more, because what it takes was given up."""


def replay_case(
    named: str, *, key: Path | None = None, recompute: bool, everything: bool, as_json: bool
) -> int:
    """Drives a case's ladder again from its record; returns the exit code.

    Args:
        named: id of a case, or the path of its export.
        key: PEM file of whose signature an export must have.
        recompute: whether free work is run again.
        everything: whether to show every difference.
        as_json: whether to print one object instead.

    Raises:
        BadInput: when there is no such case or export, or the case is not over.
    """
    console = terminal(quiet=as_json)
    trusted = None if key is None else VerifyingKey.of_pem(read_bytes(key, MOST_BYTES), shown(key))
    try:
        with console.status("replaying") as status:
            told = lambda line: status.update(plain(line))  # noqa: E731
            report = replayed(named, recompute=recompute, told=told, key=trusted)
    except ExportChanged as error:
        _show_changed(console, error, as_json=as_json)
        return error.exit_code
    if as_json:
        sys.stdout.write(json.dumps(report.to_json()) + "\n")
    else:
        show_replay(console, report, everything=everything)
    if report.same:
        return 0
    return UNTOLD if report.pruned and not report.ledger else DIFFERENT


def _show_changed(console: Console, error: ExportChanged, *, as_json: bool) -> None:
    """What does not fit in an export, which is not replayed."""
    if as_json:
        sys.stdout.write(json.dumps({"export": error.path, "findings": error.findings}) + "\n")
    for line in error.findings:
        console.print(f"[bold red]EXPORT[/] {plain(line)}", soft_wrap=True)
    console.print(plain(f"{error.path} is not what was exported, and is not replayed"), soft_wrap=True)


def show_replay(console: Console, report: Replay, *, everything: bool) -> None:
    """Prints what came of a replay: what may differ and why, what differs, what was compared."""
    for line in report.surroundings:
        console.print(f"[yellow]other than recorded[/] {plain(line)}", soft_wrap=True)
    if report.ledger:
        console.print(f"[bold red]LEDGER[/] {plain(report.ledger)}", soft_wrap=True)
    _show_differences(console, report.differences, everything=everything)
    for line in report.not_run_again:
        console.print(f"[yellow]not run again[/] {plain(line)}", soft_wrap=True)
    for line in report.stated:
        console.print(f"[cyan]not to the bit[/] {plain(line)}", soft_wrap=True)
    for line in report.pruned:
        console.print(f"[yellow]not there any more[/] {plain(line)}", soft_wrap=True)
    style = "green" if report.same else "yellow" if report.pruned and not report.ledger else "red"
    console.print(f"[{style}]{plain(report.said)}[/], in {report.seconds:.1f} s", soft_wrap=True)
    if not report.pruned:
        console.print(plain(report.rests_on), soft_wrap=True)
    if report.source.startswith("export "):
        console.print(plain(report.source), soft_wrap=True)


def _show_differences(console: Console, found: tuple[Difference, ...], *, everything: bool) -> None:
    """The first one, which is the cause; what follows from it only where it is asked for."""
    for each in found if everything else found[:1]:
        what = f", {each.what}" if each.what else ""
        console.print(f"[bold red]DIFFERENT[/] {plain(each.step + what)}", soft_wrap=True)
        for name, value in (("recorded", each.recorded), ("replayed", each.replayed)):
            console.print(f"  {name} {plain(_value(value))}", soft_wrap=True)
    more = len(found) - 1
    if more > 0 and not everything:
        console.print(f"{counted(more, 'more difference', 'more differences')} after it; --all shows all")


def _value(value: object) -> str:
    if value is None:
        return "nothing"
    return value if isinstance(value, str) else json.dumps(value)
