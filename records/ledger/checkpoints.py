"""Checkpoints: a Merkle tree over the heads of all chains, its root in a chain of its own.

A chain does not show that another one is gone, or that it ends earlier than it did. So heads are written
down: a checkpoint adds a leaf for every chain that grew since the last one, in the order of their names; a
chain that did not grow is covered by its earlier leaf. It costs what changed, however many chains there are.

Whoever writes makes one after so many transactions or so long (`Checkpointing`), as it ends, and after an
audit that found nothing. Nobody waits for one: it passes over a chain that is being written to, which the
next one takes, and leaves the work to whoever is making one already.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, bindparam, insert, select, update

from escalation.model.clock import boottime_s
from escalation.model.identity import canonical_json
from records.ledger import chains, merkle
from records.ledger.chains import CHECKPOINTS
from records.ledger.schema import NOT_SEALED, events, heads, leaves

KIND = "checkpoint.made"
AT_ONCE = 1000
"""Leaves that one transaction adds at most: so long a writer may have to wait for the head of its chain."""
_MINE = (
    select(heads.c.number, heads.c.hash).where(heads.c.chain == CHECKPOINTS).with_for_update(skip_locked=True)
)
_GREW = (
    select(heads.c.chain, heads.c.number, heads.c.hash)
    .where(NOT_SEALED, heads.c.chain != CHECKPOINTS)
    .order_by(heads.c.chain)
    .limit(AT_ONCE)
    .with_for_update(skip_locked=True)
)
_SEAL = update(heads).where(heads.c.chain == bindparam("named")).values(sealed=True)
_LAST = (
    select(events.c.number, events.c.body)
    .where(events.c.chain == CHECKPOINTS, events.c.kind == KIND)
    .order_by(events.c.number.desc())
    .limit(1)
)


@dataclass
class Checkpointing:
    """When a process that writes makes the next checkpoint.

    Attributes:
        writes: transactions after which one is due.
        seconds: time after which one is due, if there was a write.
    """

    writes: int = 256
    seconds: float = 60.0
    _since: int = 0
    _last_s: float = field(default_factory=boottime_s)

    def due(self) -> bool:
        """Counts a write; whether a checkpoint is due after it."""
        self._since += 1
        return self._since >= self.writes or boottime_s() - self._last_s >= self.seconds

    @property
    def pending(self) -> bool:
        """Whether there was a write since the last one."""
        return self._since > 0

    def made(self) -> None:
        """Begins to count anew."""
        self._since, self._last_s = 0, boottime_s()


class Checkpoint(NamedTuple):
    """A checkpoint: its number in its chain, how many leaves its tree has, and the root over them."""

    number: int
    leaves: int
    root: str


def last(connection: Connection) -> Checkpoint:
    """The last checkpoint; of an empty ledger the root over nothing."""
    row = connection.execute(_LAST).one_or_none()
    if row is None:
        return Checkpoint(0, 0, merkle.Tree().root().hex())
    body = json.loads(row.body)
    return Checkpoint(row.number, body["leaves"], body["root"])


def make(connection: Connection) -> int:
    """Makes a checkpoint of at most `AT_ONCE` chains that grew, in a transaction of its own.

    Returns:
        The number of leaves added; 0 where no chain grew, or somebody else is making one, or the last one
        cannot be read: nothing is built on it, and whoever audits is told.
    """
    if not _is_mine(connection):
        return 0
    grew = connection.execute(_GREW).mappings().all()
    if not grew:
        return 0
    tree = _tree(connection)
    if tree is None:
        return 0
    added = [{"place": tree.size + place, **head} for place, head in enumerate(grew)]
    for leaf in added:
        tree.add(data(leaf))
    connection.execute(insert(leaves), added)
    connection.execute(_SEAL, [{"named": head["chain"]} for head in grew])
    complete = [each.hex() for each in tree.complete]
    said = {"leaves": tree.size, "root": tree.root().hex(), "complete": complete}
    chains.append(connection, CHECKPOINTS, KIND, said)
    return len(added)


def _is_mine(connection: Connection) -> bool:
    if connection.execute(_MINE).one_or_none() is not None:
        return True
    there = connection.execute(select(heads.c.chain).where(heads.c.chain == CHECKPOINTS)).one_or_none()
    return there is None  # the first: whoever else makes it too is waited for


def _tree(connection: Connection) -> merkle.Tree | None:
    """The tree as the last checkpoint left it; None where that says no such thing."""
    chains.lock(connection, CHECKPOINTS)
    row = connection.execute(_LAST).one_or_none()
    if row is None:
        return merkle.Tree()
    try:
        body = json.loads(row.body)
        return merkle.Tree(body["leaves"], [bytes.fromhex(each) for each in body["complete"]])
    except (ValueError, KeyError, TypeError):
        return None


def data(leaf: Mapping[str, Any] | RowMapping) -> bytes:
    """What a leaf of the tree is the hash of."""
    return canonical_json({name: leaf[name] for name in ("chain", "number", "hash")})


def missing(connection: Connection, named: Mapping[chains.Head, str]) -> Iterator[str]:
    """Yields which events of the chain of checkpoints other events name, and are gone, or are others."""
    wanted = sorted(named)
    for first in range(0, len(wanted), AT_ONCE):
        some = wanted[first : first + AT_ONCE]
        query = select(events.c.number, events.c.hash).where(events.c.chain == CHECKPOINTS)
        has = {
            tuple(row) for row in connection.execute(query.where(events.c.number.in_([n for n, _ in some])))
        }
        for each in some:
            if tuple(each) not in has:
                yield (
                    f"expected event {each.number} of the chain of checkpoints with hash {each.hash}, which "
                    f"{named[each]} names, got none: checkpoints are missing, or others"
                )


def findings(connection: Connection) -> Iterator[str]:
    """Recomputes the tree, and compares its roots with what the checkpoints say."""
    tree = merkle.Tree()
    query = select(leaves).order_by(leaves.c.place).execution_options(yield_per=AT_ONCE)
    found = connection.execute(query).mappings()
    said = select(events).where(events.c.chain == CHECKPOINTS, events.c.kind == KIND)
    for row in connection.execute(said.order_by(events.c.number)).mappings():
        body = chains.decoded(row) or {}
        which = f"checkpoint {row['number']}"
        if not isinstance(body.get("leaves"), int):
            yield f"{which}: expected the number of leaves, got {body.get('leaves')!r}"
            return
        while tree.size < body["leaves"]:
            leaf = next(found, None)
            if leaf is None or leaf["place"] != tree.size:
                yield f"expected leaf {tree.size} of the tree of {which}, got none"
                return
            tree.add(data(leaf))
        if tree.root().hex() != body.get("root"):
            root = tree.root().hex()
            yield f"{which}: expected the root {body.get('root')} over {tree.size} heads, got {root}"
            return
    extra = next(found, None)
    if extra is not None:
        yield f"expected a checkpoint for leaf {extra['place']} of the tree, got none"
