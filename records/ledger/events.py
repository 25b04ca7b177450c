"""Rows and the events that seal them: the digest of every row is in the latest event that wrote it."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ClauseElement,
    Connection,
    Insert,
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
from escalation.model.identity import digest_json
from records.ledger.chains import Head, append, decoded, link_finding, named, row_key, sealed
from records.ledger.schema import events

Key = tuple[str | int, ...]
_LAST_SEAL = (
    select(events).where(events.c.row_key == bindparam("of_row")).order_by(events.c.position.desc()).limit(1)
)


class Seal(NamedTuple):
    """What an event says of a row: its digest, and which event that is, in words."""

    digest: str
    event: str


def seal(
    connection: Connection,
    table: Table,
    row: RowMapping,
    kind: str,
    body: Mapping[str, Any],
    *,
    case_id: str | None = None,
) -> None:
    """Appends an event with the digests of the row, as it now is in the table and as it was sealed before.

    So a seal that was out of sight when the next one was made is found, whatever was put back since. The
    event's case is the key's first part, unless another is given; the empty one is no case.
    """
    key = key_of(table, row)
    name, known = _name(table, key), sealed(connection)
    if name not in known:
        last = last_seal(connection, table, key)
        known[name] = None if last is None else last.digest
    digest = digest_json(dict(row))
    said = {"table": table.name, "key": list(key), "digest": digest, "before": known[name]}
    append(connection, str(key[0]) if case_id is None else case_id, kind, {**body, "row": said})
    known[name] = digest


def read(connection: Connection, case_id: str | None) -> Sequence[Mapping[str, Any]]:
    """The events in order, of one case or of all."""
    query = select(events).order_by(events.c.position)
    if case_id is not None:
        query = query.where(events.c.case_id == case_id)
    rows = connection.execute(query).mappings()
    return [{**row, "body": json.loads(row["body"])} for row in rows]


def bodies(connection: Connection, case_id: str, kind: str) -> Sequence[Mapping[str, Any]]:
    """What the case's events of one kind say, in order."""
    query = select(events.c.body).where(events.c.case_id == case_id, events.c.kind == kind)
    return [json.loads(body) for body in connection.execute(query.order_by(events.c.position)).scalars()]


def check(connection: Connection, table: Table, key: Key, row: RowMapping | None) -> None:
    """Compares a row, as this transaction read it, with its last seal, as every write of it does first.

    Otherwise a change made behind the ledger's back would be sealed by the next one made through it.

    Raises:
        CorruptRecord: when the row is not as its last event left it, or is there without one, or is gone.
    """
    last = last_seal(connection, table, key)
    sealed(connection)[_name(table, key)] = None if last is None else last.digest
    found = finding(table.name, key, None if row is None else row_digest(row), last)
    if found:
        raise CorruptRecord(f"{found}: it was changed behind the ledger's back, and nothing is built on it")


def finding(table: str, key: Key, actual: str | None, last: Seal | None) -> str:
    """What is wrong with a row of that digest, or with none, empty where it is as its last event says."""
    row = f"{table} {'/'.join(map(str, key))}"
    if actual is None:
        return "" if last is None else f"expected the row {row} that {last.event} wrote, got none"
    if last is None:
        return f"expected an event for the row {row}, got none"
    if last.digest == actual:
        return ""
    return f"expected the row {row} to have SHA-256 {last.digest} as {last.event} says, got {actual}"


def row_digest(row: RowMapping) -> str:
    """The SHA-256 of a row's canonical JSON; words where it has what JSON cannot hold, as bytes."""
    try:
        return digest_json(dict(row))
    except (TypeError, ValueError):
        return "a value that is no text and no number"


def last_seal(connection: Connection, table: Table, key: Key) -> Seal | None:
    """The last event that sealed the row; it is checked against its hash, the rest of the chain is not."""
    row = connection.execute(_LAST_SEAL, {"of_row": _name(table, key)}).mappings().one_or_none()
    if row is None:
        return None
    body = decoded(row)
    found = link_finding(row, body, Head(row["number"] - 1, row["previous"]))
    if found or body is None:
        raise CorruptRecord(found)
    return seal_in(row, body)


def seal_in(row: RowMapping, body: Mapping[str, Any]) -> Seal:
    """What an event that seals a row says of it."""
    return Seal(body["row"]["digest"], f"event {row['number']} of {named(row['chain'])}")


def _name(table: Table, key: Key) -> str:
    name = row_key({"row": {"table": table.name, "key": key}})
    assert name is not None
    return name


def key_of(table: Table, row: RowMapping) -> Key:
    """The row's primary key."""
    return tuple(row[column.name] for column in table.primary_key)


def by_key(connection: Connection, table: Table, key: Key) -> RowMapping | None:
    """The row of that primary key."""
    return connection.execute(_select(table), _parts(key)).mappings().one_or_none()


def put(
    connection: Connection, table: Table, key: Key, before: RowMapping | None, values: Mapping[str, Any]
) -> RowMapping:
    """Adds the row of that primary key, or changes it, once what was there is as it was sealed.

    Args:
        connection: in a transaction that holds what the row belongs to.
        table: the row's.
        key: its primary key.
        before: the row as this transaction read it; None where there was none.
        values: of its other columns; an expression is for the database to compute.

    Returns:
        The row as it now is in the table; the caller seals it.

    Raises:
        CorruptRecord: as `check`.
    """
    check(connection, table, key, before)
    computed = {name: value for name, value in values.items() if isinstance(value, ClauseElement)}
    given = {name: value for name, value in values.items() if name not in computed}
    # SQLite would return an integer that a real column was given as an integer, and keeps a real number
    returns = connection.dialect.name != "sqlite"
    if before is None:
        statement: Insert | Update = _insert(table, returns)
        given |= {column.name: part for column, part in zip(table.primary_key, key, strict=True)}
    else:
        statement = _update(table, returns)
        given |= _parts(key)
    if computed:
        statement = statement.values(computed)
    done = connection.execute(statement, given)
    if returns:
        return done.mappings().one()
    written = by_key(connection, table, key)
    assert written is not None
    return written


@cache  # a statement is made once, and SQLAlchemy finds its SQL by it
def _select(table: Table) -> Select[Any]:
    return select(table).where(*_matches(table))


@cache
def _insert(table: Table, returns: bool) -> Insert:
    return insert(table).returning(*table.columns) if returns else insert(table)


@cache
def _update(table: Table, returns: bool) -> Update:
    changed = update(table).where(*_matches(table))
    return changed.returning(*table.columns) if returns else changed


def _matches(table: Table) -> list[Any]:
    return [column == bindparam(f"key_{place}") for place, column in enumerate(table.primary_key)]


def _parts(key: Key) -> dict[str, Any]:
    return {f"key_{place}": value for place, value in enumerate(key)}
