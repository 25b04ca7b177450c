"""State vectors on a GPU: `python -m bench.statevector --device gpu`, in three minutes at most.

The same circuits as over ranks, as large as the GPU holds. Each is evolved once before it is measured, so
that its kernels are compiled. Bandwidth counts one read and one write of every amplitude a pass. At the
smallest size the amplitudes are compared with those that one rank makes in double precision, at every size
the norm is checked. Where the time is up, larger sizes are left out.
"""

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.statevector_mpi.circuit import planned
from backends.statevector_mpi.exchange import Partners
from backends.statevector_mpi.gpu import found
from backends.statevector_mpi.gpu.needs import holds
from backends.statevector_mpi.kernels import LEAF
from backends.statevector_mpi.plan import PassPlan
from backends.statevector_mpi.reading import Probabilities
from backends.statevector_mpi.vector import Vector
from bench.machine import machine
from bench.statevector_circuits import fourier, random

COMPARED = 20
SIZES = (COMPARED, 26, 28, 30, 32, 33)
LONGEST_S = 150.0
"""Seconds after which no further size is begun."""


def show() -> None:
    """Measures and prints; raises `BackendError` where there is no GPU."""
    from mpi4py import MPI
    from numba import cuda

    from backends.statevector_mpi.gpu.state import GpuVector

    gpu, began = found.first(), time.monotonic()
    print(f"{machine()}\n{gpu.name}, {gpu.memory_mb} MiB, numba's CUDA target: {cuda.implementation}")
    sizes = [each for each in SIZES if each <= holds(gpu.memory_mb)]
    memory = cuda.device_array(2 ** max(sizes), np.complex64)
    for qubits in sizes:
        for name, make in (("Fourier transform", fourier), ("Random circuit", random)):
            if time.monotonic() - began > LONGEST_S:
                print(f"{name}, {qubits} qubits: left out, {LONGEST_S:g} s are over")
                continue
            circuit = make(qubits)
            plan = planned(circuit, (), np.zeros((1, 0))).plan
            partners = Partners(MPI.COMM_SELF, 2**qubits, LEAF)
            vector = GpuVector(partners, memory[: 2**qubits])
            elapsed_s = _elapsed_s(vector, plan, cuda.synchronize)
            moved = 2 * 8 * 2.0**qubits * len(plan.passes) / 1e9
            norm = Probabilities(vector).norm
            print(
                f"{name}, {qubits} qubits, {circuit.size()} gates, {len(plan.passes)} passes: "
                f"{elapsed_s:.4f} s, {elapsed_s / circuit.size() * 1e3:.3f} ms a gate, "
                f"{moved / elapsed_s:.0f} GB/s, norm 1 {norm - 1:+.0e}"
                f"{_compared(vector, plan, partners) if qubits == COMPARED else ''}"
            )


def _elapsed_s(vector: Any, plan: PassPlan, synchronize: Any) -> float:
    """Seconds of evolving the state a second time."""
    vector.evolve(plan)
    synchronize()
    since = time.perf_counter()
    vector.evolve(plan)
    synchronize()
    return time.perf_counter() - since


def _compared(vector: Any, plan: PassPlan, partners: Partners) -> str:
    """How far the amplitudes are from those of one rank."""
    parts: list[NDArray[np.float64]] = [np.empty((2**plan.qubits, 2)) for _ in range(2)]
    vector.read(parts[0])
    ranked = Vector(partners, plan.qubits, np.empty((2**plan.qubits, 2)))
    ranked.evolve(plan)
    ranked.read(parts[1])
    apart = np.abs(parts[0] - parts[1]).max()
    return (
        f", amplitudes within {apart:.1e} of one rank's, the largest of which is {np.abs(parts[1]).max():.1e}"
    )
