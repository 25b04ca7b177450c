"""Submissions in the ledger: where each piece of paid work stands, moved by compare-and-set."""

import json
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from escalation.model.case import WorkKey
from escalation.model.errors import CaseConflict, Moved
from escalation.model.submission import Submission
from escalation.model.submission_states import SubmissionState, Who, check_transition
from escalation.ports.registry import practises
from records.ledger import budgets, keyed, lineage
from records.ledger.chains import text_json
from records.ledger.readable import of_row
from records.ledger.schema import following, submissions

FIXED = frozenset({"case_id", "attempt", "ordinal", "state", "backend", "work", "tag", "since", "opened"})
"""What nobody changes: what names the work, and what only a move sets."""
_ENDED = (SubmissionState.REFUSED, SubmissionState.CANCELLED)
_ASKING = (SubmissionState.FROZEN, SubmissionState.ASKED)


def want(connection: Connection, key: WorkKey, work: str, backend: str, now: float) -> Submission:
    """Opens a submission, or returns the one there is.

    Raises:
        CaseConflict: when the key was used for other work, or for another backend.
    """
    found = find(connection, key)
    if found is None:
        return _insert(connection, key, work, backend, now)
    for name, got in (("work", work), ("backend", backend)):
        if getattr(found, name) != got:
            raise CaseConflict(
                f"submission {key}: expected the {name} {getattr(found, name)} as recorded, got {got}: "
                "start a new case"
            )
    return found


def find(connection: Connection, key: WorkKey) -> Submission | None:
    """Returns the submission of that work."""
    row = keyed.row(connection, submissions, key)
    return None if row is None else _submission(row)


def list_all(
    connection: Connection, case_id: str | None, states: Collection[SubmissionState] | None = None
) -> Sequence[Submission]:
    """Returns the submissions of one case or of all, in some states or any, in the order of their opening."""
    query = select(submissions).order_by(submissions.c.number)
    if states is not None:
        query = query.where(submissions.c.state.in_(sorted(states)))
    if case_id is not None:
        query = query.where(submissions.c.case_id == case_id)
    return [_submission(row) for row in connection.execute(query).mappings()]


def practised(connection: Connection) -> frozenset[WorkKey]:
    """The work that was handed to a practice service, which charges nobody."""
    by_backend: dict[str, list[WorkKey]] = {}
    for row in connection.execute(select(submissions)).mappings():
        key = WorkKey(row["case_id"], row["attempt"], row["ordinal"])
        by_backend.setdefault(json.loads(row["handoff"])["backend"], []).append(key)
    return frozenset(key for backend, keys in by_backend.items() if practises(backend) for key in keys)


def move(
    connection: Connection, before: Submission, target: SubmissionState, now: float, who: Who, **changes: Any
) -> Submission:
    """Takes a submission to another state, as `Ledger.move` says, where no money is set aside or billed.

    Where the work ends refused or cancelled and nothing of it can be at the service, which is so from every
    state but PARKED, its reservation is released.

    Raises:
        CaseConflict: on a transition that is not in the table or that only `authorise` or `bill` makes, or
            when somebody else moved it meanwhile.
    """
    if target is SubmissionState.DONE or (target is SubmissionState.AUTHORISED and before.state in _ASKING):
        verb = "bill" if target is SubmissionState.DONE else "authorise"
        raise CaseConflict(f"submission {before.key}: expected `{verb}` to take it to {target}, got `move`")
    return advance(connection, before, target, now, who, **changes)


def advance(
    connection: Connection,
    before: Submission,
    target: SubmissionState,
    now: float,
    who: Who = Who.DRIVER,
    **changes: Any,
) -> Submission:
    """The same for every transition of the table: who calls it has set aside or billed what is to be."""
    check_transition(before.state, target, who)
    moved = {"state": target, "since": now}
    after = _swap(connection, before, moved, {"entered": (), "astray": (), **changes}, {"by": str(who)})
    again = target is SubmissionState.FROZEN and before.state is SubmissionState.AUTHORISED
    if again or (target in _ENDED and before.state is not SubmissionState.PARKED):
        budgets.release(connection, before.key)
    return after


def amend(connection: Connection, before: Submission, **changes: Any) -> Submission:
    """Changes what is noted without moving it; nothing is written when nothing changes.

    Raises:
        CaseConflict: when somebody else moved or amended it meanwhile.
    """
    return _swap(connection, before, {}, changes, {})


def check_is(connection: Connection, before: Submission) -> None:
    """Refuses a submission that is not any more as the caller saw it.

    Raises:
        CaseConflict: with what it was and is.
    """
    now_is = find(connection, before.key)
    if now_is is None:
        raise CaseConflict(f"submission {before.key} was never wanted: it is wanted before it is moved")
    if now_is != before:
        raise Moved(
            f"submission {before.key} was changed meanwhile: expected it {_differing(before, now_is)}, "
            f"got {_differing(now_is, before)}; read it again"
        )


def _insert(connection: Connection, key: WorkKey, work: str, backend: str, now: float) -> Submission:
    made = Submission(
        case_id=key.case_id,
        attempt=key.attempt,
        ordinal=key.ordinal,
        state=SubmissionState.WANTED,
        backend=backend,
        work=work,
        tag=lineage.tag(connection, key, work, backend),
        since=now,
        opened=now,
    )
    number = following(submissions.c.number, sequences=connection.dialect.supports_sequences)
    values = {"number": number, "tag": made.tag, **_values(made)}
    said = {"work": work, "backend": backend, "tag": made.tag}
    keyed.write(connection, submissions, key, None, values, kind="handoff.wanted", body=said)
    return made


def _swap(
    connection: Connection,
    before: Submission,
    moved: dict[str, Any],
    changes: dict[str, Any],
    said: dict[str, Any],
) -> Submission:
    refused = sorted(FIXED & set(changes))
    if refused:
        raise ValueError(
            f"expected changes of a submission to leave {refused[0]} alone, got {sorted(changes)}"
        )
    check_is(connection, before)
    after = Submission.model_validate({**dict(before), **changes, **moved})
    if after == before:
        return before
    was, now_is = before.to_json(), after.to_json()
    changed = {name: value for name, value in now_is.items() if value != was[name]}
    kind = "handoff.moved" if moved else "handoff.amended"
    said = {**said, "from": was["state"], "changed": changed}
    row = keyed.row(connection, submissions, before.key)
    keyed.write(connection, submissions, before.key, row, _values(after), kind=kind, body=said)
    return after


def _differing(one: Submission, other: Submission) -> str:
    ours, theirs = one.to_json(), other.to_json()
    return ", ".join(f"{name} {ours[name]!r}" for name in ours if ours[name] != theirs[name])


def _values(submission: Submission) -> dict[str, Any]:
    return {"state": submission.state, "handoff": text_json(submission.to_json())}


@of_row(submissions)
def _submission(row: RowMapping) -> Submission:
    return Submission.model_validate(json.loads(row["handoff"]))
