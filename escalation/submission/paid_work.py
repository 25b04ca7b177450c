"""The paid work of a case as the ledger has it: submissions, who approved them, what was billed."""

from collections.abc import Iterable
from typing import NamedTuple

from escalation.model.amounts import Amounts
from escalation.model.case import WorkKey
from escalation.model.submission import Approval, Submission
from escalation.model.submission_states import SubmissionState
from escalation.ports.ledger.events import EventLog
from escalation.ports.ledger.ledger import Ledger


class PaidWork(NamedTuple):
    """One submission, the questions that a person was asked about it, and its bill; None: not final."""

    submission: Submission
    questions: tuple[Approval, ...]
    bill: Amounts | None

    @property
    def may_be_charged(self) -> bool:
        """Whether a bill may still come."""
        return self.bill is None and may_be_charged(self.submission)


def paid_work(ledger: Ledger, case_id: str) -> tuple[PaidWork, ...]:
    """Returns all paid work of a case, in the order in which it was wanted."""
    rows = ledger.submissions(case_id)
    billed, asked = bills(ledger, rows), ledger.approvals(case_id) if rows else ()
    return tuple(
        PaidWork(row, tuple(question for question in asked if question.key == row.key), billed.get(row.key))
        for row in rows
    )


def bills(ledger: EventLog, rows: Iterable[Submission]) -> dict[WorkKey, Amounts]:
    """Bill of each submission that is over, as the ledger's events say."""
    charges: dict[WorkKey, Amounts] = {}
    for case_id in {row.case_id for row in rows if row.state.final}:
        for event in ledger.events(case_id):
            if event["kind"] in ("budget.spent", "budget.released"):
                body = event["body"]
                charges[WorkKey(case_id, body["attempt"], body["ordinal"])] = Amounts.of(body["spent"])
    return charges


def may_be_charged(row: Submission) -> bool:
    """Whether the service may have a job of it; of work that was given up nobody knows."""
    given_up = row.state is SubmissionState.CANCELLED and row.sends > 0
    return row.state.may_be_charged or given_up
