"""Permission to spend, and the bill: approval, reservation and state change in one transaction."""

from typing import Any

from sqlalchemy import Connection

from escalation.model.amounts import Amounts, Caps
from escalation.model.errors import BadInput, CaseConflict
from escalation.model.submission import Approval, ApprovalState, Authorisation, Submission, Verdict
from escalation.model.submission_states import SubmissionState, Who
from escalation.text.rounding import rounded
from records.ledger import approvals, budgets, chains, limits, submissions, walk
from records.ledger.shared_clock import database_time_s

_GRANTED = Authorisation(verdict=Verdict.GRANTED)


def authorise(
    connection: Connection,
    before: Submission,
    question: Approval | None,
    *,
    limit: Caps,
    project: str,
    now: float,
) -> tuple[Authorisation, Submission]:
    """As `Ledger.authorise` says; told again what it granted, it says so again.

    Nobody is asked for what no budget has room for.

    Raises:
        CaseConflict: when the submission is not as `before`, was never priced, or the question is another's.
    """
    chains.lock(connection, chains.MONEY)  # what all have spent stands still until this is
    found = submissions.find(connection, before.key)
    if found is not None and _is_next(found, before):
        return _GRANTED, found
    submissions.check_is(connection, before)
    walk.check(connection, before.case_id)  # nothing is spent on the word of a ledger that somebody changed
    cap = _cap(before, question)
    permit, approval = (_GRANTED, None) if question is None else _once(connection, question, now)
    if permit.verdict is Verdict.ASK and approval is not None and before.state is SubmissionState.ASKED:
        return permit, before
    if permit.verdict is not Verdict.REFUSED:
        short = limits.lacking(connection, before.key, cap, limit=limit, project=project, now=now)
        permit = Authorisation(verdict=Verdict.REFUSED, reason=short) if short else permit
    if permit.verdict is Verdict.REFUSED:
        return permit, submissions.advance(
            connection, before, SubmissionState.REFUSED, now, reason=permit.reason
        )
    if permit.verdict is Verdict.ASK:
        assert question is not None
        return _ask(connection, before, question, approval, now)
    if approval is not None:
        approvals.use(connection, approval)
    budgets.set_aside(connection, before.key, cap, project, now)
    return permit, submissions.advance(connection, before, SubmissionState.AUTHORISED, now)


def consult(connection: Connection, question: Approval, now: float) -> Authorisation:
    """As `Ledger.consult` says; an approval that this very work used up is good for it again."""
    chains.lock(connection, chains.MONEY)
    walk.check(connection, question.case_id)
    permit, found = approvals.weigh(connection, question, now)
    if permit.verdict is Verdict.ASK and found is None:
        found = approvals.ask(connection, question)
        permit, _ = approvals.weigh(connection, found, now)
    if permit.verdict is Verdict.GRANTED and found is not None and found.state is ApprovalState.GRANTED:
        approvals.use(connection, found)
    return permit


def bill(
    connection: Connection, before: Submission, qpu_s: float, usd: float, now: float, **changes: Any
) -> Submission:
    """As `Ledger.bill` says; zero releases the reservation.

    Raises:
        BadInput: on a negative bill.
    """
    if qpu_s < 0 or usd < 0:
        raise BadInput(
            f"submission {before.key}: expected a bill of at least 0, got {qpu_s:g} s, {usd:g} USD"
        )
    said = {**changes, "usage_qpu_s": qpu_s}
    after = submissions.advance(connection, before, SubmissionState.DONE, now, **said)
    budgets.spend(connection, before.key, Amounts(qpu_s=qpu_s, usd=usd))
    return after


def bill_by_hand(connection: Connection, before: Submission, qpu_s: float, usd: float, by: str) -> Submission:
    """As `Ledger.bill_by_hand` says.

    Raises:
        BadInput: on a negative bill, or a submission that is neither given up nor settled.
    """
    if before.state not in (SubmissionState.CANCELLED, SubmissionState.SETTLED):
        raise BadInput(
            f"submission {before.key} is {before.state}: expected one that was given up, or whose result is "
            "there and whose bill is not; any other is billed by the service's own account"
        )
    if qpu_s < 0 or usd < 0:
        raise BadInput(
            f"submission {before.key}: expected a bill of at least 0, got {qpu_s:g} s, {usd:g} USD"
        )
    line = f"billed by {by}: {rounded(qpu_s)} s, {usd:.2f} USD"
    noted = {"usage_qpu_s": qpu_s, "incidents": tuple(dict.fromkeys((*before.incidents, line)))}
    if before.state is SubmissionState.SETTLED:
        after = submissions.advance(
            connection, before, SubmissionState.DONE, database_time_s(connection), Who.PERSON, **noted
        )
    else:
        after = submissions.amend(connection, before, **noted)
    budgets.spend(connection, before.key, Amounts(qpu_s=qpu_s, usd=usd))
    return after


def _ask(
    connection: Connection, before: Submission, question: Approval, approval: Approval | None, now: float
) -> tuple[Authorisation, Submission]:
    asked = approval or approvals.ask(connection, question)
    permit, _ = approvals.weigh(connection, asked, now)
    if before.state is SubmissionState.FROZEN:
        before = submissions.advance(connection, before, SubmissionState.ASKED, now)
    return permit, before


def _once(connection: Connection, question: Approval, now: float) -> tuple[Authorisation, Approval | None]:
    permit, approval = approvals.weigh(connection, question, now)
    if approval is not None and approval.state is ApprovalState.USED:
        reason = f"approval {approval.approval_id} was used already, and is good for once"
        return Authorisation(verdict=Verdict.REFUSED, reason=reason), approval
    return permit, approval


def _cap(before: Submission, question: Approval | None) -> Amounts:
    if before.price is None or before.payload is None:
        raise CaseConflict(f"submission {before.key}: expected a frozen payload and its price, got none")
    if question is None:
        if before.state is SubmissionState.ASKED:
            raise CaseConflict(
                f"submission {before.key}: a person was asked: expected the question, got none"
            )
        return before.price.cap
    bound = (question.key, question.subject, question.cap)
    if bound != (before.key, before.payload, before.price.cap):
        raise CaseConflict(
            f"submission {before.key}: expected a question about its payload {before.payload[:12]} and its "
            f"cap, got one about {question.key}, {question.subject[:12]}"
        )
    return before.price.cap


def _is_next(found: Submission, before: Submission) -> bool:
    """Whether this is what `before` became when it was authorised: the answer was lost, not the deed."""
    if found.state is not SubmissionState.AUTHORISED:
        return False
    return (
        before.model_copy(update={"state": found.state, "since": found.since, "entered": found.entered})
        == found
    )
