"""What a ledger has of its subjects (cases, devices, and the empty one: limits), read a page at a time."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Row, RowMapping, Select, Table, exists, select, union

from records.ledger.chains import CLOSED, MONEY, NOTHING, Head, named
from records.ledger.events import Key, Seal, finding, key_of, row_digest
from records.ledger.schema import SEALED, events, heads, leaves, limits, questions

NOBODY = ""
"""The subject of limits, which are no case's."""
_PARTS = (
    heads.c.chain,
    leaves.c.chain,
    events.c.case_id,
    *(table.c.case_id for table in (*SEALED, questions) if table is not limits),
)


def names(connection: Connection, after: str | None, limit: int) -> Sequence[str]:
    """The next subjects after that one, in the database's order: whatever has a row, an event, or had one.

    Args:
        connection: to the ledger.
        after: the last subject of the page before; None begins.
        limit: how many at most.
    """
    parts = [select(_some(column, after, limit).subquery().c.name) for column in _PARTS]
    found = union(*parts).subquery()
    ordered = select(found.c.name).order_by(found.c.name).limit(limit)
    page = list(connection.execute(ordered).scalars())
    return page if after is not None or NOBODY in page else [NOBODY, *page]


def _some(column: Column[str], after: str | None, limit: int) -> Select[Any]:
    query = select(column.label("name")).where(column.not_in((MONEY, CLOSED)))
    if after is not None:
        query = query.where(column > after)
    return query.distinct().order_by(column).limit(limit)


class HeadRow(NamedTuple):
    """Where a chain ends by its head, whether a checkpoint is said to have that, and whether one has."""

    head: Head
    sealed: bool
    has_leaf: bool


@dataclass(frozen=True)
class Subjects:
    """What a ledger has of some subjects, by subject.

    Attributes:
        events: in order.
        rows: those of the sealed tables.
        heads: of their chains.
        lost: leaves of the checkpoints' tree that are no event of the chain.
    """

    events: Mapping[str, Sequence[RowMapping]]
    rows: Mapping[str, Sequence[tuple[Table, RowMapping]]]
    heads: Mapping[str, HeadRow]
    lost: Mapping[str, Sequence[Row[Any]]]


def read(connection: Connection, page: Sequence[str]) -> Subjects:
    """Reads all that there is of some subjects."""
    query = select(events).where(events.c.case_id.in_(page)).order_by(events.c.case_id, events.c.position)
    told: dict[str, list[RowMapping]] = defaultdict(list)
    for row in connection.execute(query).mappings():
        told[row["case_id"]].append(row)
    rows: dict[str, list[tuple[Table, RowMapping]]] = defaultdict(list)
    for table in SEALED:
        of_page = select(table) if table is limits else select(table).where(table.c.case_id.in_(page))
        if table is limits and NOBODY not in page:
            continue
        for row in connection.execute(of_page).mappings():
            rows[NOBODY if table is limits else row["case_id"]].append((table, row))
    return Subjects(told, rows, heads_of(connection, page), lost(connection, page))


def heads_of(connection: Connection, chains: Sequence[str]) -> dict[str, HeadRow]:
    """The heads of some chains."""
    mine = [leaves.c[name] == heads.c[name] for name in ("chain", "number", "hash")]
    query = select(heads, exists().where(*mine)).where(heads.c.chain.in_(chains))
    found = connection.execute(query)
    return {chain: HeadRow(Head(number, hash_), sealed, leaf) for chain, number, hash_, sealed, leaf in found}


def lost(connection: Connection, chains: Sequence[str]) -> dict[str, list[Row[Any]]]:
    """What checkpoints say of some chains, and is not there any more."""
    here = [events.c[name] == leaves.c[name] for name in ("chain", "number", "hash")]
    query = select(leaves).where(leaves.c.chain.in_(chains), ~exists().where(*here)).order_by(leaves.c.place)
    found: dict[str, list[Row[Any]]] = defaultdict(list)
    for leaf in connection.execute(query):
        found[leaf.chain].append(leaf)
    return found


def end_findings(chain: str, walked: Head, has: HeadRow | None, gone: Iterable[Row[Any]]) -> Iterator[str]:
    """Compares where a chain ends with its head, and both with the checkpoints."""
    head = has.head if has else NOTHING
    if head != walked:
        got = f"{head.number} with hash {head.hash}" if has else "none"
        yield f"expected {named(chain)} to end at event {walked.number} with hash {walked.hash}, got {got}"
    elif has and has.sealed and head.number and not has.has_leaf:
        yield f"expected a checkpoint of event {head.number} of {named(chain)}, as its head says, got none"
    for leaf in gone:
        yield (
            f"expected event {leaf.number} of {named(chain)} with hash {leaf.hash}, which a checkpoint saw "
            f"(leaf {leaf.place}), got none: events are missing"
        )


def row_findings(
    seals: Mapping[tuple[str, Key], Seal], rows: Iterable[tuple[Table, RowMapping]]
) -> Iterator[str]:
    """Compares rows with their last seals; a sealed row that is not among them is missing."""
    left = dict(seals)
    for table, row in rows:
        key = key_of(table, row)
        found = finding(table.name, key, row_digest(row), left.pop((table.name, key), None))
        yield from filter(None, [found])
    for (name, key), seal in left.items():
        yield finding(name, key, None, seal)
