"""Rows about one piece of work: found by its key, written, and sealed by their event."""

from typing import Any

from sqlalchemy import Connection, RowMapping, Table, insert

from escalation.model.case import WorkKey
from records.ledger.events import by_key, change_by_key, check, seal


def names(key: WorkKey) -> dict[str, Any]:
    """The columns that name the work."""
    return {"case_id": key.case_id, "attempt": key.attempt, "ordinal": key.ordinal}


def row(connection: Connection, table: Table, key: WorkKey) -> RowMapping | None:
    """The row of that work."""
    return by_key(connection, table, _key(key))


def add(connection: Connection, table: Table, key: WorkKey, values: dict[str, Any]) -> None:
    """Writes the row of work that has none and never had one; the caller seals it."""
    check(connection, table, _key(key))
    connection.execute(insert(table).values(names(key) | values))


def change(connection: Connection, table: Table, key: WorkKey, values: dict[str, Any]) -> None:
    """Changes the row of that work, which must be as it was sealed; the caller seals it anew."""
    check(connection, table, _key(key))
    change_by_key(connection, table, _key(key), values)


def seal_row(connection: Connection, table: Table, key: WorkKey, kind: str, body: dict[str, Any]) -> None:
    """Appends the event that seals the row as it is now."""
    which = {"attempt": key.attempt, "ordinal": key.ordinal}
    seal(connection, table, _key(key), kind, which | body)


def _key(key: WorkKey) -> tuple[str, int, int]:
    return key.case_id, key.attempt, key.ordinal
