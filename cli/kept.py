"""Says, beside what is shown of a case, what was given up of it, and that a legal hold is on it."""

import sys

from cli.terminal import plain, terminal
from escalation.text.pruning import in_a_line
from records.ledger.ledger import SqlLedger


def kept_lines(ledger: SqlLedger, case_id: str) -> list[str]:
    """A line on each time that files were given up, and one on a legal hold."""
    lines = [in_a_line(pruning) for pruning in ledger.prunings(case_id)]
    hold = ledger.legal_hold(case_id)
    held = [] if hold is None else [f"legal hold since {hold.at[:10]} by {hold.by}: {hold.because}"]
    return [*lines, *held]


def say_kept(lines: list[str], *, aside: bool = False) -> None:
    """Prints them, behind what is shown; `aside` on standard error."""
    sys.stdout.flush()
    for line in lines:
        terminal(stderr=aside).print(f"[yellow]{plain(line)}[/]", soft_wrap=True)
