"""Random graphs have the form of the families they imitate."""

import json
from itertools import pairwise
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from problems.optimisation.generate import graphs
from problems.optimisation.generate.lattices import heavy_hex
from problems.optimisation.model.models import MaxCut


def couplers_of(device: str) -> tuple[int, set[tuple[int, int]]]:
    """From the configuration that IBM's client ships; read as a file."""
    from importlib.util import find_spec

    found = find_spec("qiskit_ibm_runtime")
    assert found is not None
    assert found.origin is not None
    place = Path(found.origin).parent / "fake_provider" / "backends" / device / f"conf_{device}.json"
    configuration = json.loads(place.read_text())
    pairs = {(min(pair), max(pair)) for pair in configuration["coupling_map"]}
    return configuration["n_qubits"], pairs


@pytest.mark.parametrize("device", ["fez", "marrakesh"])
def test_the_lattice_of_eight_rows_of_sixteen_is_the_device(device: str) -> None:
    qubits, pairs = heavy_hex(8, 16)
    assert (qubits, set(pairs)) == couplers_of(device)


@pytest.mark.parametrize(("rows", "columns"), [(1, 4), (2, 4), (4, 13), (5, 9)])
def test_any_lattice_is_connected_with_at_most_three_neighbours(rows: int, columns: int) -> None:
    qubits, pairs = heavy_hex(rows, columns)
    graph = nx.Graph(pairs)
    assert graph.number_of_nodes() == qubits
    assert nx.is_connected(graph)
    assert max(degree for _, degree in graph.degree()) <= 3


def proper(model: MaxCut) -> None:
    assert all(0 <= u < v < model.vertices and w for u, v, w in model.edges)
    assert all(first[:2] < second[:2] for first, second in pairwise(model.edges))


@pytest.mark.parametrize(
    "model",
    [
        graphs.random_cut(60, 1, 0.2),
        graphs.toroidal_cut(5, 6, 1),
        graphs.planar_union_cut(50, 1),
        graphs.heavy_hex_cut(4, 13, 1),
        graphs.coupled_cut(3, [(2, 1), (1, 2), (0, 1)], np.random.default_rng(1)),
    ],
)
def test_edges_are_in_order_each_once(model: MaxCut) -> None:
    proper(model)


def test_a_torus_has_two_edges_a_vertex_and_signs() -> None:
    """G11 has 800 vertices and 1,600 edges of ±1."""
    model = graphs.toroidal_cut(8, 100, 1)
    assert (model.vertices, len(model.edges)) == (800, 1600)
    assert {w for _, _, w in model.edges} == {-1, 1}
    degrees = np.bincount(np.array(model.edges)[:, :2].ravel())
    assert set(degrees.tolist()) == {4}


def test_one_layer_of_a_planar_union_is_planar_and_two_are_as_dense_as_the_benchmark() -> None:
    """G14 has 800 vertices and 4,694 edges."""
    one = nx.Graph([edge[:2] for edge in graphs.planar_union_cut(60, 2, layers=1).edges])
    assert nx.check_planarity(one)[0]
    assert len(graphs.planar_union_cut(800, 1).edges) == pytest.approx(4694, rel=0.02)


def test_a_random_graph_is_as_dense_as_the_benchmark() -> None:
    """G1 has 800 vertices and 19,176 edges of weight 1."""
    model = graphs.random_cut(800, 1)
    assert len(model.edges) == pytest.approx(19176, rel=0.03)
    assert {w for _, _, w in model.edges} == {1}


def test_a_qubo_has_even_products_as_the_symmetric_matrix_counts_twice() -> None:
    model = graphs.qubo(100, 1)
    assert all(q % 2 == 0 and 0 < abs(q) <= 200 for _, _, q in model.quadratic)
    assert len(model.quadratic) == pytest.approx(0.1 * 4950, rel=0.15)
    assert model.sense == "maximise"


def test_a_heavy_hex_qubo_has_products_on_couplers_alone() -> None:
    model = graphs.heavy_hex_qubo(4, 13, 1)
    qubits, pairs = heavy_hex(4, 13)
    assert model.size == qubits >= 60
    assert [(i, j) for i, j, _ in model.quadratic] == pairs


def test_independent_sets_are_random_graphs() -> None:
    model = graphs.random_independent_set(100, 1, 0.1)
    assert len(model.edges) == pytest.approx(495, rel=0.2)
    assert list(model.edges) == sorted(set(model.edges))


def test_the_same_seed_gives_the_same_graph() -> None:
    assert graphs.random_cut(50, 1) == graphs.random_cut(50, 1) != graphs.random_cut(50, 2)
