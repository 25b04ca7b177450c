"""The chain of events: append-only, each holding the hash of the one before."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    RowMapping,
    Select,
    Table,
    Update,
    bindparam,
    insert,
    select,
    update,
)

from escalation.model.errors import CorruptRecord
from escalation.model.identity import canonical_json, digest_json
from records.ledger.schema import GENESIS, SEALED, chain, events, limits

Key = tuple[str | int, ...]
Each = Callable[[RowMapping, Mapping[str, Any]], None]
"""Is told of each event whose hash and link are right, and of its body."""
_IN_ORDER = select(events).order_by(events.c.number)
_ESCAPE = "/"
_HEAD = select(chain.c.number, chain.c.hash)
_APPEND = insert(events)
_NEW_HEAD = update(chain)
_LAST_SEAL = (
    select(events)
    .where(
        events.c.case_id == bindparam("of_case"), events.c.body.contains(bindparam("mark"), escape=_ESCAPE)
    )
    .order_by(events.c.number.desc())
    .limit(1)
)


def now() -> str:
    """The time as ISO 8601 in UTC, to the microsecond."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def text_json(value: Any) -> str:
    """Canonical JSON as text, the form in which rows hold it."""
    return canonical_json(value).decode()


def append(connection: Connection, case_id: str, kind: str, body: Mapping[str, Any]) -> int:
    """Appends an event; the caller's transaction holds the head of the chain. Returns its number."""
    head = connection.execute(_HEAD).one()
    number, previous = int(head[0]) + 1, str(head[1])
    event: dict[str, Any] = {
        "number": number,
        "at": now(),
        "case_id": case_id,
        "kind": kind,
        "body": text_json(body),
        "previous": previous,
    }
    event["hash"] = _hash(event, json.loads(event["body"]))
    connection.execute(_APPEND, event)
    connection.execute(_NEW_HEAD, {"number": number, "hash": event["hash"]})
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
    row = by_key(connection, table, key)
    assert row is not None
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
    row = by_key(connection, table, key)
    last = last_seal(connection, table, key)
    finding = _finding(table.name, key, None if row is None else digest_json(dict(row)), last)
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


class Seal(NamedTuple):
    """What an event says of a row: its digest, and the event's number."""

    digest: str
    event: int


@dataclass
class WalkedEvents:
    """The beginning of a chain that was walked and is right, by which it is known again without decoding it.

    Attributes:
        number: of its last event.
        last: that one's hash.
        text: the SHA-256 of all columns of all its events, as the database gives them.
        seals: what its events say of rows.
        rows: digests of rows, by the SHA-256 of their columns as the database gives them.
    """

    number: int = 0
    last: str = GENESIS
    text: Any = field(default_factory=sha256)
    seals: dict[tuple[str, Key], Seal] = field(default_factory=dict)
    rows: dict[bytes, str] = field(default_factory=dict)

    def still_there(self, connection: Connection) -> bool:
        """Whether the database has these very events now, letter by letter."""
        found = sha256()
        for row in connection.execute(_IN_ORDER.where(events.c.number <= self.number)):
            found.update(_as_read(row))
        return bool(found.digest() == self.text.digest())

    def add(self, row: RowMapping, body: Mapping[str, Any]) -> None:
        """Takes an event in that follows and is right."""
        self.number, self.last = row["number"], row["hash"]
        self.text.update(_as_read(row.values()))
        sealed = body.get("row")
        if sealed is not None:
            self.seals[sealed["table"], tuple(sealed["key"])] = Seal(sealed["digest"], self.number)


def findings(
    connection: Connection, seen: WalkedEvents | None = None, each: Each | None = None
) -> Iterator[str]:
    """Recomputes the chain and every sealed row; yields a line for each event and row that does not fit.

    Args:
        connection: to the ledger.
        seen: events that are still there and are not decoded again; those that follow are added.
        each: is told of those that follow.
    """
    seen = WalkedEvents() if seen is None else seen
    for row in connection.execute(_IN_ORDER.where(events.c.number > seen.number)).mappings():
        body = _decoded(row)
        finding = _link_finding(row, body, seen.number + 1, seen.last)
        if finding or body is None:
            yield finding
            return  # what comes after hangs on it
        seen.add(row, body)
        if each is not None:
            each(row, body)
    yield from _head_findings(connection, seen.number, seen.last)
    yield from _row_findings(connection, seen)


def _row_findings(connection: Connection, seen: WalkedEvents) -> Iterator[str]:
    """Compares every row as it is now with its last seal; who is as another time has the digest of then."""
    seals, digests = dict(seen.seals), {}
    for table in SEALED:
        for row in connection.execute(select(table)).mappings():
            key = tuple(row[column.name] for column in table.primary_key)
            as_read = sha256(table.name.encode() + _as_read(row.values())).digest()
            digests[as_read] = seen.rows.get(as_read) or digest_json(dict(row))
            found = _finding(table.name, key, digests[as_read], seals.pop((table.name, key), None))
            yield from filter(None, [found])
    seen.rows = digests
    for (name, key), seal_ in seals.items():
        yield _finding(name, key, None, seal_)


def _finding(table: str, key: Key, actual: str | None, last: Seal | None) -> str:
    """What is wrong with a row of that digest, or with none, empty where it is as its last event says."""
    named = f"{table} {'/'.join(map(str, key))}"
    if actual is None:
        return "" if last is None else f"expected the row {named} that event {last.event} wrote, got none"
    if last is None:
        return f"expected an event for the row {named}, got none"
    if last.digest == actual:
        return ""
    return f"expected the row {named} to have SHA-256 {last.digest} as event {last.event} says, got {actual}"


def last_seal(connection: Connection, table: Table, key: Key) -> Seal | None:
    """The last event that sealed the row; it and the link to it are checked, the rest of the chain is not."""
    case_id = "" if table is limits else str(key[0])
    mark = text_json({"key": list(key), "table": table.name})[1:-1]
    for special in (_ESCAPE, "%", "_"):
        mark = mark.replace(special, _ESCAPE + special)
    named = {"of_case": case_id, "mark": mark}
    row = connection.execute(_LAST_SEAL, named).mappings().one_or_none()
    if row is None:
        return None
    body = _decoded(row)
    finding = _link_finding(row, body, row["number"], row["previous"])
    if finding or body is None:
        raise CorruptRecord(finding)
    return Seal(body["row"]["digest"], row["number"])


def _hash(event: Mapping[str, Any], body: Mapping[str, Any]) -> str:
    named = ("previous", "number", "at", "case_id", "kind")
    return digest_json({**{name: event[name] for name in named}, "body": body})


def _decoded(row: RowMapping) -> dict[str, Any] | None:
    try:
        body: dict[str, Any] = json.loads(row["body"])
    except ValueError:
        return None
    return body


def _as_read(columns: Iterable[Any]) -> bytes:
    """One text for one row of values: where the texts are equal, so are values and types."""
    return repr(tuple(columns)).encode()


def _link_finding(row: RowMapping, body: Mapping[str, Any] | None, number: int, previous: str) -> str:
    if row["number"] != number:
        return f"expected event {number}, got event {row['number']}: events are missing"
    if row["previous"] != previous:
        return f"event {number}: expected {previous} as the hash before it, got {row['previous']}"
    try:
        actual = "" if body is None else _hash(dict(row), body)
    except ValueError:
        actual = ""
    if not actual:
        return f"event {number}: its body is not JSON"
    if row["hash"] != actual:
        return f"event {number}: expected hash {actual} of what it says, got {row['hash']}"
    return ""


def _head_findings(connection: Connection, number: int, last: str) -> Iterator[str]:
    head = connection.execute(_HEAD).one_or_none()
    if head is None or tuple(head) != (number, last):
        got = "none" if head is None else f"{head[0]} with hash {head[1]}"
        yield f"expected the chain to end at event {number} with hash {last}, got {got}"


def by_key(connection: Connection, table: Table, key: Key) -> RowMapping | None:
    """The row of that primary key."""
    return connection.execute(_select(table), _parts(key)).mappings().one_or_none()


def change_by_key(connection: Connection, table: Table, key: Key, values: Mapping[str, Any]) -> None:
    """Changes the row of that primary key."""
    connection.execute(_update(table), {**_parts(key), **values})


@cache  # a statement is made once, and SQLAlchemy finds its SQL by it
def _select(table: Table) -> Select[Any]:
    return select(table).where(*_matches(table))


@cache
def _update(table: Table) -> Update:
    return update(table).where(*_matches(table))


def _matches(table: Table) -> list[Any]:
    return [column == bindparam(f"key_{place}") for place, column in enumerate(table.primary_key)]


def _parts(key: Key) -> dict[str, Any]:
    return {f"key_{place}": value for place, value in enumerate(key)}
