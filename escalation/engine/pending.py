"""What is open, by the ledger alone: submissions to look after, cases that can go on, questions too old."""

from escalation.model.case import CaseRecord, CaseStatus
from escalation.model.submission import Approval, ApprovalState
from escalation.model.submission_states import SubmissionState as S
from escalation.ports.ledger.ledger import Ledger
from escalation.ports.ledger.submissions import SubmissionLedger

AT_THE_SERVICE = frozenset({S.SENDING, S.DOUBTED, S.SUBMITTED, S.FETCHED, S.PARKED})
"""Where a case cannot go on before somebody has learnt what became of it."""


def open_cases(ledger: SubmissionLedger) -> tuple[str, ...]:
    """The cases that have a submission which is not final, in the order of their oldest one."""
    return tuple(dict.fromkeys(row.case_id for row in ledger.submissions() if not row.state.final))


def ready(ledger: Ledger, now: float) -> tuple[str, ...]:
    """The cases that paused for a job or a person, and wait for neither any more; oldest first.

    With them those whose driver was stopped while paid work was under way, which is billed by now.
    """
    asked = {
        question.case_id
        for question in ledger.approvals()
        if _unanswered(question) and now < question.expires_at
    }
    away = {row.case_id for row in ledger.submissions() if row.state in AT_THE_SERVICE}
    billed = {row.case_id for row in ledger.submissions() if row.state is S.DONE}
    paused = [
        record.info.case_id
        for record in ledger.cases()
        if _paused(record) or (record.info.case_id in billed and _left(record))
    ]
    return tuple(case_id for case_id in reversed(paused) if case_id not in asked | away)


def expired(ledger: Ledger, now: float) -> tuple[Approval, ...]:
    """The questions of unfinished cases that nobody answered in time. The case closes them as refused."""
    late = [
        question for question in ledger.approvals() if _unanswered(question) and now >= question.expires_at
    ]
    return tuple(question for question in late if not ledger.case(question.case_id).status.final)


def _unanswered(approval: Approval) -> bool:
    return approval.state is ApprovalState.ASKED


def _paused(record: CaseRecord) -> bool:
    """Whether a case was left waiting; one that is held by a decision of the policy is not."""
    if record.status is CaseStatus.HELD:
        return bool((record.outcome or {}).get("paused"))
    return record.status is CaseStatus.WAITING


def _left(record: CaseRecord) -> bool:
    """Whether a case's driver went in the middle; one that gave the machine up waits for a person."""
    gave_up = bool((record.outcome or {}).get("status") == CaseStatus.INTERRUPTED)
    return record.status is CaseStatus.INTERRUPTED and not gave_up
