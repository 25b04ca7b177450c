"""From the last layout of the ledger to this one: people keep their ledgers."""

from typing import Any

from sqlalchemy import Connection, insert, select, text, update

from escalation.model.errors import CorruptRecord
from escalation.model.identity import digest_json
from records.ledger import events, schema

BEFORE = 2
"""The layout that is brought up to date; older ones are refused."""


def migrate(connection: Connection) -> None:
    """Adds what the new layout has, and seals anew the rows that thereby became longer.

    A row is compared with its last seal before it is: what was changed behind the ledger's back stays found.
    Leases are taken for given back, their tokens go on counting.

    Raises:
        CorruptRecord: at the first such row that is not as it was sealed; nothing is changed then.
    """
    keys = [_checked(connection, dict(row)) for row in connection.execute(_OLD_INTENTS).mappings()]
    tokens = connection.execute(text("SELECT case_id, token, lease_s FROM leases")).mappings().all()
    connection.execute(text("ALTER TABLE intents ADD COLUMN lost TEXT NOT NULL DEFAULT '[]'"))
    connection.execute(text("DROP TABLE leases"))
    schema.leases.create(connection)
    for row in tokens:
        connection.execute(insert(schema.leases).values({**_NOBODY, **row}))
    connection.execute(update(schema.chain).values(layout=schema.VERSION))
    for key in keys:
        said = {"attempt": key[1], "ordinal": key[2], "layout": schema.VERSION}
        events.seal(connection, schema.intents, key, "work.migrated", said)


_OLD_INTENTS = select(*(column for column in schema.intents.columns if column.name != "lost"))
_NOBODY: dict[str, Any] = {
    "held": False, "host": "", "boot": "", "namespace": 0, "pid": 0, "started": 0, "beat_boot_s": 0.0,
    "beat_at": 0.0,
}  # fmt: skip


def _checked(connection: Connection, row: dict[str, Any]) -> tuple[str, int, int]:
    key = (row["case_id"], row["attempt"], row["ordinal"])
    last = events.last_seal(connection, schema.intents, key)
    if last is None or last.digest != digest_json(row):
        named = "/".join(map(str, key))
        raise CorruptRecord(
            f"the row intents {named} is not as its last event says: this ledger stays as it is"
        )
    return key
