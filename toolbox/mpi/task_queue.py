"""Independent tasks over the ranks of an MPI world; the results do not depend on who did what.

Each task fills its own slice of one array of zeros, and the arrays of all ranks are added: x + 0 is x, so
the sum has the same bits for any number of ranks and any order.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolbox.arrays.types import Floats


@dataclass(frozen=True)
class Phase:
    """What a phase cost: measured, so different in every run.

    Attributes:
        name: of the phase.
        wall_s: seconds until the last rank was done.
        task_s: seconds of each task, shape (tasks,).
        rank_of_task: who did it, shape (tasks,).
        ranks: size of the world.
    """

    name: str
    wall_s: float
    task_s: Floats
    rank_of_task: NDArray[np.int64]
    ranks: int


def run_tasks(
    comm: Any, name: str, costs: Sequence[float], sizes: Sequence[int], task: Callable[[int], Floats]
) -> tuple[list[Floats], Phase]:
    """Runs every task once, somewhere; returns all results on every rank, in task order.

    On one machine, ranks draw the next task from a shared counter (MPI one-sided fetch-and-op in shared
    memory, MPI 4.1, section 12.3.4), the costliest first, so that all ranks compute and none waits for a
    master. Across machines a busy target may not progress one-sided calls, so tasks are dealt beforehand,
    longest first to the least loaded rank (Graham 1969, SIAM J. Appl. Math. 17:416).

    Args:
        comm: an `mpi4py.MPI.Comm`.
        name: of the phase.
        costs: estimated cost of each task, any unit.
        sizes: number of values that each task returns.
        task: computes the values of a task; must depend on its number alone.
    """
    edges = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    values, seconds = np.zeros(int(edges[-1])), np.zeros(len(costs))
    owners = np.zeros(len(costs), dtype=np.int64)
    comm.Barrier()
    started = time.perf_counter()
    for number in _mine(comm, costs):
        begun = time.perf_counter()
        values[edges[number] : edges[number + 1]] = task(number)
        seconds[number] = time.perf_counter() - begun
        owners[number] = comm.Get_rank()
    comm.Barrier()
    wall_s = time.perf_counter() - started
    for array in (values, seconds, owners):
        _add_up(comm, array)
    pieces = [values[start:stop] for start, stop in pairwise(edges)]
    return pieces, Phase(name, wall_s, seconds, owners, comm.Get_size())


def longest_first(costs: Sequence[float], ranks: int) -> list[list[int]]:
    """Deals tasks, longest first, each to the rank with the least to do; returns each rank's tasks."""
    loads, dealt = [0.0] * ranks, [list[int]() for _ in range(ranks)]
    for number in _descending(costs):
        rank = loads.index(min(loads))
        loads[rank] += costs[number]
        dealt[rank].append(number)
    return dealt


def _descending(costs: Sequence[float]) -> list[int]:
    return sorted(range(len(costs)), key=lambda number: (-costs[number], number))


def _mine(comm: Any, costs: Sequence[float]) -> Iterator[int]:
    from mpi4py import MPI

    if comm.Get_size() == 1:
        return iter(_descending(costs))
    node = comm.Split_type(MPI.COMM_TYPE_SHARED)
    shared = node.Get_size() == comm.Get_size()
    node.Free()
    if comm.allreduce(int(shared), op=MPI.MIN):
        return _drawn(comm, _descending(costs))
    return iter(longest_first(costs, comm.Get_size())[comm.Get_rank()])


def _drawn(comm: Any, order: Sequence[int]) -> Iterator[int]:
    """Yields tasks from a counter in shared memory on rank 0 until it passes the last one."""
    from mpi4py import MPI

    window = MPI.Win.Allocate_shared(8 if comm.Get_rank() == 0 else 0, 8, comm=comm)
    one, drawn = np.ones(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
    if comm.Get_rank() == 0:
        window.Lock(0)
        window.Put(drawn, 0)
        window.Unlock(0)
    comm.Barrier()
    window.Lock_all()
    while True:
        window.Fetch_and_op(one, drawn, 0, op=MPI.SUM)
        window.Flush(0)
        if int(drawn[0]) >= len(order):
            break
        yield order[int(drawn[0])]
    window.Unlock_all()
    window.Free()


def _add_up(comm: Any, array: NDArray[Any]) -> None:
    from mpi4py import MPI

    array += 0  # whole numbers stay whole; a sum turns -0.0 into 0.0; a world of one rank has to as well
    comm.Allreduce(MPI.IN_PLACE, array, op=MPI.SUM)
