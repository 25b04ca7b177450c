"""The batch job that this process runs in, if any, and what of this node the job has.

The variables are those of sbatch(1) and srun(1), OpenPBS's qsub(1B), Torque's qsub(1), LSF's jobs, and Grid
Engine's qsub(1). Where a system says no number, the kernel's limits alone count.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from backends.processes import control_groups
from backends.processes.guarded import processors

Environ = Mapping[str, str]


@dataclass(frozen=True)
class Allocation:
    """What a batch job has of this node.

    Attributes:
        job: `Slurm job 17`.
        cpus: processor cores, of all processes together.
        memory_mb: MiB, of all processes together; None where nothing bounds it.
    """

    job: str
    cpus: int
    memory_mb: int | None


def current(environ: Environ | None = None) -> Allocation | None:
    """The batch job around this process, by its environment; None outside of any."""
    environ = os.environ if environ is None else environ
    for system, present, identifier, cpus in _SYSTEMS:
        if environ.get(present):
            told = (cpus(environ), len(processors()), control_groups.cpus())
            most = max(1, int(min(each for each in told if each is not None)))
            memory = [each for each in (_memory_mb(environ, most), control_groups.memory_mb()) if each]
            return Allocation(f"{system} job {environ.get(identifier, '')}", most, min(memory, default=None))
    return None


def _slurm(environ: Environ) -> int | None:
    """`SLURM_CPUS_ON_NODE` is this node's and this step's; the shell of salloc(1) knows only each node's."""
    if on_node := _number(environ, "SLURM_CPUS_ON_NODE"):
        return on_node
    node = _number(environ, "SLURM_NODEID") or 0
    if cpus := _on_node(environ.get("SLURM_JOB_CPUS_PER_NODE", ""), node):
        return cpus
    tasks = _on_node(environ.get("SLURM_TASKS_PER_NODE", ""), node)
    return tasks and tasks * (_number(environ, "SLURM_CPUS_PER_TASK") or 1)


def _on_node(counts: str, node: int) -> int | None:
    """The count of a node in `2(x3),1`: two on each of three nodes, one on the fourth."""
    found = re.findall(r"(\d+)(?:\(x(\d+)\))?", counts)
    each = [int(count) for count, times in found for _ in range(int(times or 1))]
    return each[node] if node < len(each) else None


def _pbs(environ: Environ) -> int | None:
    return _number(environ, "NCPUS") or _number(environ, "PBS_NUM_PPN")


def _lsf(environ: Environ) -> int | None:
    """`LSB_MCPU_HOSTS` is `hosta 4 hostb 2`."""
    words = environ.get("LSB_MCPU_HOSTS", "").split()
    slots = dict(zip(words[::2], words[1::2], strict=False))
    found = slots.get(os.uname().nodename) or next(iter(slots.values()), "")
    return int(found) if found.isdecimal() else None


def _grid_engine(environ: Environ) -> int | None:
    return _number(environ, "NSLOTS")


_SYSTEMS: tuple[tuple[str, str, str, Callable[[Environ], int | None]], ...] = (
    ("Slurm", "SLURM_JOB_ID", "SLURM_JOB_ID", _slurm),
    ("PBS", "PBS_JOBID", "PBS_JOBID", _pbs),
    ("LSF", "LSB_JOBID", "LSB_JOBID", _lsf),
    ("Grid Engine", "SGE_TASK_ID", "JOB_ID", _grid_engine),
)


def _memory_mb(environ: Environ, cpus: int) -> int | None:
    """0 is all that a node has."""
    of_core = _number(environ, "SLURM_MEM_PER_CPU")
    return _number(environ, "SLURM_MEM_PER_NODE") or (of_core and of_core * cpus)


def _number(environ: Environ, name: str) -> int | None:
    """The number that a variable says; None for none, and for 0."""
    said = environ.get(name, "")
    return int(said) or None if said.isdecimal() else None
