"""What is open, by the ledger alone: submissions to look after, cases that can go on, questions too old."""

from escalation.model.case import CaseRecord, CaseStatus
from escalation.model.cases_wanted import CasesWanted
from escalation.model.submission import Approval, ApprovalState
from escalation.model.submission_states import SubmissionState as S
from escalation.ports.ledger.ledger import Ledger
from escalation.ports.ledger.submissions import SubmissionLedger

AT_THE_SERVICE = frozenset({S.SENDING, S.DOUBTED, S.SUBMITTED, S.FETCHED, S.PARKED})
"""Where a case cannot go on before somebody has learnt what became of it."""

_OPEN = frozenset(state for state in S if not state.final)
_MAY_GO_ON = CasesWanted(
    states=frozenset({CaseStatus.WAITING, CaseStatus.HELD, CaseStatus.INTERRUPTED}), oldest_first=True
)


def open_cases(ledger: SubmissionLedger) -> tuple[str, ...]:
    """The cases that have a submission which is not final, in the order of their oldest one."""
    return tuple(dict.fromkeys(row.case_id for row in ledger.submissions(states=_OPEN)))


def ready(ledger: Ledger, now: float) -> tuple[str, ...]:
    """The cases that paused for a job or a person, and wait for neither any more; oldest first.

    With them those whose driver was stopped while paid work was under way, which is billed by now.
    """
    asked = {
        question.case_id
        for question in ledger.approvals(state=ApprovalState.ASKED)
        if now < question.expires_at
    }
    away = {row.case_id for row in ledger.submissions(states=AT_THE_SERVICE)}
    paused = [
        record.info.case_id
        for record in ledger.each_case(_MAY_GO_ON)
        if _paused(record) or (_left(record) and ledger.submissions(record.info.case_id, (S.DONE,)))
    ]
    return tuple(case_id for case_id in paused if case_id not in asked | away)


def expired(ledger: Ledger, now: float) -> tuple[Approval, ...]:
    """The questions of unfinished cases that nobody answered in time. The case closes them as refused."""
    asked = ledger.approvals(state=ApprovalState.ASKED)
    late = [question for question in asked if now >= question.expires_at]
    return tuple(question for question in late if not ledger.case(question.case_id).status.final)


def _paused(record: CaseRecord) -> bool:
    """Whether a case was left waiting; one that is held by a decision of the policy is not."""
    if record.status is CaseStatus.HELD:
        return bool((record.outcome or {}).get("paused"))
    return record.status is CaseStatus.WAITING


def _left(record: CaseRecord) -> bool:
    """Whether a case's driver went in the middle; one that gave the machine up waits for a person."""
    gave_up = bool((record.outcome or {}).get("status") == CaseStatus.INTERRUPTED)
    return record.status is CaseStatus.INTERRUPTED and not gave_up
