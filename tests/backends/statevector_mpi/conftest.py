"""Circuits, and what 1, 2 and 4 ranks make of them."""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from qiskit import QuantumCircuit, qasm3
from qiskit.quantum_info import random_clifford

from backends.mpi.backend import MpiBackend
from backends.statevector_mpi.backend import DurableStatevectorBackend, StatevectorBackend, open_backend
from backends.statevector_mpi.fusion import Dense, Pass
from backends.statevector_mpi.planning import plan
from escalation.inputs.settings import Settings
from escalation.model.blob import Blob
from escalation.model.kinds.circuit_batch import CircuitBatch, Pub
from escalation.model.kinds.expectation_batch import EstimatorPub, ExpectationBatch
from escalation.model.kinds.mpi_program import MpiProgram
from escalation.model.report import Report
from escalation.model.resources import Resources
from escalation.model.result import RawResult

AnyStatevector = StatevectorBackend | DurableStatevectorBackend
RANKS = (1, 2, 4)
CONTEXT = {"device": "statevector_mpi", "ranks": 1, "memory_mb": None}
ONE = (
    *(("h", 0), ("x", 0), ("y", 0), ("z", 0), ("s", 0), ("sdg", 0), ("t", 0), ("tdg", 0), ("sx", 0)),
    *(("rx", 1), ("ry", 1), ("rz", 1), ("p", 1), ("u", 3)),
)
TWO = (
    *(("cx", 0), ("cy", 0), ("cz", 0), ("ch", 0), ("swap", 0)),
    *(("cp", 1), ("crx", 1), ("cry", 1), ("crz", 1), ("rzz", 1), ("rxx", 1), ("cu", 4)),
)
THREE = (("ccx", 0), ("cswap", 0))
QFT_OF = 11


def every_gate(qubits: int, gates: int, seed: int) -> QuantumCircuit:
    """Gates of every sort that programs use, each on random qubits."""
    rng, circuit = np.random.default_rng(seed), QuantumCircuit(qubits)
    sorts = [(1, gate) for gate in ONE] + [(2, gate) for gate in TWO] + [(3, gate) for gate in THREE]
    for number in range(gates):
        width, (name, angles) = (
            sorts[number % len(sorts)] if number < len(sorts) else sorts[rng.integers(len(sorts))]
        )
        if width <= qubits:
            where = [int(q) for q in rng.permutation(qubits)[:width]]
            getattr(circuit, name)(*rng.uniform(-3, 3, angles), *where)
    return circuit


def qft_of(number: int, qubits: int) -> QuantumCircuit:
    """The Fourier transform of a basis state, by its textbook circuit (Nielsen & Chuang, figure 5.1)."""
    circuit = QuantumCircuit(qubits)
    for qubit in range(qubits):
        if number >> qubit & 1:
            circuit.x(qubit)
    for qubit in reversed(range(qubits)):
        circuit.h(qubit)
        for other in reversed(range(qubit)):
            circuit.cp(np.pi / 2 ** (qubit - other), qubit, other)
    for qubit in range(qubits // 2):
        circuit.swap(qubit, qubits - 1 - qubit)
    return circuit


def ghz(qubits: int) -> QuantumCircuit:
    circuit = QuantumCircuit(qubits)
    circuit.h(0)
    for qubit in range(qubits - 1):
        circuit.cx(qubit, qubit + 1)
    return circuit


def mirrored(qubits: int) -> QuantumCircuit:
    """A circuit and its inverse, which the barrier keeps apart."""
    circuit = every_gate(qubits, 60, 5)
    circuit.barrier()
    return circuit.compose(circuit.inverse())


MADE: Mapping[str, Callable[[], QuantumCircuit]] = {
    "every gate, 11 qubits": lambda: every_gate(11, 160, 1),
    "every gate, 9 qubits": lambda: every_gate(9, 120, 2),
    "every gate, 3 qubits": lambda: every_gate(3, 50, 3),
    "one qubit": lambda: every_gate(1, 20, 4),
    "fourier": lambda: qft_of(QFT_OF, 10),
    "ghz": lambda: ghz(12),
    "mirrored": lambda: mirrored(10),
    "stabilizer": lambda: random_clifford(8, seed=3).to_circuit(),
    "nothing": lambda: QuantumCircuit(4),
}
NUMBER = {name: number for number, name in enumerate(MADE)}


@cache
def circuits() -> Mapping[str, QuantumCircuit]:
    """By name; made, as all that follows from them, by who needs them, not by all who collect tests."""
    return {name: make() for name, make in MADE.items()}


def circuit_of(passes: Sequence[Pass], qubits: int) -> QuantumCircuit:
    """The passes as a circuit of Qiskit, a slow twin of the kernels."""
    made = QuantumCircuit(qubits)
    for each in passes:
        if isinstance(each, Dense):
            made.unitary(each.matrix[0], list(each.qubits))
        else:
            for on, factors in each.terms.items():
                made.unitary(np.diag(factors[0]), list(on))
    return made


def npy(values: Any) -> Blob:
    stream = io.BytesIO()
    np.save(stream, np.asarray(values, dtype=np.float64))
    return Blob(stream.getvalue())


def no_parameters(sets: int = 1) -> Blob:
    return npy(np.zeros((sets, 0)))


def sampled(circuit: QuantumCircuit, shots: int) -> Pub:
    measured = circuit.copy()
    measured.measure_all()
    return Pub(qasm3.dumps(measured), no_parameters(), (), shots)


def observables(qubits: int, seed: int = 8) -> tuple[dict[str, float], ...]:
    """Strings of every letter at every place, some on the highest qubits alone."""
    rng = np.random.default_rng(seed)
    labels = {"".join(rng.choice(list("IXYZ"), qubits)) for _ in range(12)}
    labels |= {letter + "I" * (qubits - 1) for letter in "XYZ"} | {"I" * qubits}
    terms = {label: float(rng.normal()) for label in sorted(labels)}
    return (terms, *({label: 1.0} for label in terms))


@cache
def sampled_batch() -> CircuitBatch:
    """Samples of every circuit."""
    return CircuitBatch(tuple(sampled(each, 2000) for each in circuits().values()), seed=5)


@cache
def estimated_batch() -> ExpectationBatch:
    """Estimates of every circuit."""
    return ExpectationBatch(
        tuple(
            EstimatorPub(qasm3.dumps(each), no_parameters(), (), observables(each.num_qubits), 0.01)
            for each in circuits().values()
        ),
        seed=5,
    )


@cache
def wires() -> Mapping[str, list[int]]:
    """By circuit, which of its plan's qubits holds each of its own: swaps are names in a plan."""
    pubs = plan(estimated_batch(), CONTEXT, Report()).values["pubs"]
    return {name: pub["wires"] for name, pub in zip(MADE, pubs, strict=True)}


def loaded(blob: Blob) -> NDArray[Any]:
    array: NDArray[Any] = np.load(io.BytesIO(blob.data), allow_pickle=False)
    return array


@dataclass(frozen=True)
class World:
    """What the ranks of one world returned."""

    amplitudes: RawResult
    samples: RawResult
    estimates: RawResult

    def state(self, name: str) -> NDArray[np.complex128]:
        """A circuit's state, shape (2^qubits,), bit k of the index being the circuit's qubit k."""
        found, of = loaded(self.amplitudes.files[f"amplitudes-{NUMBER[name]}.npy"]), wires()[name]
        axes = [len(of) - 1 - wire for wire in reversed(of)]
        return found.reshape((2,) * len(of)).transpose(axes).ravel()


def program(batch: CircuitBatch | ExpectationBatch, name: str, ranks: int) -> MpiProgram:
    """A batch as an MPI program, planned in this process."""
    planned = plan(batch, CONTEXT, Report())
    path = f"backends.statevector_mpi.program:{name}"
    resources = Resources(ranks=ranks, wall_s=240.0)
    return MpiProgram(path, {"pubs": planned.values["pubs"]}, planned.files, resources)


@pytest.fixture(scope="session")
def run_on(tmp_path_factory: pytest.TempPathFactory) -> Callable[[MpiBackend, MpiProgram], RawResult]:
    """Runs a program to its end."""

    def run(backend: MpiBackend, work: MpiProgram) -> RawResult:
        handle = backend.submit(work, tmp_path_factory.mktemp("statevector"))
        assert backend.wait(handle, 240).state.final
        return backend.result(handle)

    return run


@pytest.fixture(scope="session")
def worlds(
    run_on: Callable[[MpiBackend, MpiProgram], RawResult], tmp_path_factory: pytest.TempPathFactory
) -> dict[int, World]:
    """What 1, 2 and 4 ranks make of all circuits."""
    home: Path = tmp_path_factory.mktemp("home")
    found = {}
    with closing(MpiBackend(Settings(home=home))) as backend:
        for ranks in RANKS:
            results = [
                run_on(backend, program(batch, name, ranks))
                for batch, name in (
                    (estimated_batch(), "amplitudes"),
                    (sampled_batch(), "run"),
                    (estimated_batch(), "run"),
                )
            ]
            assert all(result.ok for result in results), [result.error for result in results]
            found[ranks] = World(*results)
    return found


@pytest.fixture(scope="session")
def statevector(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[StatevectorBackend | DurableStatevectorBackend]:
    """The backend itself."""
    with closing(open_backend(Settings(home=tmp_path_factory.mktemp("home")))) as backend:
        yield backend
