"""Fits: every coupling is rotated once a layer, between neighbours, in as few rounds as can be."""

import networkx as nx
import numpy as np
import pytest

from problems.optimisation.forms.spins import spin_form
from problems.optimisation.generate.lattices import heavy_hex as device_lattice
from problems.optimisation.quantum.angles import schedule
from problems.optimisation.quantum.circuits import AngledCircuits, flat, text
from problems.optimisation.quantum.lattice import embed, heavy_hex
from problems.optimisation.quantum.network import NetworkFit, coloured, fit, line
from tests.problems.optimisation.quantum.small_states import (
    distribution,
    expected_four_cost,
    random_model,
)


def rotated(found: NetworkFit, layers: int) -> list[list[tuple[int, int]]]:
    """Follows the variables through the network; the pairs of each layer."""
    held, seen = list(found.start), []
    for number in range(layers):
        now = []
        for gate in found.layer(number):
            if gate.pair is not None:
                assert {held[gate.a], held[gate.b]} == set(gate.pair)
                now.append(gate.pair)
            if gate.swap:
                held[gate.a], held[gate.b] = held[gate.b], held[gate.a]
        assert tuple(held) == found.held(number + 1)
        seen.append(sorted(now))
    return seen


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("density", [0.2, 0.6, 1.0])
def test_every_pair_meets_once_a_layer_between_neighbours(seed: int, density: float) -> None:
    rng = np.random.default_rng(seed)
    pairs = [(i, j) for i in range(9) for j in range(i + 1, 9) if rng.random() < density]
    found = line(9, pairs)
    assert all(gate.b == gate.a + 1 for gate in found.gates)
    assert rotated(found, 3) == [sorted(pairs)] * 3


def test_a_complete_problem_takes_n_rounds() -> None:
    # Kivlichan et al. 2018: n rounds, of three CX each; the last round needs no swaps
    found = line(8, [(i, j) for i in range(8) for j in range(i + 1, 8)])
    assert 3 * 7 <= found.two_qubit_depth(1) <= 3 * 8
    assert len(found.gates) == 28


def test_a_path_needs_no_swap() -> None:
    found = fit(12, [(i, i + 1) for i in range(11)])
    assert (found.kind, found.two_qubit_gates(1), found.two_qubit_depth(1)) == ("native", 22, 4)


@pytest.mark.parametrize(("rows", "columns"), [(2, 9), (4, 12), (3, 16)])
def test_lattices_are_recognised_under_any_numbering(rows: int, columns: int) -> None:
    size, pairs = device_lattice(rows, columns)
    names = np.random.default_rng(1).permutation(size)
    renamed = [(int(min(names[[a, b]])), int(max(names[[a, b]]))) for a, b in pairs]
    places = embed(size, renamed)
    assert places is not None
    assert len(set(places)) == size
    assert all(heavy_hex().has_edge(places[a], places[b]) for a, b in renamed)
    found = fit(size, renamed)
    assert found.kind == "native"
    assert found.two_qubit_depth(1) == 6  # three colours of two CX each
    assert rotated(found, 2) == [sorted(renamed)] * 2


@pytest.mark.parametrize(
    "graph", [nx.cycle_graph(10), nx.complete_graph(4), nx.cubical_graph(), nx.star_graph(4)]
)
def test_what_no_heavy_hex_device_couples_is_not_native(graph: "nx.Graph[int]") -> None:
    assert embed(graph.number_of_nodes(), list(graph.edges())) is None


def test_colours_are_as_many_as_the_largest_degree() -> None:
    for seed in range(10):
        graph = nx.bipartite.random_graph(7, 8, 0.4, seed=seed)
        pairs = [(min(e), max(e)) for e in graph.edges()]
        rounds, used = 0, set[int]()
        for a, b in coloured(pairs):
            if {a, b} & used:
                rounds, used = rounds + 1, set()
            used |= {a, b}
        assert rounds + 1 <= max(dict(graph.degree()).values()) + 1
        assert sorted(coloured(pairs)) == sorted(pairs)


def test_line_and_native_are_one_circuit() -> None:
    form = spin_form(random_model("qubo", 5, 3, 0.0))
    pairs = [(0, 1), (1, 2), (1, 3)]
    model = type(form)(0, form.field, np.array(pairs), np.array([3, -2, 5]))
    chosen = schedule(model, 2)
    means = [
        expected_four_cost(model, text(AngledCircuits(model, made, chosen)))
        for made in (line(5, pairs), fit(5, pairs))
    ]
    assert means[0] == pytest.approx(means[1], abs=1e-6)
    assert fit(5, pairs).kind == "native"


def test_calibration_circuits_read_the_same_qubits_as_the_circuit() -> None:
    form = spin_form(random_model("max_cut", 6, 4))
    made = AngledCircuits(form, fit(6, [(int(i), int(j)) for i, j in form.pairs]), schedule(form, 1))
    reads = [
        [row for row in each.splitlines() if "measure" in row]
        for each in (text(made), flat(made, ones=False), flat(made, ones=True))
    ]
    assert reads[0] == reads[1] == reads[2]
    assert distribution(flat(made, ones=True))[(1,) * 6] == pytest.approx(1.0)
