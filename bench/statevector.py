"""State vectors over 1, 2 and 4 MPI ranks beside Aer: a Fourier transform and a random circuit.

    python -m bench.statevector [--qubits 22] [--repeats 3]
    python -m bench.statevector --device gpu

Method: what the Intel Quantum Simulator's benchmarks report (Guerreschi et al. 2020, arXiv:2001.10554): time
a gate, bandwidth, bytes sent, strong and weak scaling. The random circuit has ten layers, in each a rotation
of every qubit and a CX on random pairs. Every number of ranks has a world of its own, warm and with its
kernels compiled; in each repeat, Aer (its state-vector method, fusion on, one thread, double and single
precision) and every world take their turn, so that what else the machine does falls on all alike. CPU seconds
are those of all ranks together, waiting included; more ranks than processors share them. Bandwidth counts one
read and one write of every amplitude a pass. Memory is the growth of what a rank has resident, against the
bytes of its amplitudes. The states of all worlds are compared: they have to be the same bits.
"""

import argparse
import io
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from backends.circuits.pubs import npy_bytes
from backends.mpi.backend import MpiBackend
from backends.statevector_mpi.circuit import planned
from backends.statevector_mpi.exchange import Partners
from backends.statevector_mpi.kernels import LEAF, read
from backends.statevector_mpi.plan import PassPlan
from backends.statevector_mpi.program import local_bits
from backends.statevector_mpi.reading import Probabilities
from backends.statevector_mpi.vector import Vector
from bench import statevector_gpu
from bench.machine import machine
from bench.statevector_circuits import fourier, random
from escalation.inputs.settings import Settings
from escalation.model.blob import Blob
from escalation.model.kinds.mpi_program import MpiProgram
from escalation.model.output import Output
from escalation.model.report import Report
from escalation.model.resources import Resources

RANKS = (1, 2, 4)
MIB = 2**20


def measure(
    comm: Any, params: Mapping[str, Any], inputs: Mapping[str, bytes], report: Report
) -> Output | None:
    """The MPI program: evolves a circuit once, and says what that took."""
    plan = PassPlan.decoded(params["plan"], np.load(io.BytesIO(inputs["numbers"])))
    before = psutil.Process().memory_info().rss
    size = 2 ** local_bits(plan.qubits, comm.Get_size())
    partners = Partners(comm, size, LEAF)
    vector = Vector(partners, plan.qubits, np.empty((size, 2)))
    vector.amplitudes[:] = 0.0
    comm.Barrier()
    wall, cpu = time.perf_counter(), time.process_time()
    vector.evolve(plan)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    norm = Probabilities(vector).norm
    grown = (psutil.Process().memory_info().rss - before) / vector.amplitudes.nbytes
    mine = {
        "cpu_s": cpu,
        "wall_s": wall,
        "sent": partners.bytes_sent,
        "exchanges": partners.exchanges,
        "memory": grown,
        "bits": _digests(vector) if params["digests"] else [],
    }
    everybody = comm.gather(mine, root=0)
    if everybody is None:
        return None
    return Output({"ranks": [everybody[rank] for rank in vector.ranks], "norm": norm})


def _digests(vector: Vector) -> list[str]:
    """Of a sixteenth of all amplitudes each, in order: the same however many ranks hold them."""
    part: NDArray[np.float64] = np.empty((2**vector.qubits // 16, 2))
    found = []
    for start in range(0, len(vector.amplitudes), len(part)):
        read(vector.amplitudes, vector.positions, start, 0, part)
        found.append(sha256(part.tobytes()).hexdigest())
    return found


@dataclass
class RankedWorld:
    """A warm world of so many ranks."""

    ranks: int
    backend: MpiBackend
    folders: Iterator[Path]
    memory: float = 0.0

    def run(self, circuit: Any, digests: bool = False) -> Mapping[str, Any]:
        """Evolves a circuit once."""
        plan, numbers = planned(circuit, (), np.zeros((1, 0))).plan.encoded()
        work = MpiProgram(
            "bench.statevector:measure",
            {"plan": plan, "digests": digests},
            {"numbers": Blob(npy_bytes(numbers))},
            Resources(ranks=self.ranks, wall_s=3600.0, memory_mb=1),
        )
        handle = self.backend.submit(work, next(self.folders))
        while not self.backend.wait(handle, 60).state.final:
            pass
        result = self.backend.result(handle)
        assert result.ok, result.error
        # a block that was freed and taken again does not grow what is resident
        self.memory = max(self.memory, *(each["memory"] for each in result.values["ranks"]))
        return {**result.values, "passes": len(plan["passes"]), "memory": self.memory}


@dataclass
class Measured:
    """Seconds of one way to run a circuit, by repeat, and what does not change."""

    cpu_s: list[float] = field(default_factory=list)
    wall_s: list[float] = field(default_factory=list)
    said: Mapping[str, Any] = field(default_factory=dict)

    @property
    def cpu(self) -> float:
        """The median of CPU seconds."""
        return median(self.cpu_s)


def aer(circuit: Any, precision: str, into: Measured) -> None:
    """Evolves a circuit once with Aer."""
    from qiskit_aer import AerSimulator

    simulator = AerSimulator(method="statevector", precision=precision, max_parallel_threads=1)
    read_one = circuit.copy()
    read_one.save_amplitudes([0])
    cpu, wall = time.process_time(), time.perf_counter()
    result = simulator.run(read_one, shots=1).result()
    into.cpu_s.append(time.process_time() - cpu)
    into.wall_s.append(time.perf_counter() - wall)
    assert result.success, result.status


def ranked(world: RankedWorld, circuit: Any, into: Measured) -> None:
    """Evolves a circuit once over ranks."""
    into.said = world.run(circuit)
    into.cpu_s.append(sum(each["cpu_s"] for each in into.said["ranks"]))
    into.wall_s.append(max(each["wall_s"] for each in into.said["ranks"]))


def strong(worlds: list[RankedWorld], name: str, circuit: Any, repeats: int) -> None:
    """Measures one circuit every way, and prints."""
    gates, qubits = circuit.size(), circuit.num_qubits
    precisions = {each: Measured() for each in ("double", "single")}
    ways = {world.ranks: Measured() for world in worlds}
    for _ in range(repeats):
        for precision, into in precisions.items():
            aer(circuit, precision, into)
        for world in worlds:
            ranked(world, circuit, ways[world.ranks])
    base = precisions["double"].cpu
    print(f"{name}, {qubits} qubits, {gates} gates")
    for precision, found in precisions.items():
        print(f"  Aer {precision:<6} {_seconds(found, gates)}  {found.cpu / base:5.2f} x Aer double")
    for ranks, found in ways.items():
        first = ways[min(ways)].cpu
        added = (
            f"{found.cpu / first - 1:+.0%} by splitting" if ranks > 1 else f"{found.said['passes']} passes"
        )
        print(f"  {ranks} ranks    {_seconds(found, gates)}  {found.cpu / base:5.2f} x Aer double, {added}")
        print(f"             {_traffic(found, qubits)}")
    ran = [world.run(circuit, digests=True)["ranks"] for world in worlds]
    bits = {tuple(bits for rank in ranks for bits in rank["bits"]) for ranks in ran}
    print("  states: the same bits" if len(bits) == 1 else f"  states: {len(bits)} DIFFERENT")


def _seconds(found: Measured, gates: int) -> str:
    span = f"({min(found.cpu_s):.3f} to {max(found.cpu_s):.3f}, n={len(found.cpu_s)})"
    wall = median(found.wall_s)
    return f"{found.cpu:8.3f} CPU s {span}  {wall:7.3f} s elapsed, {wall / gates * 1e3:6.2f} ms a gate"


def _traffic(found: Measured, qubits: int) -> str:
    said = found.said["ranks"]
    moved = 2 * 16 * 2.0**qubits * found.said["passes"] / 1e9
    sent = max(each["sent"] for each in said) / 1e6
    memory = found.said["memory"]
    return (
        f"{moved / found.cpu:5.1f} GB a CPU s, {said[0]['exchanges']} exchanges, {sent:.1f} MB sent a rank, "
        f"memory {memory:.3f} x its amplitudes, norm 1 {found.said['norm'] - 1:+.0e}"
    )


def weak(worlds: list[RankedWorld], qubits: int, repeats: int) -> None:
    """As many amplitudes a rank on every number of ranks."""
    print(f"Weak scaling, 2^{qubits} amplitudes a rank: CPU ns an amplitude and pass")
    for name, make in (("Fourier transform", fourier), ("random", random)):
        cells = []
        for world in worlds:
            found, circuit = Measured(), make(qubits + world.ranks.bit_length() - 1)
            for _ in range(repeats):
                ranked(world, circuit, found)
            cells.append(found.cpu / found.said["passes"] / 2**circuit.num_qubits * 1e9)
        print(
            f"  {name:<18}"
            + "".join(f"{w.ranks:>4} ranks {c:5.2f}" for w, c in zip(worlds, cells, strict=True))
        )


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=("ranks", "gpu"), default="ranks")
    parser.add_argument("--qubits", type=int, default=22)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    if arguments.device == "gpu":
        statevector_gpu.show()
        return
    os.environ["OMP_NUM_THREADS"] = "1"
    print(machine())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folders = (folder / str(number) for number in count())
        worlds = [
            RankedWorld(
                ranks, stack.enter_context(closing(MpiBackend(Settings(home=folder), idle_s=3600.0))), folders
            )
            for ranks in RANKS
        ]
        for world in worlds:  # imports, and compiled kernels
            world.run(random(12))
            world.run(fourier(12))
            world.memory = 0.0
        strong(worlds, "Fourier transform", fourier(arguments.qubits), arguments.repeats)
        strong(worlds, "Random circuit", random(arguments.qubits), arguments.repeats)
        weak(worlds, arguments.qubits - 2, arguments.repeats)


if __name__ == "__main__":
    main()
