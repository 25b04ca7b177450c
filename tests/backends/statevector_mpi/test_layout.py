"""Orders of passes and exchanges of qubits, for any circuit and any number of ranks."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.quantum_info import Operator, random_unitary

from backends.statevector_mpi.fusion import Dense, Diagonal, Fusion, Pass
from backends.statevector_mpi.layout import AHEAD, QubitLayout, least_traffic, traffic
from backends.statevector_mpi.order import GLOBAL, OUTSIDE, arranged, names, ordered, renamed, touched
from tests.backends.statevector_mpi.conftest import circuit_of

MOST = 7


@st.composite
def gates(draw: st.DrawFn) -> tuple[int, list[tuple[int, ...]]]:
    """A number of qubits, and on which of them gates are."""
    qubits = draw(st.integers(4, MOST))
    pair = st.lists(st.integers(0, qubits - 1), min_size=1, max_size=2, unique=True).map(tuple)
    return qubits, draw(st.lists(pair, max_size=40))


def passes_of(qubits: int, where: list[tuple[int, ...]]) -> list[Pass]:
    """A pass a gate: the third of them diagonal."""
    return [
        Diagonal({tuple(sorted(each)): np.ones((1, 2 ** len(each)), dtype=np.complex128)})
        if number % 3 == 2
        else Dense(tuple(sorted(each)), np.eye(2 ** len(each), dtype=np.complex128)[None])
        for number, each in enumerate(where)
    ]


@settings(deadline=None)
@given(gates(), st.integers(1, 2), st.sampled_from(AHEAD))
def test_dense_passes_find_their_qubits_local_and_the_highest_end_outside(
    drawn: tuple[int, list[tuple[int, ...]]], global_: int, ahead: int
) -> None:
    qubits, where = drawn
    passes = passes_of(qubits, where)
    layout = QubitLayout(qubits, qubits - global_, passes, ahead)
    lies = {place: qubit for qubit, place in enumerate(layout.position)}
    for number, each in enumerate(passes):
        if isinstance(each, Dense):
            found = list(layout.bring_in(number, each.qubits))
            # all at once: no position takes part twice
            assert len({place for swap in found for place in (swap.inner, swap.outer)}) == 2 * len(found)
            for swap in found:
                assert swap.inner < layout.local <= swap.outer
                lies[swap.inner], lies[swap.outer] = lies[swap.outer], lies[swap.inner]
            assert all(layout.position[qubit] < layout.local for qubit in each.qubits)
        assert {qubit: place for place, qubit in lies.items()} == dict(enumerate(layout.position))
    for swap in layout.settled():
        lies[swap.inner], lies[swap.outer] = lies[swap.outer], lies[swap.inner]
    assert sorted(layout.position[layout.local :]) == list(range(layout.local, qubits))
    assert {qubit: place for place, qubit in lies.items()} == dict(enumerate(layout.position))


@settings(deadline=None)
@given(gates(), st.integers(0, 4))
def test_an_order_keeps_every_pass_once_and_those_of_a_qubit_in_their_order(
    drawn: tuple[int, list[tuple[int, ...]]], outside: int
) -> None:
    qubits, where = drawn
    passes = passes_of(qubits, where)
    found = ordered(passes, qubits, outside)
    assert sorted(map(id, found)) == sorted(map(id, passes))
    for qubit in range(qubits):
        before, after = ([id(p) for p in each if qubit in touched(p)] for each in (passes, found))
        assert before == after


@pytest.mark.parametrize("global_", [1, 2, 3])
def test_twenty_layers_of_neighbours_take_two_exchanges_a_global_qubit(
    global_: int,
) -> None:
    # what a global qubit can reach grows by one qubit a layer on either side: 22 qubits are passed through
    # once. Done layer by layer they take 19 exchanges and more a global qubit.
    where = [(qubit, qubit + 1) for layer in range(20) for qubit in range(layer % 2, 21, 2)]
    dense: list[Pass] = [Dense(pair, np.eye(4, dtype=np.complex128)[None]) for pair in where]
    for passes, most in ((ordered(dense, 22, 4), 2 * global_), (dense, 20 * global_)):
        new = names(passes, 22)
        count, settling = swaps([renamed(each, new) for each in passes], 22, global_)
        assert count <= most
        if passes is not dense:
            assert settling == 0
        else:
            assert count >= 19 * global_


@settings(deadline=None)
@given(gates(), st.integers(0, 2**31))
def test_fused_passes_are_the_circuit(drawn: tuple[int, list[tuple[int, ...]]], seed: int) -> None:
    qubits, where = drawn
    fusion, circuit = Fusion(qubits), QuantumCircuit(qubits)
    for number, each in enumerate(where[:12]):
        unitary = random_unitary(2 ** len(each), seed=seed % 2**31 + number).data
        if number % 2:
            unitary = np.diag(np.exp(1j * np.angle(np.diag(unitary))))
        fusion.add(each, unitary[None])
        circuit.unitary(unitary, list(each))
    passes, new = arranged(fusion.passes(), qubits)
    made = circuit_of(passes, qubits)
    renamed_circuit = QuantumCircuit(qubits).compose(circuit, new)
    assert np.abs(Operator(made).data - Operator(renamed_circuit).data).max() < 1e-12


def test_a_fourier_transform_takes_two_passes_a_qubit_and_an_exchange_a_global_qubit() -> None:
    # H on a qubit, then all its phases at once, whose qubits may lie anywhere; the last qubit has no phases
    fusion = Fusion(20)
    h = np.array([[[1, 1], [1, -1]]], dtype=np.complex128) / np.sqrt(2)
    for qubit in reversed(range(20)):
        fusion.add((qubit,), h)
        for other in reversed(range(qubit)):
            phase = np.exp(1j * np.pi / 2 ** (qubit - other))
            fusion.add((qubit, other), np.diag([1, 1, 1, phase])[None])
    passes, _ = arranged(fusion.passes(), 20)
    assert len(passes) == 39
    assert swaps(passes, 20, 2) == (2, 0)
    # both global qubits go in one exchange: three quarters of the amplitudes, not two halves
    assert traffic(20, 18, passes, 0) == 1.0
    assert least_traffic(20, 18, passes)[0] == 0.75


def test_an_arrangement_sends_no_more_than_any_order_it_was_chosen_from() -> None:
    rng = np.random.default_rng(1)
    where = [tuple(int(q) for q in pair) for _ in range(10) for pair in rng.permutation(20).reshape(-1, 2)]
    dense: list[Pass] = [Dense(tuple(sorted(pair)), np.eye(4, dtype=np.complex128)[None]) for pair in where]

    def sent(passes: Sequence[Pass]) -> float:
        return sum(least_traffic(20, 20 - global_, passes)[0] for global_ in GLOBAL)

    costs = []
    for outside in OUTSIDE:
        passes = ordered(dense, 20, outside)
        new = names(passes, 20)
        costs.append(sent([renamed(each, new) for each in passes]))
    assert sent(arranged(dense, 20)[0]) == min(costs) < max(costs)


def swaps(passes: Sequence[Pass], qubits: int, global_: int) -> tuple[int, int]:
    """How often qubits are exchanged for the passes, and after them."""
    layout = QubitLayout(qubits, qubits - global_, passes)
    count = 0
    for number, each in enumerate(passes):
        if isinstance(each, Dense):
            count += len(list(layout.bring_in(number, each.qubits)))
    return count, len(list(layout.settled()))
