"""The chain of events: append-only, each holding the hash of the one before."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, insert, select, update

from escalation.errors import CorruptRecord
from escalation.identity import canonical_json, digest_json
from records.database import GENESIS
from records.schema import SEALED, chain, events

Key = tuple[str | int, ...]


def now() -> str:
    """The time as ISO 8601 in UTC, to the microsecond."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def text_json(value: Any) -> str:
    """Canonical JSON as text, the form in which rows hold it."""
    return canonical_json(value).decode()


def append(connection: Connection, case_id: str, kind: str, body: Mapping[str, Any]) -> int:
    """Appends an event; the caller's transaction holds the head of the chain. Returns its number."""
    head = connection.execute(select(chain.c.number, chain.c.hash)).one()
    number, previous = int(head[0]) + 1, str(head[1])
    event: dict[str, Any] = {
        "number": number,
        "at": now(),
        "case_id": case_id,
        "kind": kind,
        "body": text_json(body),
        "previous": previous,
    }
    event["hash"] = _hash(event)
    connection.execute(insert(events).values(event))
    connection.execute(update(chain).values(number=number, hash=event["hash"]))
    return number


def seal(
    connection: Connection,
    table: Table,
    key: Key,
    kind: str,
    body: Mapping[str, Any],
    *,
    case_id: str | None = None,
) -> None:
    """Appends an event that carries the digest of the row as it now is in the table.

    Its case is the key's first part, unless another is given; the empty one is no case.
    """
    row = connection.execute(select(table).where(*_matches(table, key))).mappings().one()
    sealed = {"table": table.name, "key": list(key), "digest": digest_json(dict(row))}
    append(connection, str(key[0]) if case_id is None else case_id, kind, {**body, "row": sealed})


def read(connection: Connection, case_id: str | None) -> Sequence[Mapping[str, Any]]:
    """The events in order, of one case or of all."""
    query = select(events).order_by(events.c.number)
    if case_id is not None:
        query = query.where(events.c.case_id == case_id)
    rows = connection.execute(query).mappings()
    return [{**row, "body": json.loads(row["body"])} for row in rows]


def verify(connection: Connection) -> int:
    """Recomputes the chain and every sealed row; returns the number of events.

    Raises:
        CorruptRecord: at the first event or row that does not fit.
    """
    number, last = 0, GENESIS
    seals: dict[tuple[str, Key], tuple[str, int]] = {}
    for row in connection.execute(select(events).order_by(events.c.number)).mappings():
        number += 1
        _check_link(row, number, last)
        last = row["hash"]
        sealed = json.loads(row["body"]).get("row")
        if sealed is not None:
            seals[sealed["table"], tuple(sealed["key"])] = (sealed["digest"], number)
    _check_head(connection, number, last)
    for table in SEALED:
        _check_rows(connection, table, seals)
    if seals:
        (name, key), (_, at) = next(iter(seals.items()))
        raise CorruptRecord(f"expected the row {_named(name, key)} that event {at} wrote, got none")
    return number


def _hash(event: Mapping[str, Any]) -> str:
    named = ("previous", "number", "at", "case_id", "kind")
    return digest_json({**{name: event[name] for name in named}, "body": json.loads(event["body"])})


def _check_link(row: RowMapping, number: int, previous: str) -> None:
    if row["number"] != number:
        raise CorruptRecord(f"expected event {number}, got event {row['number']}: events are missing")
    if row["previous"] != previous:
        raise CorruptRecord(
            f"event {number}: expected {previous} as the hash before it, got {row['previous']}"
        )
    try:
        actual = _hash(dict(row))
    except ValueError:
        raise CorruptRecord(f"event {number}: its body is not JSON") from None
    if row["hash"] != actual:
        raise CorruptRecord(f"event {number}: expected hash {actual} of what it says, got {row['hash']}")


def _check_head(connection: Connection, number: int, last: str) -> None:
    head = connection.execute(select(chain.c.number, chain.c.hash)).one_or_none()
    if head is None or tuple(head) != (number, last):
        got = "none" if head is None else f"{head[0]} with hash {head[1]}"
        raise CorruptRecord(f"expected the chain to end at event {number} with hash {last}, got {got}")


def _check_rows(connection: Connection, table: Table, seals: dict[tuple[str, Key], tuple[str, int]]) -> None:
    for row in connection.execute(select(table)).mappings():
        key = tuple(row[column.name] for column in table.primary_key)
        digest, number = seals.pop((table.name, key), ("", 0))
        actual = digest_json(dict(row))
        if not number:
            raise CorruptRecord(f"expected an event for the row {_named(table.name, key)}, got none")
        if digest != actual:
            raise CorruptRecord(
                f"expected the row {_named(table.name, key)} to have SHA-256 {digest} "
                f"as event {number} says, got {actual}"
            )


def _matches(table: Table, key: Key) -> list[Any]:
    return [column == value for column, value in zip(table.primary_key, key, strict=True)]


def _named(table: str, key: Key) -> str:
    return f"{table} {'/'.join(map(str, key))}"
