"""A submission in words: where it stands, what it was priced at, what it cost."""

from typing import Any

from rich.console import Console

from cli.terminal import plain
from escalation.model.amounts import Amounts
from escalation.model.calibration import PRACTICE_MONEY
from escalation.model.metered import CHARGED
from escalation.model.submission import Price, Submission
from escalation.model.submission_states import SubmissionState
from escalation.ports.ledger.ledger import Ledger
from escalation.ports.registry import practises
from escalation.submission.paid_work import bills, may_be_charged
from escalation.text.moments import age

_COLOUR = {
    SubmissionState.ASKED: "blue", SubmissionState.PARKED: "red", SubmissionState.DOUBTED: "yellow",
    SubmissionState.REFUSED: "yellow", SubmissionState.CANCELLED: "yellow", SubmissionState.DONE: "green",
}  # fmt: skip


def show_submission(console: Console, row: Submission, bill: Amounts | None, now: float) -> None:
    """Prints a submission in a few lines."""
    colour = _COLOUR.get(row.state, "cyan")
    console.print(
        f"[bold]{plain(str(row.key))}[/] [{colour}]{row.state}[/] for {age(now - row.since)}, "
        f"wanted {age(now - row.opened)} ago"
    )
    for line in lines(row, bill):
        console.print(f"  {plain(line)}")


def lines(row: Submission, bill: Amounts | None) -> list[str]:
    """Where it is, its price, and what went wrong, a line each."""
    facts = [f"{row.backend}, {_job(row)}, tag {row.tag}", prices(row, bill)]
    if row.cancel_wanted and not row.state.final:
        facts.append("told to stop")
    if row.reason:
        facts.append(f"because: {row.reason}")
    return facts + [f"incident: {line}" for line in row.incidents]


def brief(row: Submission, bill: Amounts | None) -> str:
    """A submission in one line."""
    return f"{row.key} is {row.state} on {row.backend}, {_job(row)}: {prices(row, bill)}"


def handed_off(case_id: str) -> list[str]:
    """Every submission of a case, a line each."""
    from records.runtime import open_records

    with open_records() as (ledger, _):
        return handed_off_in(ledger, case_id)


def handed_off_in(ledger: Ledger, case_id: str) -> list[str]:
    """The same of a case in an open ledger."""
    rows = ledger.submissions(case_id)
    billed = bills(ledger, rows)
    return [brief(row, billed.get(row.key)) for row in rows]


def prices(row: Submission, bill: Amounts | None) -> str:
    """Estimate, cap and charge side by side."""
    if row.price is None:
        return "not priced"
    whose = f"{PRACTICE_MONEY}: " if practises(row.backend) else ""
    return f"{whose}{estimate(row.price)}, {cap(row.price)}, {_charged(row, bill)}"


def estimate(price: Price) -> str:
    """Expected cost, called what it is."""
    return f"estimate {amount(price.expected)} (a lower bound)"


def cap(price: Price) -> str:
    """Cap on its cost."""
    return f"cap {amount(price.cap)}"


def amount(paid: Amounts) -> str:
    """What is charged for, such as seconds and money."""
    return paid.text(CHARGED)


def as_json(row: Submission, bill: Amounts | None, now: float) -> dict[str, Any]:
    """A submission as `--json` prints it."""
    times = {"age_s": round(now - row.opened, 3), "in_state_s": round(now - row.since, 3)}
    charged = None if bill is None else bill.to_json(CHARGED)
    charge = {"charged": charged, "practice": practises(row.backend)}
    return {"id": str(row.key), **row.to_json(), **times, **charge}


def _job(row: Submission) -> str:
    return f"job {row.job_id}" if row.job_id else "no job known"


def _charged(row: Submission, bill: Amounts | None) -> str:
    if bill is not None:
        return f"charged {amount(bill)}"
    return "charge not final" if may_be_charged(row) else "nothing charged"
