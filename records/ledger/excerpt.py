"""What a ledger has of one case: its events as they were hashed, its rows, and its place in a checkpoint.

Of the chains that are not the case's own (that of money, and the closed one) the events about the case are
taken; the checkpoints' tree is represented by the proof that the case's head is a leaf of it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, RowMapping, Table, delete, insert, select

from escalation.model.errors import CorruptRecord
from escalation.model.identity import canonical_json
from records.ledger import checkpoints, merkle, schema
from records.ledger.cases import no_case
from records.ledger.chains import CHECKPOINTS, NOTHING, Head, hashed, row_key
from records.ledger.database import Database
from records.ledger.events import by_key
from records.ledger.subjects import Subjects, read

TABLES = tuple(table for table in schema.SEALED if table is not schema.limits)
"""Those that have rows about a case."""


@dataclass(frozen=True)
class HashedEvent:
    """An event as it was hashed.

    Attributes:
        chain: that it belongs to.
        text: the very bytes that were hashed, JSON on one line.
        hash: of them.
    """

    chain: str
    text: bytes
    hash: str


@dataclass(frozen=True)
class InclusionProof:
    """That a checkpoint's tree has a leaf (RFC 9162, section 2.1.3).

    Attributes:
        leaf: the case's chain as it was, under `chain`, `number`, `hash`.
        path: from the leaf up to the root, what is hashed on the left and on the right of what came so far,
            hexadecimal; one of both is empty.
        checkpoint: the event that says the root, in the chain of checkpoints.
    """

    leaf: Mapping[str, Any]
    path: tuple[tuple[str, str], ...]
    checkpoint: HashedEvent


@dataclass(frozen=True)
class CaseExcerpt:
    """All that a ledger has of a case, as it was at one moment.

    Attributes:
        case_id: whose.
        head: of the case's own chain.
        events: in order.
        rows: by table, as they are sealed.
        lineage: the ledger's name, and when it was put back.
        proof: None where no checkpoint has seen the case yet.
    """

    case_id: str
    head: Head
    events: tuple[HashedEvent, ...]
    rows: Mapping[str, tuple[Mapping[str, Any], ...]]
    lineage: tuple[Mapping[str, Any], ...]
    proof: InclusionProof | None


def excerpt(connection: Connection, case_id: str) -> CaseExcerpt:
    """Takes the excerpt; nothing is checked.

    Raises:
        BadInput: when there is no such case.
    """
    if by_key(connection, schema.cases, (case_id,)) is None:
        raise no_case(case_id)
    found = read(connection, [case_id])
    events = tuple(_event(row) for row in found.events.get(case_id, ()))
    return CaseExcerpt(
        case_id,
        found.heads[case_id].head if case_id in found.heads else NOTHING,
        events,
        _rows(found, case_id),
        tuple(dict(row) for row in connection.execute(select(schema.lineage)).mappings()),
        _proof(connection, case_id),
    )


def _event(row: RowMapping) -> HashedEvent:
    return HashedEvent(row["chain"], hashed(row), row["hash"])


def _rows(found: Subjects, case_id: str) -> dict[str, tuple[Mapping[str, Any], ...]]:
    has = found.rows.get(case_id, ())
    return {
        each.name: tuple(
            sorted((dict(row) for table, row in has if table is each), key=lambda row: key_in(each, row))
        )
        for each in TABLES
    }


def key_in(table: Table, row: Mapping[str, Any]) -> tuple[Any, ...]:
    """The row's primary key."""
    return tuple(row[column.name] for column in table.primary_key)


def _proof(connection: Connection, case_id: str) -> InclusionProof | None:
    leaves, events = schema.leaves, schema.events
    mine = select(leaves).where(leaves.c.chain == case_id).order_by(leaves.c.place.desc()).limit(1)
    leaf: Row[Any] | None = connection.execute(mine).one_or_none()
    said = select(events).where(events.c.chain == CHECKPOINTS, events.c.kind == checkpoints.KIND)
    last = connection.execute(said.order_by(events.c.number.desc()).limit(1)).mappings().one_or_none()
    if leaf is None or last is None:
        return None
    size = json.loads(last["body"])["leaves"]
    every = select(leaves).where(leaves.c.place < size).order_by(leaves.c.place)
    data = [checkpoints.data(row) for row in connection.execute(every).mappings()]
    path = tuple((left.hex(), right.hex()) for left, right in merkle.path(data, leaf.place))
    what = {name: getattr(leaf, name) for name in ("chain", "number", "hash")}
    return InclusionProof(what, path, _event(last))


def make_ledger(url: str, taken: CaseExcerpt) -> None:
    """Makes a ledger of an excerpt in an empty database: with the case alone, at rest, and no checkpoint.

    Raises:
        CorruptRecord: when the excerpt does not hold together enough to be one.
    """
    database = Database(url)
    try:
        with database.writing() as connection:
            connection.execute(delete(schema.lineage))
            connection.execute(insert(schema.lineage), [dict(row) for row in taken.lineage])
            for table in TABLES:
                if taken.rows.get(table.name):
                    connection.execute(insert(table), [dict(row) for row in taken.rows[table.name]])
            connection.execute(insert(schema.events), _columns(taken.events))
            head = {"chain": taken.case_id, "number": taken.head.number, "hash": taken.head.hash}
            connection.execute(insert(schema.heads).values(**head, sealed=False))
            schema.go_on_from_rows(connection)
    finally:
        database.close()


def _columns(taken: Sequence[HashedEvent]) -> list[dict[str, Any]]:
    found = []
    for position, event in enumerate(taken, start=1):
        try:
            said = json.loads(event.text)
            text = event.text[_body_at(said) : -_after_body(said)].decode()
            row = {**said, "body": text, "row_key": row_key(said["body"])}
        except (ValueError, KeyError, TypeError):
            raise CorruptRecord(f"event {position} of the excerpt is none") from None
        found.append({**row, "chain": event.chain, "position": position, "hash": event.hash})
    return found


def _body_at(said: Mapping[str, Any]) -> int:
    return len(canonical_json({"at": said["at"]})[:-1]) + len(b',"body":')


def _after_body(said: Mapping[str, Any]) -> int:
    rest = {name: said[name] for name in ("case_id", "kind", "number", "previous")}
    return len(canonical_json(rest))  # a comma in place of its brace
