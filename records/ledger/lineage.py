"""Where a ledger comes from: its own name, which a copy keeps, and when it was put back from a back-up."""

import secrets
from collections.abc import Iterator

from sqlalchemy import Connection, func, insert, select

from escalation.model.case import WorkKey
from escalation.model.identity import digest_json
from records.ledger.schema import lineage

TAG_DIGITS = 24


def begin(connection: Connection, now: float) -> None:
    """Names a ledger that has no name yet."""
    if connection.execute(select(lineage.c.number).limit(1)).one_or_none() is None:
        connection.execute(insert(lineage).values(number=0, ledger=secrets.token_hex(16), at=now))


def name(connection: Connection) -> str:
    """The ledger's own name, which a copy of it keeps."""
    found: str = connection.execute(select(lineage.c.ledger).where(lineage.c.number == 0)).scalar_one()
    return found


def findings(connection: Connection) -> Iterator[str]:
    """Yields what cannot be so of a ledger's own name, whenever it was put back; no event seals it.

    Exports, the home's copy and signed heads name a ledger by it, so another name is found there.
    """
    rows = connection.execute(select(lineage).order_by(lineage.c.number)).mappings().all()
    if [row["number"] for row in rows] != list(range(len(rows))) or not rows:
        yield f"lineage: expected rows 0 to its last, got {[row['number'] for row in rows]}"
    if len({row["ledger"] for row in rows}) > 1:
        yield "lineage: expected one name of the ledger in all rows, got several"
    for row in rows:
        if (row["taken_at"] is None) != (row["number"] == 0):
            yield f"lineage: row {row['number']} says of a copy what it cannot"


def note_restored(connection: Connection, taken_at: float, now: float) -> None:
    """Notes that what is in the ledger was put back as it was at `taken_at`; seconds since the epoch."""
    last = connection.execute(select(lineage).order_by(lineage.c.number.desc()).limit(1)).mappings().one()
    values = {"number": last["number"] + 1, "ledger": last["ledger"], "at": now, "taken_at": taken_at}
    connection.execute(insert(lineage).values(values))


def restored_at(connection: Connection) -> float | None:
    """When the ledger was last put back from a back-up; None where it never was."""
    found: float | None = connection.execute(
        select(func.max(lineage.c.at)).where(lineage.c.number > 0)
    ).scalar_one()
    return found


def left_behind(connection: Connection, at_s: float) -> bool:
    """Whether the ledger was put back, since then, as it was before then; seconds since the epoch."""
    query = select(lineage.c.number).where(lineage.c.taken_at <= at_s, lineage.c.at >= at_s).limit(1)
    return connection.execute(query).one_or_none() is not None


def tag(connection: Connection, key: WorkKey, work: str, backend: str) -> str:
    """What names the work at a service: the same in this ledger and in every back-up of it, else nowhere.

    So work that was sent after a back-up was taken is found again from the ledger that was put back.
    """
    named = digest_json([name(connection), key.case_id, key.attempt, key.ordinal, work, backend])
    return f"tierwise-{named[:TAG_DIGITS]}"
