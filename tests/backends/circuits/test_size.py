"""Bounds on classical simulation, against exact bond dimensions."""

from math import log2

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.quantum_info import Operator, Statevector

from backends.circuits.size import Entangler, entanglers, simulation_log2, two_qubit_depth


def test_a_chain_of_one_layer_is_a_matrix_product_state_of_bond_two() -> None:
    # 40 qubits, one gate over each cut: 2·40·2² = 320 amplitudes
    chain = [Entangler(k, k + 1) for k in range(39)]
    assert simulation_log2(40, chain) == pytest.approx(log2(320))


def test_without_entanglement_the_size_grows_with_the_number_of_qubits_only() -> None:
    assert simulation_log2(100, []) == pytest.approx(log2(200))


def test_deep_circuits_are_bounded_by_the_state_vector() -> None:
    assert simulation_log2(12, [Entangler(k, k + 1) for k in range(11)] * 20) == 12.0


def test_depth_counts_layers_of_gates_that_can_start_together() -> None:
    assert two_qubit_depth([Entangler(0, 1), Entangler(2, 3), Entangler(1, 2)]) == 2
    assert two_qubit_depth([]) == 0


@pytest.mark.parametrize("name", ["cx", "cz", "ecr", "swap", "iswap"])
def test_operator_schmidt_ranks_are_bounded(name: str) -> None:
    circuit = QuantumCircuit(2)
    getattr(circuit, name)(0, 1)
    # realigned as (out a, in a) x (out b, in b), the matrix rank is the operator Schmidt rank
    grid = Operator(circuit).data.reshape(2, 2, 2, 2).transpose(0, 2, 1, 3).reshape(4, 4)
    assert np.linalg.matrix_rank(grid) <= 2 ** entanglers(circuit)[0].rank_log2


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=6), st.integers(0, 2**32 - 1))
def test_no_cut_has_more_schmidt_terms_than_the_bound_allows(pairs: list[tuple[int, int]], seed: int) -> None:
    rng, circuit = np.random.default_rng(seed), QuantumCircuit(5)
    for a, b in pairs:
        for qubit in range(5):
            circuit.u(*rng.random(3) * 6, qubit)
        if a != b:
            circuit.cx(a, b)
    state = Statevector(circuit).data
    bond = max(np.linalg.matrix_rank(state.reshape(-1, 2**cut), tol=1e-9) for cut in range(1, 5))
    assert simulation_log2(5, entanglers(circuit)) >= min(5.0, 1 + log2(5) + 2 * log2(bond)) - 1e-9
