"""Whether work fits a partition, before it is sent; what is asked of the batch system is kept for a while."""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from backends.batch.jobs import NodeKind, Partition
from backends.batch.silence import ask
from backends.batch.system import BatchSystem
from escalation.model.errors import BackendError, BadInput
from escalation.model.resources import Capacity, Resources
from escalation.text.rounding import rounded
from escalation.text.wording import counted

KEPT_S = 60.0


class Partitions:
    """Partitions of the machine as they were a moment ago."""

    def __init__(self, system: BatchSystem) -> None:
        self._system, self._lock = system, threading.Lock()
        self._found: tuple[Partition, ...] = ()
        self._until_s = 0.0

    def all(self) -> tuple[Partition, ...]:
        """Every partition; raises `BackendError` where nobody tells, which may be otherwise later, except
        where the batch system is not set up here."""
        with self._lock:
            if time.monotonic() >= self._until_s:
                reply = ask(self._system.list_partitions(), self._system.site.command_s)
                if not reply.ok:
                    later = not self._system.misconfigured(reply)
                    raise BackendError(f"the batch system does not answer: {reply.words}", retry=later)
                self._found, self._until_s = self._system.partitions(reply.out), time.monotonic() + KEPT_S
            return self._found

    def of(self, name: str | None) -> Partition:
        """The named one, or the default.

        Raises:
            BadInput: when there is no such partition.
            BackendError: where nobody tells.
        """
        found = self.all()
        for each in found:
            if each.name == name or (name is None and each.default):
                return each
        if name is None and found:
            return found[0]
        known = ", ".join(each.name for each in found)
        raise BadInput(f"expected one of the {self._system.places} {known}, got {name!r}")


def check(who: str, partition: Partition, wanted: Resources, ranks: int | None = None) -> None:
    """Refuses what the partition can never give.

    Args:
        who: refuses it.
        partition: where it would run.
        wanted: by the work.
        ranks: processes that this kind of work may have; None is any number.

    Raises:
        BackendError: naming the first such field.
    """
    most = capacity(partition, wanted)
    (most if ranks is None else replace(most, ranks=ranks)).check(who, wanted)
    if partition.limit_s is not None and wanted.wall_s > partition.limit_s:
        raise BackendError(
            f"{who}: expected work that asks for at most {rounded(partition.limit_s)} wall_s, "
            f"got {rounded(wanted.wall_s)}; ask for less, or name another partition in the policy"
        )
    if not _room(partition.nodes, wanted):
        raise BackendError(
            f"{who}: expected work that the partition has nodes for, got {in_words(wanted)}; "
            f"there are {offer(partition)}"
        )


def capacity(partition: Partition, wanted: Resources) -> Capacity:
    """The most that it can give of each, the others aside."""
    kinds = partition.nodes
    total = sum(each.count for each in kinds)
    spread = wanted.nodes or total
    memory = [each.memory_mb for each in kinds]
    gpus = max((each.gpus for each in kinds), default=0)
    return Capacity(
        nodes=total,
        ranks=sum(each.count * each.cores for each in kinds),
        threads=max((each.cores for each in kinds), default=0),
        memory_mb=None if None in memory else spread * max(filter(None, memory), default=0),
        gpus=gpus // wanted.each_node if wanted.nodes is not None else gpus,
        exclusive=True,
    )


def _room(kinds: Sequence[NodeKind], wanted: Resources) -> bool:
    """Whether ranks find their nodes: so many on each where that is asked for, else as many as it holds."""
    if wanted.nodes is None and wanted.ranks_per_node is None:
        return sum(each.count * _ranks_on(each, wanted) for each in kinds) >= wanted.ranks
    fitting = sum(each.count for each in kinds if _ranks_on(each, wanted) >= wanted.each_node)
    return fitting >= wanted.node_count


def _ranks_on(kind: NodeKind, wanted: Resources) -> int:
    """Ranks of the work that one such node holds: by cores, by memory, by GPUs."""
    most = [kind.cores // wanted.threads]
    if kind.memory_mb is not None:
        most.append(kind.memory_mb * wanted.ranks // wanted.memory_mb)
    if wanted.gpus:
        most.append(kind.gpus // wanted.gpus)
    return min(most)


def in_words(wanted: Resources) -> str:
    """What the work asks for."""
    nodes = f"{counted(wanted.nodes, 'node', 'nodes')}, " if wanted.nodes is not None else ""
    gpus = f", {counted(wanted.gpus, 'GPU', 'GPUs')} each" if wanted.gpus else ""
    ranks, threads = counted(wanted.ranks, "rank", "ranks"), counted(wanted.threads, "thread", "threads")
    return f"{nodes}{ranks} of {threads}{gpus}, {wanted.memory_mb} MiB together"


def offer(partition: Partition) -> str:
    """What a partition has; nodes alike are one kind, whatever they do now."""
    kinds = Counter[tuple[int, int | None, int]]()
    for each in partition.nodes:
        kinds[each.cores, each.memory_mb, each.gpus] += each.count
    return "; ".join(
        f"{counted(count, 'node', 'nodes')} of {counted(cores, 'core', 'cores')}"
        + (f", {memory_mb} MiB" if memory_mb is not None else "")
        + (f", {counted(gpus, 'GPU', 'GPUs')}" if gpus else "")
        for (cores, memory_mb, gpus), count in kinds.items()
    )
