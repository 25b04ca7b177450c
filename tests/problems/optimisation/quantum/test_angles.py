"""Transferred angles give what the literature says they give."""

from math import atan, cos, pi, sin, sqrt

import networkx as nx
import pytest

from problems.optimisation.forms.spins import spin_form
from problems.optimisation.model.models import MaxCut, SpinModel
from problems.optimisation.quantum.angles import CUBIC, schedule
from problems.optimisation.quantum.circuits import AngledCircuits, text
from problems.optimisation.quantum.network import fit
from tests.problems.optimisation.quantum.small_states import cut_of, expected_four_cost, random_model


def circuits(model: SpinModel, layers: int) -> AngledCircuits:
    form = spin_form(model)
    return AngledCircuits(
        form, fit(form.size, [(int(i), int(j)) for i, j in form.pairs]), schedule(form, layers)
    )


def cut_share(model: MaxCut, layers: int) -> float:
    made = circuits(model, layers)
    return -expected_four_cost(made.form, text(made)) / 4 / len(model.edges)


@pytest.mark.parametrize(("layers", "share"), [(1, 0.6924), (2, 0.7559)])
def test_cubic_graphs_of_large_girth_get_the_published_share(layers: int, share: float) -> None:
    # Heawood's graph has girth 6, so two layers see trees only: Wurtz & Lykov 2021, table I
    assert cut_share(cut_of(nx.heawood_graph()), layers) == pytest.approx(share, abs=1e-4)


def test_three_layers_are_not_worse_than_the_guarantee() -> None:
    # Wurtz & Lykov 2021: 0.7923 of the edges of any 3-regular graph, by conjecture
    assert cut_share(cut_of(nx.heawood_graph()), 3) > 0.7923


def test_one_layer_on_a_cycle_is_the_closed_form() -> None:
    # Farhi, Goldstone & Gutmann 2014: 3/4 on cycles
    assert cut_share(cut_of(nx.cycle_graph(8)), 1) == pytest.approx(0.75, abs=1e-6)


def test_one_layer_without_triangles_is_the_closed_form() -> None:
    # Wang et al. 2018, equation 14, at degree 3: 1/2 + sin γ cos² γ / 2
    cube = nx.convert_node_labels_to_integers(nx.hypercube_graph(3))
    gamma = atan(1 / sqrt(2))
    assert cut_share(cut_of(cube), 1) == pytest.approx(0.5 + 0.5 * sin(gamma) * cos(gamma) ** 2, abs=1e-4)


def test_angles_shrink_with_the_degree() -> None:
    complete = spin_form(cut_of(nx.complete_graph(5)))
    assert schedule(complete, 1).gammas[0] == pytest.approx(atan(1 / sqrt(3)))


def test_weights_of_another_unit_get_the_same_circuit() -> None:
    model = random_model("max_cut", 6, 1)
    assert isinstance(model, MaxCut)
    louder = MaxCut(vertices=6, edges=tuple((i, j, 10 * w) for i, j, w in model.edges))
    assert text(circuits(louder, 2)) == text(circuits(model, 2))
    assert schedule(spin_form(model), 1).betas == (pi / 8,)


@pytest.mark.parametrize("kind", ["qubo", "max_cut", "independent_set"])
@pytest.mark.parametrize("seed", range(3))
def test_more_layers_are_better_and_all_beat_random_bits(kind: str, seed: int) -> None:
    model = random_model(kind, 7, seed)
    even = spin_form(model).constant  # fields and couplings average to 0 over even bits
    means = [expected_four_cost(made.form, text(made)) for made in (circuits(model, p) for p in (1, 2, 3))]
    assert means[2] < means[1] < means[0] < even


def test_layers_beyond_the_tables_are_refused() -> None:
    with pytest.raises(ValueError, match="expected 1 to 3 layers, got 4"):
        schedule(spin_form(cut_of(nx.cycle_graph(4))), 4)
    assert set(CUBIC) == {1, 2, 3}
