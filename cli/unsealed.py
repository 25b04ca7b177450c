"""Says, beside what is shown of a case, that its record is not as it was sealed."""

from typing import TYPE_CHECKING

from cli.terminal import plain, terminal

if TYPE_CHECKING:
    from records.ledger.ledger import SqlLedger


def say_unsealed(ledger: "SqlLedger", *case_ids: str, whole: bool = True) -> tuple[str, ...]:
    """Says on standard error all that does not fit in the cases' rows and events, and returns it.

    Of a ledger that is not `whole`, the excerpt of an export, checkpoints are not looked for.
    """
    found = ledger.case_findings(*case_ids, whole=whole)
    for finding in found:
        say_finding(finding)
    return found


def say_finding(finding: str) -> None:
    """A line on standard error."""
    terminal(stderr=True).print(f"[bold red]LEDGER[/] {plain(finding)}", soft_wrap=True)
