"""Intents in the ledger: work written down before it is sent, then its handle, then its result.

Events are never withheld when a case is exported. So they name by digest what may say more than may leave a
site: what a program said at its end, and where on the site it ran.
"""

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from escalation.model.amounts import Amounts
from escalation.model.attempt import Done
from escalation.model.case import WorkKey
from escalation.model.errors import BadInput, CaseConflict
from escalation.model.identity import digest_json
from escalation.model.resources import Resources
from escalation.model.result import Lost, RawResult
from escalation.model.work import Work
from escalation.ports.store import Store
from records.ledger import keyed
from records.ledger.chains import text_json
from records.ledger.codec import result_from_json, work_from_json
from records.ledger.readable import of_row
from records.ledger.schema import intents, submissions


class IntentState(StrEnum):
    """Where an intent stands, in order; only the last is final."""

    WANTED = "wanted"
    SUBMITTED = "submitted"
    SETTLED = "settled"


def want(connection: Connection, key: WorkKey, work: Work, backend: str) -> None:
    """Writes down that the work is wanted on the backend; the same work again changes nothing.

    Other work replaces it where nothing was ever sent, and where it asks for no more: what was decided on
    was the work before.

    Raises:
        CaseConflict: when the key was used for other work.
    """
    row = _find(connection, key)
    said = {"digest": work.digest, "backend": backend}
    if row is None:
        values = {"digest": work.digest, "work": text_json(work.to_json()), "state": IntentState.WANTED}
        _set(connection, key, row, "work.wanted", said, **values, backend=backend, lost="[]")
        return
    if _unsent(row) and row["digest"] != work.digest and not _paid(connection, key):
        _check_less(row, key, work)
        body = {"digest": work.digest, "backend": backend, "instead_of": row["digest"]}
        changed = {"digest": work.digest, "work": text_json(work.to_json()), "backend": backend}
        _set(connection, key, row, "work.wanted", body, **changed)
        return
    _check_digest(row, key, work)
    if row["state"] == IntentState.WANTED and row["backend"] != backend:
        _set(connection, key, row, "work.wanted", said, backend=backend)


def submit(connection: Connection, key: WorkKey, handle: Mapping[str, Any]) -> None:
    """Keeps the handle of work that was sent; a later one replaces it.

    Raises:
        CaseConflict: when the work was never wanted, or is settled.
    """
    row = _known(connection, key)
    if row["state"] == IntentState.SETTLED:
        raise CaseConflict(f"work {key} is settled: it cannot be submitted again")
    text = text_json(dict(handle))
    if row["handle"] != text:
        _set(
            connection,
            key,
            row,
            "work.submitted",
            {"handle": digest_json(dict(handle))},
            handle=text,
            state=IntentState.SUBMITTED,
        )


def refuse(connection: Connection, key: WorkKey, why: str) -> None:
    """Notes that the machine did not take the work: nothing of it was sent, and it has no handle.

    Raises:
        CaseConflict: when the work was never wanted, or is settled.
    """
    row = _known(connection, key)
    if row["state"] == IntentState.SETTLED:
        raise CaseConflict(f"work {key} is settled: it cannot be refused any more")
    _set(connection, key, row, "work.refused", {"because": why}, handle=None, state=IntentState.WANTED)


def lose(connection: Connection, key: WorkKey, lost: Lost) -> None:
    """Notes that a try came to nothing: the work is wanted again, and has no handle.

    Raises:
        CaseConflict: when the work was never wanted, or is settled.
    """
    row = _known(connection, key)
    if row["state"] == IntentState.SETTLED:
        raise CaseConflict(f"work {key} is settled: no try of it can be lost any more")
    before = json.loads(row["lost"])
    said = {"try": len(before) + 1, "lost": digest_json(lost.to_json()), "usage": lost.usage.to_json()}
    values = {"lost": text_json([*before, lost.to_json()]), "handle": None, "state": IntentState.WANTED}
    _set(connection, key, row, "work.lost", said, **values)


def find_lost(connection: Connection, key: WorkKey) -> tuple[Lost, ...]:
    """The tries that came to nothing, in order."""
    row = _find(connection, key)
    return () if row is None else tuple(map(Lost.from_json, json.loads(row["lost"])))


def used(connection: Connection, case_id: str, attempt: int) -> Amounts:
    """What an attempt has used so far: settled work, and lost tries of work that is not settled."""
    mine = (intents.c.case_id == case_id) & (intents.c.attempt == attempt)
    total = Amounts()
    for row in connection.execute(select(intents).where(mine)).mappings():
        if row["result"] is not None:
            total += Amounts(**json.loads(row["result"])["usage"])
        total = sum((Lost.from_json(each).usage for each in json.loads(row["lost"])), total)
    return total


def settle(connection: Connection, key: WorkKey, result: RawResult) -> None:
    """Keeps the final result, and the handle no longer; the same one again changes nothing.

    Raises:
        CaseConflict: when the work was never wanted, or is settled with another result.
    """
    row = _known(connection, key)
    text = text_json(result.to_json())
    if row["state"] == IntentState.SETTLED:
        if row["result"] != text:
            raise CaseConflict(f"work {key} is settled with another result: the first one stays")
        return
    body = {"state": str(result.state), "result": result.digest, "usage": result.usage.to_json()}
    _set(connection, key, row, "work.settled", body, result=text, handle=None, state=IntentState.SETTLED)


def find_work(connection: Connection, store: Store, key: WorkKey) -> Work:
    """Returns work that was written down, its inputs read from the store.

    Raises:
        BadInput: when there is none.
    """
    row = _find(connection, key)
    if row is None:
        raise BadInput(f"expected work that this ledger knows, got {key}")
    return _work(row, store)


def find_handle(connection: Connection, key: WorkKey) -> Mapping[str, Any] | None:
    """Returns the handle of work that was submitted and is not settled."""
    row = _find(connection, key)
    if row is None or row["state"] != IntentState.SUBMITTED:
        return None
    handle: dict[str, Any] = json.loads(row["handle"])
    return handle


def find_result(connection: Connection, store: Store, key: WorkKey, work: Work) -> RawResult | None:
    """Returns the result of settled work, its bytes read from the store.

    Raises:
        CaseConflict: when the result, or what was sent, is of other work.
    """
    row = _find(connection, key)
    if row is None or _unsent(row):
        return None
    _check_digest(row, key, work)
    if row["state"] != IntentState.SETTLED:
        return None
    return _result(row, store)


def all_done(connection: Connection, store: Store, case_id: str, attempt: int) -> Sequence[Done]:
    """Returns the attempt's settled work and its results in order, their bytes read from the store."""
    mine = (intents.c.case_id == case_id) & (intents.c.attempt == attempt)
    query = select(intents).where(mine).order_by(intents.c.ordinal)
    rows = connection.execute(query).mappings()
    return [_done(row, store) for row in rows if row["state"] == IntentState.SETTLED]


def _done(row: RowMapping, store: Store) -> Done:
    return Done(_work(row, store), _result(row, store))


@of_row(intents)
def _work(row: RowMapping, store: Store) -> Work:
    return work_from_json(json.loads(row["work"]), store)


@of_row(intents)
def _result(row: RowMapping, store: Store) -> RawResult:
    return result_from_json(json.loads(row["result"]), store)


def _unsent(row: RowMapping) -> bool:
    """Whether nothing of the work was ever given to a machine that may have taken it."""
    return row["state"] == IntentState.WANTED and row["handle"] is None and not json.loads(row["lost"])


def _paid(connection: Connection, key: WorkKey) -> bool:
    return keyed.row(connection, submissions, key) is not None


def _check_digest(row: RowMapping, key: WorkKey, work: Work) -> None:
    if row["digest"] != work.digest:
        raise CaseConflict(f"{_other(row, key, work)}; set it back, or start a new case")


def _check_less(row: RowMapping, key: WorkKey, work: Work) -> None:
    old = Resources(**json.loads(row["work"])["resources"])
    bounds = [
        (*each.used_within(each.wall_s).to_json().values(), each.memory_mb) for each in (work.resources, old)
    ]
    if any(now > before for now, before in zip(*bounds, strict=True)):
        raise CaseConflict(
            f"{_other(row, key, work)}; it asks for more than was decided on: "
            "set it back, or start a new case"
        )


def _other(row: RowMapping, key: WorkKey, work: Work) -> str:
    """How the work is other than the work on record."""
    before, now = _flat(json.loads(row["work"])), _flat(json.loads(text_json(work.to_json())))
    changed = [name for name in before | now if before.get(name) != now.get(name)]
    named = [
        f"{name} ({before.get(name, 'none')!s:.40} recorded, {now.get(name, 'none')!s:.40} now)"
        for name in changed
    ]
    more = f" and {len(named) - 3} more" if len(named) > 3 else ""
    return (
        f"work {key}: expected digest {row['digest'][:12]} as recorded, got {work.digest[:12]}, "
        f"which differs in {', '.join(named[:3])}{more}: the method, its versions, its inputs "
        "or a setting such as TIERWISE_RANKS changed since the case was started"
    )


def _flat(document: Any, name: str = "") -> dict[str, Any]:
    """Its leaves, by the way to them."""
    if not isinstance(document, dict):
        return {name: document}
    found: dict[str, Any] = {}
    for key, value in document.items():
        found |= _flat(value, f"{name}.{key}" if name else key)
    return found


def _known(connection: Connection, key: WorkKey) -> RowMapping:
    row = _find(connection, key)
    if row is None:
        raise CaseConflict(f"work {key} was never wanted: an intent comes before anything is sent")
    return row


def _find(connection: Connection, key: WorkKey) -> RowMapping | None:
    return keyed.row(connection, intents, key)


def _set(
    connection: Connection,
    key: WorkKey,
    before: RowMapping | None,
    kind: str,
    body: dict[str, Any],
    **values: Any,
) -> None:
    keyed.write(connection, intents, key, before, values, kind=kind, body=body)
