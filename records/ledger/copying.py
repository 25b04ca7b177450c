"""The rows of one ledger in another: as they were at one moment, whatever databases the two are in."""

from sqlalchemy import Connection, delete, func, insert, select, update

from records.ledger import lineage, schema
from records.ledger.database import Database

ROWS = 1000
"""Rows that are in memory at a time."""


def empty(database: Database) -> bool:
    """Whether nothing has happened in the ledger yet."""
    with database.reading() as connection:
        return not _events(connection)


def copy_ledger(
    source: Database, target: Database, *, taken_at: float | None = None, now: float = 0.0
) -> int:
    """Copies one state of a ledger, while others write to it, into an empty one; returns its events.

    Args:
        source: is only read.
        target: holds nothing yet; all of it is there afterwards, or nothing.
        taken_at: when the back-up was taken that is put back: the target says so, its leases are nobody's.
        now: seconds since the epoch.
    """
    with source.reading() as reading, target.writing() as writing:
        for table in reversed(schema.metadata.sorted_tables):
            if table not in schema.APPEND_ONLY:  # from which nothing can be deleted, and which are empty
                writing.execute(delete(table))
        for table in schema.metadata.sorted_tables:
            rows = reading.execute(select(table), execution_options={"yield_per": ROWS}).mappings()
            for part in rows.partitions():
                writing.execute(insert(table), [dict(row) for row in part])
        schema.go_on_from_rows(writing)
        if taken_at is not None:
            writing.execute(update(schema.leases).values(held=False))
            lineage.note_restored(writing, taken_at, now)
        return _events(writing)


def _events(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(schema.events)).scalar_one())
