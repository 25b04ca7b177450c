"""What a circuit needs of a GPU's memory and time, known before it starts."""

from collections.abc import Sequence
from math import log2

from backends.statevector_mpi.needs import Needs
from backends.statevector_mpi.plan import PassPlan

AMPLITUDE_BYTES = 8
CONTEXT_MB = 1024
"""Of a GPU's memory for its context, tables, sums and draws: a guess on the high side."""
LEAF_SHARE = 1 / 128
"""Of the memory for amplitudes: a sum in double precision for every leaf."""
HOST_SHARE = 3 / 128
"""The same, and a tree over it, in the memory of the rank."""
HOST_MB = 1024
"""Interpreter, Numba and the driver's libraries of the rank: a guess on the high side."""
AMPLITUDE_PASS_S = 1.6e-10
"""Seconds an amplitude and pass: 16 bytes at 100 GB/s, which is little for any GPU; nothing was measured."""
STRING_PASSES = 4
"""Passes that an expectation value of a Pauli string counts as."""
START_S = 120.0
"""The rank, its imports, the GPU's context, the compiler: a guess on the high side."""
PASS_S = 1e-3
"""A pass of few amplitudes."""


def gpu_mb(qubits: int) -> int:
    """MiB of the GPU."""
    return int(2.0**qubits * AMPLITUDE_BYTES * (1 + LEAF_SHARE) / 2**20) + CONTEXT_MB


def holds(memory_mb: int) -> int:
    """The qubits of the largest circuit that so many MiB of a GPU hold."""
    left = (memory_mb - CONTEXT_MB) * 2**20 / (AMPLITUDE_BYTES * (1 + LEAF_SHARE))
    return int(log2(left)) if left >= 1 else 0


def host_mb(qubits: int, kept_bytes: int = 0) -> int:
    """MiB of the rank."""
    return int((2.0**qubits * AMPLITUDE_BYTES * HOST_SHARE + kept_bytes) / 2**20) + HOST_MB


def gpu_needs(plans: Sequence[tuple[PassPlan, int]], terms: Sequence[int], kept_bytes: int) -> Needs:
    """Bounds what plans need, each with its parameter sets and the strings that are asked about."""
    wall_s = START_S
    for (plan, sets), strings in zip(plans, terms, strict=True):
        passes = 4 + len(plan.passes) + STRING_PASSES * strings
        wall_s += sets * passes * (2.0**plan.qubits * AMPLITUDE_PASS_S + PASS_S)
    widest = max(plan.qubits for plan, _ in plans)
    return Needs(host_mb(widest, kept_bytes), wall_s, wall_s, gpu_mb(widest))
