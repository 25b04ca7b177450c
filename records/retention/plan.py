"""What a pruning would give up, and what it keeps and why."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from escalation.model.pruned import BytesOf, PrunedFile
from escalation.ports.store import AuditedStore, StoredBytes
from records.ledger.retention import NamedBytes
from records.retention.rule import DAY_S, Retention

SETTLED_S = DAY_S
"""Bytes that were put so lately may be about to be named by a case that is under way: they stay.

Who names bytes puts them first, also where they are there already. From that to the row in the ledger it is
seconds; a day leaves room for a process that was stopped, and for clocks that differ (as `git gc` does it).
"""


PAID = "paid for"
SHARED = "needed by a case that is kept"
FRESH = "put within a day, perhaps for a case that is under way"
MISSING = "not in the store, which `tierwise ledger check` tells"


@dataclass(frozen=True)
class Going:
    """A case of which something is to be given up.

    Attributes:
        case_id: its id.
        ended_at: when it ended; ISO 8601.
        rule: by which it may be, in words.
        files: that go.
    """

    case_id: str
    ended_at: str
    rule: str
    files: tuple[PrunedFile, ...]


@dataclass(frozen=True)
class PruningPlan:
    """What a pruning comes to.

    Attributes:
        going: the cases of which something is to be given up.
        left: digests and sizes of what was given up before and is still there.
        kept: by case of which nothing goes, why.
        stays: files of old cases that stay, counted by why.
    """

    going: tuple[Going, ...] = ()
    left: tuple[tuple[str, int], ...] = ()
    kept: Mapping[str, str] = field(default_factory=dict)
    stays: Mapping[str, int] = field(default_factory=dict)

    @property
    def sizes(self) -> dict[str, int]:
        """By digest what goes now, however many cases name it; bytes."""
        return {file.sha256: file.bytes for case in self.going for file in case.files} | dict(self.left)


def plan(named: NamedBytes, store: AuditedStore, retention: Retention) -> PruningPlan:
    """Plans a pruning; nothing is written, and no file is read.

    What is missing in the store is never part of it: that a file is lost stays a finding of the audit.
    """
    kept = kept_because(named, retention)
    owed, stays = owed_bytes(named, kept), Counter[str]()
    found = _Found(store, named.now_s)
    going = []
    for case in named.cases.values():
        if case.case_id in kept:
            continue
        files = []
        for digest, what in case.named.items():
            if digest in case.pruned:
                continue
            why = PAID if what is BytesOf.PAID else SHARED if digest in owed else found.why_not(digest)
            if why:
                stays[why] += 1
            else:
                files.append(PrunedFile(sha256=digest, bytes=found.size(digest), of=what))
        if files:
            going.append(
                Going(case.case_id, str(case.ended_at), retention.words(case.data_class), tuple(files))
            )
    return PruningPlan(tuple(going), tuple(left_over(named, store, owed)), kept, stays)


def kept_because(named: NamedBytes, retention: Retention) -> dict[str, str]:
    """By case of which nothing may be given up now, why."""
    told = {case_id: retention.kept_because(case, named.now_s) for case_id, case in named.cases.items()}
    return {case_id: why for case_id, why in told.items() if why}


def owed_bytes(named: NamedBytes, kept: Mapping[str, str]) -> frozenset[str]:
    """The digests of what somebody is owed: all of the cases that are kept, what was paid for, calibrations.

    Args:
        named: who names what.
        kept: the cases of which nothing may be given up.
    """
    owed = set(named.of_devices)
    for case_id, case in named.cases.items():
        gone = case.pruned if case.hold is None else frozenset()  # under a hold, what is still there stays
        owed.update(
            digest
            for digest, what in case.named.items()
            if what is BytesOf.PAID or (case_id in kept and digest not in gone)
        )
    return frozenset(owed)


def left_over(named: NamedBytes, store: AuditedStore, owed: frozenset[str]) -> Iterator[tuple[str, int]]:
    """Digest and size of what was given up, is owed to nobody, and is still there."""
    found = _Found(store, named.now_s)
    pruned = frozenset(digest for case in named.cases.values() for digest in case.pruned)
    wanted = frozenset(
        each for case in named.cases.values() for each in case.named if each not in case.pruned
    )
    for digest in sorted(pruned - owed - wanted):
        if not found.why_not(digest):
            yield digest, found.size(digest)


@dataclass
class _Found:
    """What the store has, each file asked for once."""

    store: AuditedStore
    now_s: float
    seen: dict[str, StoredBytes | None] = field(default_factory=dict)

    def why_not(self, digest: str) -> str:
        """Why a file cannot be given up; empty where it can."""
        if digest not in self.seen:
            self.seen[digest] = self.store.stored(digest)
        found = self.seen[digest]
        if found is None:
            return MISSING
        return FRESH if found.put_s >= self.now_s - SETTLED_S else ""

    def size(self, digest: str) -> int:
        """Its bytes; of one that is there."""
        found = self.seen[digest]
        return 0 if found is None else found.size
