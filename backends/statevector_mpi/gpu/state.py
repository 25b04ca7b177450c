"""A state on a GPU, and the program that evolves the circuits of a batch there."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numba import cuda

from backends.circuits.pictures import Array
from backends.statevector_mpi.exchange import Partners
from backends.statevector_mpi.fusion import Dense
from backends.statevector_mpi.gpu import kernels
from backends.statevector_mpi.kernels import Floats, Whole
from backends.statevector_mpi.plan import PassPlan
from backends.statevector_mpi.program import HeldState, States, carried_out, gathered
from backends.statevector_mpi.sums import in_pairs
from backends.statevector_mpi.vector import tables
from escalation.model.output import Output
from escalation.model.report import Report

ROUNDING = 1.2e-7
"""Of a number in single precision: what a pass may add to the norm."""


class GpuVector:
    """Amplitudes on a GPU: a qubit's position is its number, and there is one rank.

    Attributes:
        amplitudes: complex64 on the device, shape (2^local,).
        local: qubits.
        drift: of the sum of all probabilities from 1 at most: rounding of every pass in one direction.
    """

    ranks: ClassVar[list[int]] = [0]
    number = 0

    def __init__(self, partners: Partners, amplitudes: Any) -> None:
        self.partners, self.amplitudes = partners, amplitudes
        self.local, self.drift = int(amplitudes.size).bit_length() - 1, 0.0

    def evolve(self, plan: PassPlan) -> None:
        """Sets |0…0⟩ and applies the passes of a plan with one parameter set."""
        state = self.amplitudes
        kernels.start[kernels.grid(state.size)](state)
        for each in plan.passes:
            if isinstance(each, Dense):
                self._dense(each.qubits, each.matrix[0])
            else:
                for qubits, table in tables(each):
                    factors = table.view(np.complex128)[:, 0]
                    where = cuda.to_device(np.array(qubits, dtype=np.int64))
                    kernels.diagonal[kernels.grid(state.size)](state, _single(factors), where)
        self.drift = ROUNDING * (10 + len(plan.passes))

    def _dense(self, qubits: Sequence[int], matrix: Array) -> None:
        state, kernel = self.amplitudes, kernels.one_qubit if len(qubits) == 1 else kernels.two_qubits
        kernel[kernels.grid(state.size >> len(qubits))](state, *qubits, _single(matrix))

    def read(self, part: Floats) -> None:
        """Copies the amplitudes, shape (2^local, 2)."""
        part[:] = self.amplitudes.copy_to_host().view(np.float32).reshape(-1, 2)

    def leaf_sums(self) -> Floats:
        """See `EvolvedState`."""
        sums = cuda.device_array(self.amplitudes.size // kernels.LEAF, np.float64)
        kernels.leaf_sums[kernels.grid(sums.size)](self.amplitudes, sums)
        return np.asarray(sums.copy_to_host())

    def drawn(self, leaves: Whole, rests: Floats) -> Whole:
        """See `EvolvedState`."""
        if not len(leaves):
            return leaves
        found = cuda.to_device(leaves)
        on_device = cuda.to_device(leaves), cuda.to_device(np.ascontiguousarray(rests))
        kernels.drawn[kernels.grid(len(leaves))](self.amplitudes, *on_device, found)
        return np.asarray(found.copy_to_host())

    def correlations(self, flips: int, signs: Whole, parts: Whole) -> Floats:
        """See `EvolvedState`."""
        threads = min(kernels.SUMMING, self.amplitudes.size)
        sums = cuda.device_array((len(signs), threads), np.float64)
        on_device = cuda.to_device(signs), cuda.to_device(parts)
        kernels.correlate[kernels.grid(threads)](self.amplitudes, flips, *on_device, sums)
        return np.asarray(in_pairs(sums.copy_to_host())[-1][:, 0])


def _single(array: Array) -> Any:
    return cuda.to_device(np.ascontiguousarray(array, dtype=np.complex64))


class GpuStates(States):
    """Evolves circuits in the memory of the GPU that this process sees first."""

    evidence: ClassVar[Mapping[str, Any]] = {"precision": "single"}

    def __init__(self, comm: Any, pubs: list[Any], report: Report) -> None:
        if comm.Get_size() != 1:
            raise ValueError(f"expected one rank for a GPU, got {comm.Get_size()}")
        super().__init__(comm, pubs, report)

    def memory(self, amplitudes: int) -> Any:
        """Takes memory on the device."""
        return cuda.device_array(amplitudes, np.complex64)

    def vector(self, qubits: int, memory: Any) -> HeldState:
        """A state in memory on the device."""
        return GpuVector(self.partners, memory)


def run(comm: Any, params: Mapping[str, Any], inputs: Mapping[str, bytes], report: Report) -> Output | None:
    """As `program.run`, on a GPU."""
    return carried_out(GpuStates(comm, params["pubs"], report), params["pubs"], inputs)


def amplitudes(
    comm: Any, params: Mapping[str, Any], inputs: Mapping[str, bytes], report: Report
) -> Output | None:
    """As `program.amplitudes`, on a GPU: complex128 of what is complex64 there."""
    return gathered(GpuStates(comm, params["pubs"], report), params["pubs"], inputs)
