"""The circuit text and its simulation, against Qiskit and against a slow twin made of Kronecker products."""

from collections.abc import Mapping
from functools import reduce
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from problems.prediction.kernels.feature_map import angles, circuit, parameter_names
from problems.prediction.kernels.statevector import MAX_QUBITS, exact_features
from toolbox.arrays.types import Floats
from toolbox.circuits.qasm3 import BASES

PAULIS = {
    "x": np.array([[0, 1], [1, 0]], dtype=complex),
    "y": np.array([[0, -1j], [1j, 0]]),
    "z": np.diag([1.0 + 0j, -1.0]),
}
HADAMARD = np.array([[1, 1], [1, -1]]) / np.sqrt(2)


def on(operators: Mapping[int, NDArray[Any]], qubits: int) -> NDArray[Any]:
    """The operators {qubit: 2x2 matrix} on a register, qubit 0 rightmost as in Qiskit."""
    return reduce(np.kron, [operators.get(i, np.eye(2)) for i in reversed(range(qubits))])


def slow_features(row: Floats, qubits: int, layers: int) -> list[float]:
    """One row, gate by gate, every gate a full matrix from its definition."""
    fields, couplings = row[:qubits], row[qubits:]
    state = np.zeros(2**qubits, dtype=complex)
    state[0] = 1.0
    for _ in range(layers):
        state = on(dict.fromkeys(range(qubits), HADAMARD), qubits) @ state
        for i, angle in enumerate(fields):
            gate = np.diag(np.exp(-0.5j * angle * np.array([1, -1])))
            state = on({i: gate}, qubits) @ state
        for i, angle in enumerate(couplings):
            zz = np.diag(on({i: PAULIS["z"], i + 1: PAULIS["z"]}, qubits))
            state = np.exp(-0.5j * angle * zz) * state
    return [
        float((state.conj() @ on({i: PAULIS[basis]}, qubits) @ state).real)
        for basis in BASES
        for i in range(qubits)
    ]


@settings(max_examples=25, deadline=None)
@given(
    qubits=st.integers(1, 4),
    layers=st.integers(1, 3),
    entangled=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_fast_simulation_equals_kronecker_products(
    qubits: int, layers: int, entangled: bool, seed: int
) -> None:
    rows = np.random.default_rng(seed).normal(0.0, 2.0, (3, len(parameter_names(qubits, entangled))))
    expected = [slow_features(row, qubits, layers) for row in rows]
    np.testing.assert_allclose(exact_features(rows, qubits, layers), expected, atol=1e-12)


@pytest.mark.parametrize("entangled", [True, False])
@pytest.mark.parametrize("basis", BASES)
def test_the_text_means_what_the_simulation_computes(basis: str, entangled: bool) -> None:
    # independent: Qiskit reads the text and computes the probabilities of its measured state
    from qiskit import qasm3
    from qiskit.quantum_info import Statevector

    qubits, layers = 5, 2
    names = parameter_names(qubits, entangled)
    values = np.random.default_rng(3).normal(0.0, 1.5, len(names))
    read = qasm3.loads(circuit(qubits, layers, basis, entangled))
    assert {parameter.name for parameter in read.parameters} == set(names)
    bound = read.assign_parameters(dict(zip(names, values, strict=True)))
    measured = {
        bound.find_bit(i.clbits[0]).index: bound.find_bit(i.qubits[0]).index
        for i in bound.data
        if i.name == "measure"
    }
    assert measured == {i: i for i in range(qubits)}
    state = Statevector(bound.remove_final_measurements(inplace=False))
    up = [state.probabilities([i])[0] for i in range(qubits)]
    first = BASES.index(basis) * qubits
    exact = exact_features(values[None, :], qubits, layers)[0, first : first + qubits]
    np.testing.assert_allclose(2 * np.array(up) - 1, exact, atol=1e-12)


def test_two_qubit_gates_are_shallow_and_between_neighbours() -> None:
    from qiskit import qasm3

    read = qasm3.loads(circuit(8, 2, "z"))
    pairs = {
        tuple(read.find_bit(q).index for q in instruction.qubits)
        for instruction in read.data
        if len(instruction.qubits) == 2
    }
    assert pairs == {(i, i + 1) for i in range(7)}
    # two layers of two rounds of two CNOTs
    assert read.depth(lambda instruction: len(instruction.qubits) == 2) == 8


def test_without_entanglement_the_circuit_lacks_its_two_qubit_gates_and_nothing_else() -> None:
    lines = circuit(3, 2, "y").splitlines()
    kept = [line for line in lines if not line.startswith("cx") and "phi_" not in line]
    assert circuit(3, 2, "y", entangled=False).splitlines() == kept


def test_without_entanglement_a_qubit_knows_its_own_feature_only() -> None:
    one, other = np.array([[0.3, 1.0, -0.7]]), np.array([[0.3, -2.0, 1.1]])
    own = [0, 3, 6]
    free = [exact_features(angles(x, 2.0, False), 3, 2)[0] for x in (one, other)]
    np.testing.assert_allclose(free[0][own], free[1][own], atol=1e-12)
    coupled = [exact_features(angles(x, 2.0), 3, 2)[0] for x in (one, other)]
    assert np.abs(coupled[0][own] - coupled[1][own]).max() > 0.1


def test_angles_are_bandwidth_times_feature_and_products_of_neighbours() -> None:
    np.testing.assert_allclose(angles(np.array([[1.0, 2.0, -3.0]]), 0.5), [[0.5, 1.0, -1.5, 0.5, -1.5]])


def test_a_single_qubit_turns_in_the_plane() -> None:
    # RZ(θ) H |0⟩ has ⟨X⟩ = cos θ, ⟨Y⟩ = sin θ, ⟨Z⟩ = 0
    np.testing.assert_allclose(
        exact_features(np.array([[0.4]]), 1, 1), [[np.cos(0.4), np.sin(0.4), 0.0]], atol=1e-15
    )


def test_many_rows_are_simulated_in_parts_without_a_seam() -> None:
    rows = np.random.default_rng(0).normal(size=(300, 23))  # 256 rows of 12 qubits go at once
    together = exact_features(rows, 12, 1)
    np.testing.assert_allclose(together[[0, 255, 256, 299]], exact_features(rows[[0, 255, 256, 299]], 12, 1))


def test_beyond_twelve_qubits_it_refuses() -> None:
    with pytest.raises(ValueError, match="expected 1 to 12 qubits"):
        exact_features(np.zeros((1, 2 * MAX_QUBITS + 1)), MAX_QUBITS + 1, 1)
