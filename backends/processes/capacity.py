"""Capacity of this machine for one piece of work."""

from functools import cache

from escalation.model.resources import Capacity


@cache
def host(ranks: int | None = 1) -> Capacity:
    """One node that is everybody's, its memory, and as many threads as are asked for; no GPUs.

    Args:
        ranks: processes at most; None is as many as are asked for.
    """
    import psutil

    return Capacity(ranks=ranks, threads=None, memory_mb=psutil.virtual_memory().total // 2**20)
