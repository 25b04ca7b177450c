"""Capacity of this machine for one piece of work."""

from functools import cache

from backends.processes.allocation import Allocation, current
from escalation.model.resources import Capacity


def host(ranks: int | None = 1) -> Capacity:
    """One node, its memory, and as many threads as are asked for; no GPUs.

    Outside of a batch job the node is everybody's, and its cores may be asked for several times over. Inside,
    the others' cores are not ours, and what takes more memory than the job has is killed.

    Args:
        ranks: processes at most; None is as many as are asked for.
    """
    return _host(ranks, current())


@cache
def _host(ranks: int | None, allocation: Allocation | None) -> Capacity:
    import psutil

    total_mb = psutil.virtual_memory().total // 2**20
    if allocation is None:
        return Capacity(ranks=ranks, threads=None, memory_mb=total_mb)
    return Capacity(
        ranks=ranks,
        threads=None,
        cores=allocation.cpus,
        memory_mb=min(total_mb, allocation.memory_mb or total_mb),
        because=f"{allocation.job} has no more of this node",
    )
