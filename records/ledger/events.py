"""The chain of events: append-only, each holding the hash of the one before."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, Table, insert, select, update

from escalation.model.errors import CorruptRecord
from escalation.model.identity import canonical_json, digest_json
from records.ledger.schema import GENESIS, SEALED, chain, events, limits

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


def check(connection: Connection, table: Table, key: Key) -> None:
    """Compares a row with its last seal, as every write of it does first.

    Otherwise a change made behind the ledger's back would be sealed by the next one made through it.

    Raises:
        CorruptRecord: when the row is not as its last event left it, or is there without one, or is gone.
    """
    row = connection.execute(select(table).where(*_matches(table, key))).mappings().one_or_none()
    last = last_seal(connection, table, key)
    finding = _finding(table.name, key, None if row is None else dict(row), last)
    if finding:
        raise CorruptRecord(f"{finding}: it was changed behind the ledger's back, and nothing is built on it")


def verify(connection: Connection) -> int:
    """Recomputes the chain and every sealed row; returns the number of events.

    Raises:
        CorruptRecord: at the first event or row that does not fit.
    """
    for finding in findings(connection):
        raise CorruptRecord(finding)
    return int(connection.execute(select(chain.c.number)).scalar_one())


def findings(connection: Connection) -> Iterator[str]:
    """Recomputes the chain and every sealed row; yields a line for each event and row that does not fit."""
    number, last = 0, GENESIS
    seals: dict[tuple[str, Key], Seal] = {}
    for row in connection.execute(select(events).order_by(events.c.number)).mappings():
        finding = _link_finding(row, number + 1, last)
        if finding:
            yield finding
            return  # what comes after hangs on it
        number, last = number + 1, row["hash"]
        sealed = json.loads(row["body"]).get("row")
        if sealed is not None:
            seals[sealed["table"], tuple(sealed["key"])] = Seal(sealed["digest"], number)
    yield from _head_findings(connection, number, last)
    for table in SEALED:
        for row in connection.execute(select(table)).mappings():
            key = tuple(row[column.name] for column in table.primary_key)
            yield from filter(
                None, [_finding(table.name, key, dict(row), seals.pop((table.name, key), None))]
            )
    for (name, key), seal_ in seals.items():
        yield _finding(name, key, None, seal_)


class Seal(NamedTuple):
    """What an event says of a row: its digest, and the event's number."""

    digest: str
    event: int


def _finding(table: str, key: Key, row: dict[str, Any] | None, last: Seal | None) -> str:
    """What is wrong with a row, empty where it is as its last event says."""
    named = f"{table} {'/'.join(map(str, key))}"
    if row is None:
        return "" if last is None else f"expected the row {named} that event {last.event} wrote, got none"
    if last is None:
        return f"expected an event for the row {named}, got none"
    actual = digest_json(row)
    if last.digest == actual:
        return ""
    return f"expected the row {named} to have SHA-256 {last.digest} as event {last.event} says, got {actual}"


def last_seal(connection: Connection, table: Table, key: Key) -> Seal | None:
    """The last event that sealed the row; it and the link to it are checked, the rest of the chain is not."""
    case_id = "" if table is limits else str(key[0])
    mark = text_json({"key": list(key), "table": table.name})[1:-1]
    query = select(events).where(events.c.case_id == case_id, events.c.body.contains(mark, autoescape=True))
    row = connection.execute(query.order_by(events.c.number.desc()).limit(1)).mappings().one_or_none()
    if row is None:
        return None
    finding = _link_finding(row, row["number"], row["previous"])
    if finding:
        raise CorruptRecord(finding)
    return Seal(json.loads(row["body"])["row"]["digest"], row["number"])


def _hash(event: Mapping[str, Any]) -> str:
    named = ("previous", "number", "at", "case_id", "kind")
    return digest_json({**{name: event[name] for name in named}, "body": json.loads(event["body"])})


def _link_finding(row: RowMapping, number: int, previous: str) -> str:
    if row["number"] != number:
        return f"expected event {number}, got event {row['number']}: events are missing"
    if row["previous"] != previous:
        return f"event {number}: expected {previous} as the hash before it, got {row['previous']}"
    try:
        actual = _hash(dict(row))
    except ValueError:
        return f"event {number}: its body is not JSON"
    if row["hash"] != actual:
        return f"event {number}: expected hash {actual} of what it says, got {row['hash']}"
    return ""


def _head_findings(connection: Connection, number: int, last: str) -> Iterator[str]:
    head = connection.execute(select(chain.c.number, chain.c.hash)).one_or_none()
    if head is None or tuple(head) != (number, last):
        got = "none" if head is None else f"{head[0]} with hash {head[1]}"
        yield f"expected the chain to end at event {number} with hash {last}, got {got}"


def _matches(table: Table, key: Key) -> list[Any]:
    return [column == value for column, value in zip(table.primary_key, key, strict=True)]
