import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from problems.optimisation.engines.base import Unsuitable
from problems.optimisation.engines.placement_search import PlacementSearch
from problems.optimisation.engines.placement_state import placement_of, prepare_ward
from problems.optimisation.generate.ward import ward
from problems.optimisation.model.models import MaxCut
from tests.problems.optimisation.engines.incumbent_twin import BoardTwin, run
from tests.problems.optimisation.engines.wards_twin import least_placement_cost, small_ward


@settings(deadline=None, max_examples=10, derandomize=True)
@given(st.integers(0, 10**6))
def test_the_best_placement_of_a_small_ward_is_found(seed: int) -> None:
    model = small_ward(seed)
    best = least_placement_cost(model)
    incumbent = BoardTwin(model, seconds=600, ends=lambda b: b.cost == best)
    run(PlacementSearch(model, seed), incumbent, slices=4, effort_s=0.2)
    assert incumbent.cost == best
    assert not incumbent.faults


def test_placements_of_a_ward_are_feasible_and_become_better() -> None:
    model = ward(80, 1)
    incumbent = BoardTwin(model, seconds=600)
    run(PlacementSearch(model, 0), incumbent, slices=2, effort_s=0.3)
    assert not incumbent.faults
    assert incumbent.offers[-1] < incumbent.offers[0]


def test_equal_seeds_give_equal_placements() -> None:
    model = ward(40, 2)
    first, second = BoardTwin(model, seconds=600), BoardTwin(model, seconds=600)
    for incumbent in (first, second):
        run(PlacementSearch(model, 7), incumbent, slices=2, effort_s=0.3)
    assert first.offers == second.offers
    assert first.point is not None
    assert second.point is not None
    assert np.array_equal(first.point, second.point)


def test_a_better_placement_of_somebody_else_is_taken_up_as_it_is() -> None:
    model = ward(40, 3)
    good, incumbent = BoardTwin(model, seconds=600), BoardTwin(model, seconds=600)
    run(PlacementSearch(model, 0), good, slices=1, effort_s=0.3)
    assert good.point is not None
    read = placement_of(prepare_ward(model), good.point)
    assert read.cost == good.cost
    assert np.array_equal(read.point(), good.point)
    incumbent.offer(good.point, "another")
    engine = PlacementSearch(model, 1)
    run(engine, incumbent, slices=1, effort_s=0.01)
    assert engine.notes()["from_others"] == 1


def test_other_kinds_are_not_placed() -> None:
    with pytest.raises(Unsuitable, match="max_cut"):
        PlacementSearch(MaxCut(vertices=2, edges=((0, 1, 1),)), 0)
