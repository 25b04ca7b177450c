from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from problems.optimisation.engines.base import Unsuitable
from problems.optimisation.engines.relaxation import Relaxation
from problems.optimisation.generate.clinic import clinic
from problems.optimisation.model.models import IndependentSet, MaxCut
from tests.problems.optimisation.engines.clinics_twin import least_cost, small_clinic
from tests.problems.optimisation.engines.incumbent_twin import BoardTwin, run
from tests.problems.optimisation.engines.wards_twin import least_placement_cost, small_ward


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6))
def test_no_bound_of_a_clinic_is_above_its_best_schedule(seed: int) -> None:
    model = small_clinic(seed)
    best, incumbent = least_cost(model), BoardTwin(model)
    run(Relaxation(model, 0), incumbent)
    assert best is None or all(proof.bound <= best for proof in incumbent.proofs)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10**6))
def test_no_bound_of_a_ward_is_above_its_best_placement(seed: int) -> None:
    model = small_ward(seed)
    incumbent = BoardTwin(model)
    run(Relaxation(model, 0), incumbent)
    assert incumbent.bound is not None
    assert incumbent.bound <= least_placement_cost(model)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10**6))
def test_no_bound_of_a_graph_is_below_its_largest_independent_set(seed: int) -> None:
    random, n = Random(seed), 8
    edges = tuple((u, v) for u in range(n) for v in range(u + 1, n) if random.random() < 0.4)
    incumbent = BoardTwin(IndependentSet(vertices=n, edges=edges))
    run(Relaxation(incumbent.model, 0), incumbent)
    free = [s for s in range(2**n) if not any(s >> u & 1 and s >> v & 1 for u, v in edges)]
    assert incumbent.bound is not None
    assert -incumbent.bound >= max(s.bit_count() for s in free)


def test_a_bound_that_takes_no_time_comes_first_and_the_linear_one_ends_it() -> None:
    model = clinic(60, 1)
    incumbent, engine = BoardTwin(model, seconds=600), Relaxation(model, 0)
    assert not engine.run(incumbent, 1.0)
    assert [proof.bound for proof in incumbent.proofs] == [
        engine.notes()["ascent_bound"],
        engine.notes()["linear_bound"],
    ]
    assert {proof.kind for proof in incumbent.proofs} == {"mip_dual"}


def test_five_vertices_in_a_ring_are_bounded_by_two() -> None:
    # The linear program of a ring of five gives 5/2; no set has a fraction of a vertex.
    ring = IndependentSet(vertices=5, edges=((0, 1), (0, 4), (1, 2), (2, 3), (3, 4)))
    incumbent = BoardTwin(ring)
    run(Relaxation(ring, 0), incumbent)
    assert incumbent.bound == -2


def test_nothing_is_begun_when_it_is_over() -> None:
    model = clinic(60, 1)
    incumbent, engine = BoardTwin(model, ends=lambda _: True), Relaxation(model, 0)
    assert not engine.run(incumbent, 1.0)
    assert set(engine.notes()) == {"ascent_bound"}


def test_spins_are_not_relaxed() -> None:
    with pytest.raises(Unsuitable, match="max_cut"):
        Relaxation(MaxCut(vertices=2, edges=((0, 1, 1),)), 0)
