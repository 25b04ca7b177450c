"""Rows about one piece of work: found by its key, written, and sealed by their event."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, Table

from escalation.model.case import WorkKey
from records.ledger.events import by_key, put, seal


def row(connection: Connection, table: Table, key: WorkKey) -> RowMapping | None:
    """The row of that work."""
    return by_key(connection, table, _key(key))


def write(
    connection: Connection,
    table: Table,
    key: WorkKey,
    before: RowMapping | None,
    values: dict[str, Any],
    *,
    kind: str,
    body: Mapping[str, Any],
) -> None:
    """Adds the row of that work, or changes the one that was read before; appends the event that seals it."""
    written = put(connection, table, _key(key), before, values)
    which = {"attempt": key.attempt, "ordinal": key.ordinal}
    seal(connection, table, written, kind, {**which, **body})


def _key(key: WorkKey) -> tuple[str, int, int]:
    return key.case_id, key.attempt, key.ordinal
