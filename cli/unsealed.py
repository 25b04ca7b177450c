"""Says, beside what is shown of a case, that its record is not as it was sealed."""

from typing import TYPE_CHECKING

from cli.terminal import plain, terminal

if TYPE_CHECKING:
    from records.ledger.ledger import SqlLedger


def say_unsealed(ledger: "SqlLedger", *case_ids: str) -> tuple[str, ...]:
    """Says on standard error all that does not fit in the cases' rows and events, and returns it."""
    found = ledger.case_findings(*case_ids)
    for finding in found:
        say_finding(finding)
    return found


def say_finding(finding: str) -> None:
    """A line on standard error."""
    terminal(stderr=True).print(f"[bold red]LEDGER[/] {plain(finding)}", soft_wrap=True)
