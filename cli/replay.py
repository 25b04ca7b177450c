"""`tierwise replay`."""

import json
import sys

from rich.console import Console

from cli.terminal import plain, terminal
from escalation.replay.report import Difference, Replay
from escalation.text.wording import counted
from records.replaying import replayed

DIFFERENT = 5
"""The exit code where something came out otherwise."""


def replay_case(named: str, *, recompute: bool, everything: bool, as_json: bool) -> int:
    """Drives a case's ladder again from its record; returns the exit code.

    Args:
        named: id of a case, or the path of its export.
        recompute: whether free work is run again.
        everything: whether to show every difference.
        as_json: whether to print one object instead.

    Raises:
        BadInput: when there is no such case or export, or the case is not over.
    """
    console = terminal(quiet=as_json)
    with console.status("replaying") as status:
        report = replayed(named, recompute=recompute, told=lambda line: status.update(plain(line)))
    if as_json:
        sys.stdout.write(json.dumps(report.to_json()) + "\n")
    else:
        show_replay(console, report, everything=everything)
    return 0 if report.same else DIFFERENT


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
    style = "green" if report.same else "red"
    console.print(f"[{style}]{plain(report.said)}[/], in {report.seconds:.1f} s", soft_wrap=True)
    taken = f"; of that day, as recorded: {', '.join(report.facts_taken)}" if report.facts_taken else ""
    console.print(f"facts computed again: {report.facts_again}{taken}", soft_wrap=True)


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
