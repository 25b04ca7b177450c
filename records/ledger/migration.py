"""From earlier layouts of the ledger to this one: people keep their ledgers."""

from typing import Any

from sqlalchemy import Connection, Select, Table, column, insert, select, table, text

from escalation.model.amounts import Caps
from escalation.model.errors import BadInput, CorruptRecord
from escalation.model.identity import digest_json
from escalation.model.metered import CHARGED
from records.ledger import chains, checkpoints, events, leases, schema

BEFORE = (2, 3, 4)
"""The layouts that are brought up to date; older ones are refused."""


def migrate(connection: Connection, layout: int) -> None:
    """Brings a ledger of a layout in `BEFORE` up to date, and seals anew the rows that thereby changed.

    A row is compared with its last seal before it is: what was changed behind the ledger's back stays found.

    Raises:
        CorruptRecord: at the first such row that is not as it was sealed; nothing is changed then.
    """
    _close_the_chain(connection, layout)
    works = _moved(connection, schema.intents, _OLD_INTENTS) if layout == 2 else []
    limits = _moved(connection, schema.limits, _OLD_LIMITS) if layout < 4 else []
    if layout == 2:
        _count_tries(connection)
    if layout < 4:
        _name_caps(connection)
    for key in works:
        said = {"attempt": key[1], "ordinal": key[2], "layout": schema.VERSION}
        _seal(connection, schema.intents, key, "work.migrated", said)
    for key in limits:
        said = {"project": key[0], "period": key[1], "layout": schema.VERSION}
        _seal(connection, schema.limits, key, "limit.migrated", said, case_id="")
    while checkpoints.make(connection):
        pass


def _close_the_chain(connection: Connection, layout: int) -> None:
    """Layout 5: a chain a case. The one chain there was stays as it is, hash for hash, and goes no further.

    Its head is in the first event of the chain of checkpoints, and the first leaf of their tree.
    """
    head = connection.execute(text("SELECT number, hash FROM chain")).mappings().one()
    _without_guards(connection)
    connection.execute(text("ALTER TABLE events RENAME TO old_events"))
    for gone in ("DROP INDEX ix_events_case_id", "DROP TABLE chain"):
        connection.execute(text(gone))
    new = (schema.layout, schema.heads, schema.events, schema.leaves)
    schema.metadata.create_all(connection, new)
    _copy_events(connection)
    connection.execute(text("DROP TABLE old_events"))
    schema.go_on_from_rows(connection)
    connection.execute(insert(schema.layout).values(only=1, layout=schema.VERSION))
    connection.execute(insert(schema.heads).values(chain=chains.CLOSED, sealed=False, **head))
    said = {"layout": layout, **head}
    chains.append(connection, chains.CHECKPOINTS, "chain.closed", said)


def _copy_events(connection: Connection) -> None:
    """Copies all events into the closed chain, and notes beside each which row its body seals."""
    query = text("SELECT * FROM old_events ORDER BY number").execution_options(yield_per=1000)
    for part in connection.execute(query).mappings().partitions():
        added = [
            {**row, "chain": chains.CLOSED, "position": row["number"],
             "row_key": chains.row_key(chains.decoded(row))}
            for row in part
        ]  # fmt: skip
        connection.execute(insert(schema.events), added)


def _without_guards(connection: Connection) -> None:
    """Takes the triggers off the old events, which go with their table otherwise."""
    on = " ON events" if connection.dialect.name == "postgresql" else ""
    for verb in ("update", "delete", "truncate"):
        connection.execute(text(f"DROP TRIGGER IF EXISTS events_no_{verb}{on}"))


def _moved(connection: Connection, table: Table, query: Select[Any]) -> list[events.Key]:
    """The keys of rows that are about to change, each compared with its last seal."""
    return [_checked(connection, table, row) for row in _rows(connection, query)]


def refuse_while_cases_run(connection: Connection, layout: int) -> None:
    """Leaves a ledger as it is under processes of an earlier version, which do not know the new layout.

    Raises:
        BadInput: names a case that a living process runs.
    """
    if layout == 2:  # whose leases do not say who holds them
        return
    for lease in connection.execute(select(schema.leases).where(schema.leases.c.held)).mappings().all():
        if leases.held(connection, lease):
            who = f"{lease['case_id']}, which process {lease['pid']} on {lease['host']} runs"
            raise BadInput(
                f"expected no case to run while the ledger goes from layout {layout} to {schema.VERSION}, "
                f"got {who}: stop what runs under the version before; its cases go on afterwards"
            )


def _count_tries(connection: Connection) -> None:
    """Layout 3: work keeps its lost tries. Leases are taken for given back, their tokens go on counting."""
    tokens = connection.execute(text("SELECT case_id, token, lease_s FROM leases")).mappings().all()
    connection.execute(text("ALTER TABLE intents ADD COLUMN lost TEXT NOT NULL DEFAULT '[]'"))
    connection.execute(text("DROP TABLE leases"))
    schema.leases.create(connection)
    for row in tokens:
        connection.execute(insert(schema.leases).values({**_NOBODY, **row}))


def _name_caps(connection: Connection) -> None:
    """Layout 4: a limit names what it caps, so that whatever is charged for can be limited."""
    rows = _rows(connection, _OLD_LIMITS)
    connection.execute(text("DROP TABLE limits"))
    schema.limits.create(connection)
    for row in rows:
        caps = Caps(usd=row["usd"], qpu_s=row["qpu_s"]).to_json(CHARGED)
        values = {"project": row["project"], "period": row["period"], "caps": chains.text_json(caps)}
        connection.execute(insert(schema.limits).values(values))


def _seal(
    connection: Connection, table: Table, key: events.Key, kind: str, said: dict[str, Any], **of: str
) -> None:
    row = events.by_key(connection, table, key)
    assert row is not None
    events.seal(connection, table, row, kind, said, **of)


def _rows(connection: Connection, query: Select[Any]) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(query).mappings()]


_OLD_INTENTS = select(*(each for each in schema.intents.columns if each.name != "lost"))
_OLD_LIMITS = select(*map(column, ("project", "period", "usd", "qpu_s"))).select_from(table("limits"))
_NOBODY: dict[str, Any] = {
    "held": False, "host": "", "boot": "", "namespace": 0, "pid": 0, "started": 0, "beat_boot_s": 0.0,
    "beat_at": 0.0,
}  # fmt: skip


def _checked(connection: Connection, table: Table, row: dict[str, Any]) -> events.Key:
    key = tuple(row[each.name] for each in table.primary_key)
    last = events.last_seal(connection, table, key)
    if last is None or last.digest != digest_json(row):
        raise CorruptRecord(
            f"the row {table.name} {'/'.join(map(str, key))} is not as its last event says: "
            "this ledger stays as it is"
        )
    return key
