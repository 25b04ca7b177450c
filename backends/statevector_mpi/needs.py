"""What a circuit needs of memory and time over so many ranks, known before it starts."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2

from backends.statevector_mpi.layout import least_traffic
from backends.statevector_mpi.plan import PassPlan
from escalation.model.amounts import Bounds
from escalation.model.errors import BadInput

MOST_QUBITS = 60
AMPLITUDE_BYTES = 16
OVER = 1 + 3 / 32
"""Of a rank's memory over that for its amplitudes: a chunk and a quarter, sums of probabilities."""
RANK_MB = 192
"""Interpreter, NumPy, Numba and MPI of a rank: 150 to 170 MiB here."""
LEAST_SPLIT = 17
"""Base-2 logarithm of the amplitudes a rank below which splitting further gains nothing."""
AMPLITUDE_PASS_S = 1.2e-8
"""CPU-seconds an amplitude and pass: three times the 2.5e-9 to 3.6e-9 measured here."""
AMPLITUDE_SENT_S = 4e-8
"""Seconds an amplitude that a rank sends: three times what was measured through shared memory."""
START_S = 30.0
"""Ranks, their imports, and the compiler at the very first use."""
SET_PASS_S = 1e-3
"""A pass of few amplitudes."""


@dataclass(frozen=True)
class Needs:
    """What a batch needs.

    Attributes:
        memory_mb: MiB of all ranks together.
        wall_s: seconds at most, if every rank has a processor.
        cpu_s: seconds of all ranks together.
        gpu_mb: MiB of a GPU; 0 where the amplitudes are the ranks'.
    """

    memory_mb: int
    wall_s: float
    cpu_s: float
    gpu_mb: int = 0

    @property
    def where(self) -> str:
        """Where the amplitudes are, and how precise."""
        return "on a GPU, single precision" if self.gpu_mb else "over ranks, double precision"

    @property
    def bounds(self) -> Bounds:
        """The seconds of everything that is used."""
        used = Bounds(wall_s=self.wall_s, cpu_s=self.cpu_s)
        return used.but(gpu_s=self.wall_s) if self.gpu_mb else used


def ranks_for(qubits: int, asked: int, default: int) -> int:
    """How many ranks a batch is run on.

    Args:
        qubits: of its widest circuit.
        asked: by the work; 1 is what work asks for that says nothing.
        default: ranks of the site.

    Returns:
        What was asked for, else the largest power of two within the default that leaves every rank enough.

    Raises:
        BadInput: when another number than a power of two was asked for.
    """
    if asked & (asked - 1):
        lower = 1 << (asked.bit_length() - 1)
        raise BadInput(f"expected a power of two of ranks, got {asked}; ask for {lower} or {2 * lower}")
    if asked > 1:
        return asked
    return min(1 << (default.bit_length() - 1), 1 << max(0, qubits - LEAST_SPLIT))


def needs(
    plans: Sequence[tuple[PassPlan, int]], terms: Sequence[int], ranks: int, kept_bytes: int = 0
) -> Needs:
    """Bounds what plans need, each with its parameter sets and the strings that are asked about.

    Args:
        plans: with the number of parameter sets of each.
        terms: the strings of each.
        ranks: that they run on.
        kept_bytes: that all ranks keep beside the amplitudes, of samples.
    """
    widest = max(plan.qubits for plan, _ in plans)
    cpu_s, global_ = START_S * ranks, ranks.bit_length() - 1
    for (plan, sets), strings in zip(plans, terms, strict=True):
        passes = 4 + len(plan.passes) + strings
        exchanged = sent(plan, global_) * AMPLITUDE_SENT_S
        each_s = 2.0**plan.qubits * (passes * AMPLITUDE_PASS_S + exchanged) + ranks * passes * SET_PASS_S
        cpu_s += sets * each_s
    return Needs(memory_mb(widest, ranks) + kept_bytes // 2**20, cpu_s / ranks, cpu_s)


def memory_mb(qubits: int, ranks: int) -> int:
    """MiB of all ranks together."""
    return int(2.0**qubits * AMPLITUDE_BYTES * OVER / 2**20) + RANK_MB * ranks


def holds_log2(memory: int, ranks: int) -> float:
    """Base-2 logarithm of the amplitudes that so many MiB of all ranks together hold."""
    left = (memory - RANK_MB * ranks) * 2**20 / (AMPLITUDE_BYTES * OVER)
    return max(0.0, log2(left)) if left > 1 else 0.0


def sent(plan: PassPlan, global_: int) -> float:
    """The share of its amplitudes that a rank sends for a plan with so many global qubits."""
    if not 0 < global_ < plan.qubits - 1:
        return 0.0
    return least_traffic(plan.qubits, plan.qubits - global_, plan.passes)[0]
