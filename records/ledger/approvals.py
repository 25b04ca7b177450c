"""Questions to persons in the ledger, and their answers: good for one payload, price, policy and time."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select

from escalation.model.errors import BadInput, CaseConflict
from escalation.model.submission import Approval, ApprovalState, Authorisation, Verdict
from escalation.text.moments import moment
from records.ledger.chains import MONEY, lock, text_json
from records.ledger.events import by_key, put, seal
from records.ledger.readable import of_row
from records.ledger.schema import approvals

_ANSWERED = {"state", "by", "known_as", "reason", "answered_at"}


def weigh(connection: Connection, question: Approval, now: float) -> tuple[Authorisation, Approval | None]:
    """Says what the ledger holds on the question, and in which row; changes nothing.

    An answer counts for the very work, payload and policy that it was asked for, and for no more than was
    shown; for anything else the question is a new one. USED comes back as granted: whether using it again
    is right is the caller's to know.
    """
    foreign = _by_id(connection, question.approval_id)
    if foreign is not None and foreign.key != question.key:
        reason = f"approval {foreign.approval_id} was asked for work {foreign.key}, not for {question.key}"
        return Authorisation(verdict=Verdict.REFUSED, reason=reason), None
    standing = _standing(connection, question)
    if standing is None:
        return Authorisation(verdict=Verdict.ASK), None
    return _word(standing, now), standing


def ask(connection: Connection, question: Approval) -> Approval:
    """Leaves a question to be answered, in place of an earlier one about the same work, say at another price.

    Raises:
        CaseConflict: when its id is another question's.
    """
    if _by_id(connection, question.approval_id) is not None:
        raise CaseConflict(f"expected a new id for a new question, got {question.approval_id!r}")
    for old in list_all(connection, question.case_id):
        if old.key == question.key and old.state is ApprovalState.ASKED:
            denial = {"by": "the ledger", "reason": f"asked anew as {question.approval_id}"}
            _set(connection, old, state=ApprovalState.DENIED, answered_at=question.asked_at, **denial)
    last = connection.execute(select(func.max(approvals.c.number))).scalar_one()
    asked = question.model_copy(
        update=dict.fromkeys(("by", "known_as", "reason"), "") | {"state": ApprovalState.ASKED}
    )
    body = {name: value for name, value in asked.to_json().items() if name not in _ANSWERED}
    _write(connection, asked, {**_values(asked), "number": (last or 0) + 1}, "approval.asked", body)
    return asked


def use(connection: Connection, approval: Approval) -> None:
    """Uses a granted approval up."""
    _set(connection, approval, state=ApprovalState.USED)


def answer(
    connection: Connection, approval_id: str, *, granted: bool, said: Mapping[str, str], now: float
) -> Approval:
    """A person's word on a question; `said` has `by`, `known_as` and `reason`.

    Raises:
        BadInput: when there is no such question, it was answered, or is too old; or nobody is named.
    """
    found = _by_id(connection, approval_id)
    if found is None:
        raise BadInput(f"expected the id of a question in this ledger, got {approval_id!r}")
    for chain in (found.case_id, MONEY):
        lock(connection, chain)
    question = _by_id(connection, approval_id) or found  # as it is now that nobody else answers it
    if not said["by"].strip():
        raise BadInput("expected the name of the person who answers, got none")
    if question.state is not ApprovalState.ASKED:
        when = moment(question.answered_at or 0.0)
        raise BadInput(f"question {approval_id} was answered by {question.by} at {when}: {question.state}")
    if now >= question.expires_at:
        raise BadInput(f"question {approval_id} expired at {moment(question.expires_at)}: start a new case")
    state = ApprovalState.GRANTED if granted else ApprovalState.DENIED
    return _set(connection, question, state=state, answered_at=now, **said)


def list_all(
    connection: Connection, case_id: str | None, state: ApprovalState | None = None
) -> Sequence[Approval]:
    """Returns the questions of one case or of all, in one state or any, in the order of their asking."""
    query = select(approvals).order_by(approvals.c.number)
    if state is not None:
        query = query.where(approvals.c.state == state)
    if case_id is not None:
        query = query.where(approvals.c.case_id == case_id)
    return [_approval(row) for row in connection.execute(query).mappings()]


def _word(question: Approval, now: float) -> Authorisation:
    until, late = moment(question.expires_at), now >= question.expires_at
    match question.state:
        case ApprovalState.ASKED if late:
            verdict, reason = Verdict.REFUSED, f"nobody answered before {until}, and no answer means no"
        case ApprovalState.ASKED:
            verdict, reason = Verdict.ASK, f"question {question.approval_id} stands until {until}"
        case ApprovalState.DENIED:
            verdict, reason = (
                Verdict.REFUSED,
                f"refused by {question.by}: {question.reason or 'no reason given'}",
            )
        case ApprovalState.GRANTED if late:
            verdict, reason = (
                Verdict.REFUSED,
                f"the approval by {question.by} expired at {until}, before it was used",
            )
        case _:
            verdict, reason = Verdict.GRANTED, f"approved by {question.by}"
    return Authorisation(verdict=verdict, reason=reason)


def _standing(connection: Connection, question: Approval) -> Approval | None:
    """The latest question that asks for the same, and for no less."""
    same = [
        earlier
        for earlier in list_all(connection, question.case_id)
        if earlier.key == question.key
        and (earlier.subject, earlier.policy) == (question.subject, question.policy)
        and question.cap <= earlier.cap
    ]
    return same[-1] if same else None


def _by_id(connection: Connection, approval_id: str) -> Approval | None:
    query = select(approvals).where(approvals.c.approval_id == approval_id)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _approval(row)


def _set(connection: Connection, approval: Approval, **changes: Any) -> Approval:
    after = approval.model_copy(update=changes)
    fields = after.to_json()
    body = {name: fields[name] for name in sorted(_ANSWERED)}
    _write(connection, after, _values(after), f"approval.{after.state}", body)
    return after


def _write(
    connection: Connection, approval: Approval, values: dict[str, Any], kind: str, body: dict[str, Any]
) -> None:
    key = (approval.case_id, approval.approval_id)
    row = put(connection, approvals, key, by_key(connection, approvals, key), values)
    names = {"approval_id": approval.approval_id, "attempt": approval.attempt, "ordinal": approval.ordinal}
    seal(connection, approvals, row, kind, names | body)


def _values(approval: Approval) -> dict[str, Any]:
    return {"state": approval.state, "approval": text_json(approval.to_json())}


@of_row(approvals)
def _approval(row: RowMapping) -> Approval:
    return Approval.model_validate(json.loads(row["approval"]))
