"""Circuits that share all but their last one-qubit gates: recognised, evolved once, distributed as alone.

The slow twins are Qiskit's density matrix and state vector, gate by gate, and Aer, a circuit each.
"""

import io
from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from qiskit import QuantumCircuit, qasm3
from qiskit.circuit.random import random_circuit
from qiskit.quantum_info import DensityMatrix, Statevector, SuperOp
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel

from backends.aer import run as ideal
from backends.circuits.pictures import Amplitudes, PauliVector, Picture
from backends.circuits.programs import compiled
from backends.circuits.pubs import load_circuit, load_values
from backends.circuits.together import Sampled, distribution, evolved
from backends.ibm_runtime import run as rehearsal
from backends.ibm_runtime.channels import channels
from backends.ibm_runtime.noise import simulator
from backends.ibm_runtime.transpilation import CalibratedTarget, IsaCircuit, transpile_batch
from escalation.model.blob import Blob
from escalation.model.kinds.circuit_batch import CircuitBatch, Pub
from escalation.model.report import Report
from escalation.model.result import RawResult

BASES = {"x": "h q[{0}];", "y": "sdg q[{0}]; h q[{0}];", "z": ""}
CONTEXT = {"device": "fake_boston", "usd_per_qpu_s": None}
Floats = NDArray[np.float64]


def npy(values: Any) -> Blob:
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(values, dtype=np.float64))
    return Blob(buffer.getvalue())


def kernel(basis: str, qubits: int = 4, ring: bool = False, rows: int = 3, shots: int = 100) -> Pub:
    """Two layers of rotations and exponentials of ZZ, every qubit measured in one basis."""
    names = tuple(f"x_{k}" for k in range(qubits))
    lines = ["OPENQASM 3.0;", 'include "stdgates.inc";', *(f"input float[64] {name};" for name in names)]
    lines += [f"bit[{qubits}] c;", f"qubit[{qubits}] q;"]
    pairs = [(k, k + 1) for k in range(qubits - 1)] + ([(qubits - 1, 0)] if ring else [])
    for _ in range(2):
        lines += [f"ry(x_{k}) q[{k}]; rz(x_{k}) q[{k}];" for k in range(qubits)]
        for a, b in pairs:
            lines += [f"cx q[{a}], q[{b}];", f"rz(x_{a}*x_{b}) q[{b}];", f"cx q[{a}], q[{b}];"]
    lines += [BASES[basis].format(k) for k in range(qubits)]
    values = np.random.default_rng(3).uniform(0.0, 2.0, (rows, qubits))
    return Pub("\n".join([*lines, "c = measure q;"]), npy(values), names, shots)


def distributions(sampled: Sampled, picture: Picture) -> Floats:
    """What is read from every parameter set, shape (sets, 2^n)."""
    pub = sampled.pub
    program = compiled(sampled.circuit, pub.parameter_names, load_values(pub), picture, sampled.noise)
    assert program is not None
    parts = [
        distribution(state, program, rows, picture, sampled.misread)
        for rows, state in evolved(program, sampled.sets, picture)
    ]
    return np.concatenate(parts)


def bound(isa: IsaCircuit, pub: Pub, row: int) -> QuantumCircuit:
    values = dict(zip(pub.parameter_names, load_values(pub)[row], strict=True))
    return isa.small.remove_final_measurements(inplace=False).assign_parameters(values)


def read(found: Floats, model: NoiseModel, qubits: int) -> Floats:
    """Mixes probabilities by the readout errors of a noise model."""
    reading = np.eye(1)
    for qubit in range(qubits):
        reading = np.kron(model._local_readout_errors[qubit,].probabilities.T, reading)
    return np.asarray(reading @ found)


def gate_by_gate(circuit: QuantumCircuit, model: NoiseModel) -> Floats:
    """Probabilities from Qiskit's density matrix, a gate and its channel after the other."""
    state = DensityMatrix.from_label("0" * circuit.num_qubits)
    for instruction in circuit.data:
        where = [circuit.find_bit(qubit).index for qubit in instruction.qubits]
        state = state.evolve(instruction.operation, where)
        error = model._local_quantum_errors.get(instruction.name, {}).get(tuple(where))
        state = state if error is None else state.evolve(SuperOp(error), where)
    return np.asarray(state.probabilities())


def by_aer(circuit: QuantumCircuit, aer: AerSimulator) -> Floats:
    """Probabilities from Aer's density matrix."""
    saved = circuit.copy()
    saved.save_density_matrix()
    return np.asarray(aer.run(saved).result().data()["density_matrix"].probabilities())


# Aer drops the smallest terms of a channel: its trace falls below 1, under some calibrations by 1e-8
@pytest.mark.parametrize(
    ("device", "twirling", "ring", "aers_error"),
    [
        ("fake_boston", False, True, 1e-10),
        ("fake_fez", True, False, 1e-7),
        ("fake_brisbane", False, False, 1e-7),
    ],
)
def test_a_rehearsal_is_distributed_as_its_density_matrix(
    device: str, twirling: bool, ring: bool, aers_error: float
) -> None:
    pubs = [kernel(basis, qubits=3, ring=ring, rows=2) for basis in BASES]
    for isa, pub in zip(transpile_batch(CalibratedTarget.snapshot(device), pubs, 2, 7), pubs, strict=True):
        aer, noise = simulator(device, isa.qubits, twirling, 1), channels(device, isa.qubits, twirling)
        model = aer.options.noise_model
        found = distributions(Sampled(isa.small, pub, 1, noise.after, noise.misread), PauliVector())
        circuit = bound(isa, pub, 1)
        assert np.abs(found[1] - read(gate_by_gate(circuit, model), model, 3)).max() < 1e-10
        assert np.abs(found[1] - read(by_aer(circuit, aer), model, 3)).max() < aers_error


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("picture", [Amplitudes(), PauliVector()])
def test_any_gates_on_one_and_two_qubits_give_what_the_state_vector_gives(
    seed: int, picture: Picture
) -> None:
    circuit = random_circuit(5, 8, max_operands=2, seed=seed)
    twin = Statevector(circuit).probabilities()
    circuit.measure_all()
    pub = Pub("OPENQASM 3.0;", npy([[]]), (), 1)
    assert np.abs(distributions(Sampled(circuit, pub, 1), picture)[0] - twin).max() < 1e-10


def test_parameters_of_any_standard_gate_are_those_of_their_set() -> None:
    text = (
        'OPENQASM 3.0;\ninclude "stdgates.inc";\ninput float[64] a;\ninput float[64] b;\n'
        "bit[2] c;\nqubit[2] q;\nU(a, 2*b, a-b) q[0];\nh q[1];\ncp(a*b) q[1], q[0];\n"
        "rx(a/2) q[1];\ncrx(b) q[0], q[1];\nc = measure q;"
    )
    values = np.random.default_rng(1).uniform(-3, 3, (6, 2))
    pub = Pub(text, npy(values), ("a", "b"), 1)
    circuit = load_circuit(pub)
    found = distributions(Sampled(circuit, pub, 1), Amplitudes())
    bare = circuit.remove_final_measurements(inplace=False)
    for row, (a, b) in zip(found, values, strict=True):
        twin = Statevector(bare.assign_parameters({"a": a, "b": b})).probabilities()
        assert np.abs(row - twin).max() < 1e-10


def sampled(pubs: list[Pub], noisy: bool, **options: Any) -> RawResult:
    work = CircuitBatch(tuple(pubs), options, seed=5)
    return rehearsal.sample(work, CONTEXT, Report()) if noisy else ideal.sample(work, {}, Report())


def together(result: RawResult) -> list[list[int]]:
    found: list[list[int]] = result.provenance["evolved_together"]["pubs"]
    return found


# a ring is routed, and from level 1 on each basis on a way, or on qubits, of its own: then nothing is shared
@pytest.mark.parametrize(("level", "ring"), [(0, False), (1, False), (2, False), (3, False), (0, True)])
def test_bases_are_recognised_however_they_were_compiled(level: int, ring: bool) -> None:
    pubs = [kernel(basis, ring=ring, rows=2, shots=1) for basis in BASES]
    assert together(sampled(pubs, noisy=True, optimization_level=level)) == [[0, 1, 2]]


def test_what_differs_before_the_last_gates_is_left_to_the_simulator_with_its_bits() -> None:
    # another angle, another number of sets, another entangler: nothing is shared with the first pub
    first = kernel("z")
    others = [
        Pub(first.qasm3, npy(load_values(first) + 0.1), first.parameter_names, 100),
        kernel("x", rows=2),
        kernel("x", ring=True),
    ]
    for noisy in (False, True):
        alone, beside = sampled([first], noisy), sampled([first, *others], noisy)
        assert together(beside) == []
        assert alone.files["bits-0.npy"].data == beside.files["bits-0.npy"].data


@pytest.mark.parametrize(
    "part", ["reset q[0];", "ccx q[0], q[1], q[2];", "c[0] = measure q[0];", "if (c[0]) { x q[0]; }"]
)
def test_what_is_no_gate_on_two_qubits_is_left_to_the_simulator(part: str) -> None:
    texts = [kernel(basis).qasm3.replace("cx q[0]", f"{part}\ncx q[0]", 1) for basis in BASES]
    one = kernel("z")
    result = sampled([Pub(text, one.parameters, one.parameter_names, 10) for text in texts], noisy=False)
    assert result.ok, result.error
    assert together(result) == []


def ones(result: RawResult, number: int) -> Floats:
    """Means of the bits, shape (sets, classical bits), classical bit 0 first."""
    bits = np.load(io.BytesIO(result.files[f"bits-{number}.npy"].data))
    width = result.values["pubs"][number]["bits"]
    means: Floats = np.unpackbits(bits, axis=2)[:, :, ::-1][:, :, :width].mean(axis=1)
    return means


@pytest.mark.parametrize("noisy", [False, True])
def test_samples_follow_their_circuit_set_by_set_and_bit_by_bit(noisy: bool) -> None:
    # ry(a) on qubit 0, nothing on 1; classical bits 9 and 2 take them. The Bloch vector is (sin a, 0, cos a)
    body = (
        'OPENQASM 3.0;\ninclude "stdgates.inc";\ninput float[64] a;\nbit[10] c;\nqubit[3] q;\n'
        "ry(a) q[0];\ncz q[1], q[2];\n{0}\nc[9] = measure q[0];\nc[2] = measure q[1];"
    )
    angles, shots = np.array([0.4, 1.3, 2.2]), 20000
    pubs = [
        Pub(body.format(basis.format(0)), npy(angles[:, None]), ("a",), shots) for basis in BASES.values()
    ]
    result = sampled(pubs, noisy)
    assert together(result) == [[0, 1, 2]]
    slack = 5 * np.sqrt(0.25 / shots) + (0.03 if noisy else 0.0)
    for number, mean in enumerate([np.sin(angles), 0 * angles, np.cos(angles)]):
        found = ones(result, number)
        assert np.abs(found[:, 9] - (1 - mean) / 2).max() < slack
        assert (found[:, 2] <= (0.03 if noisy else 0.0)).all()
        assert not found[:, [0, 1, 3, 4, 5, 6, 7, 8]].any()


def test_a_set_has_the_same_samples_whatever_is_beside_it() -> None:
    def bits(result: RawResult, number: int) -> NDArray[np.uint8]:
        return np.asarray(np.load(io.BytesIO(result.files[f"bits-{number}.npy"].data)))

    few, many = (sampled([kernel(b, rows=rows) for b in BASES], noisy=True) for rows in (2, 7))
    for number in range(3):
        # the rows of both begin alike: they are drawn from one generator, row by row
        assert (bits(few, number) == bits(many, number)[:2]).all()
    first, second = bits(many, 0)[0], bits(many, 1)[0]
    assert (first != second).any()


def test_circuits_without_parameters_give_every_set_samples_of_its_own() -> None:
    circuits = [QuantumCircuit(2, 2) for _ in range(2)]
    for circuit, last in product(circuits, (0, 1)):
        circuit.h(last)
    circuits[0].cx(0, 1)
    circuits[1].cx(0, 1)
    circuits[1].h(0)
    for circuit in circuits:
        circuit.measure([0, 1], [0, 1])
    pubs = [Pub(qasm3.dumps(circuit), npy(np.zeros((3, 0))), (), 64) for circuit in circuits]
    result = sampled(pubs, noisy=False)
    assert together(result) == [[0, 1]]
    bits = np.load(io.BytesIO(result.files["bits-0.npy"].data))
    assert bits.shape == (3, 64, 1)
    assert (bits[0] != bits[1]).any()
    assert (bits[1] != bits[2]).any()
