"""The bound that takes no time: known covers by hand, never above an optimum, never worse than none."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from problems.optimisation.engines.dual_ascent import ascended
from problems.optimisation.engines.exact_bound import multipliers
from problems.optimisation.forms.compile import compile_mip
from problems.optimisation.model.models import Claimant, IndependentSet, Model, Place, Triage
from tests.problems.optimisation.engines.clinics_twin import least_cost, small_clinic
from tests.problems.optimisation.engines.wards_twin import least_placement_cost, small_ward


def bound(model: Model) -> int:
    mip = compile_mip(model)
    return multipliers(mip, ascended(mip), 16).bound


def test_a_clique_holds_one_vertex() -> None:
    edges = tuple((u, v) for u in range(6) for v in range(u + 1, 6))
    assert bound(IndependentSet(vertices=6, edges=edges)) == -1


def test_two_triangles_and_a_vertex_hold_three() -> None:
    edges = ((0, 1), (0, 2), (1, 2), (3, 4), (3, 5), (4, 5))
    assert bound(IndependentSet(vertices=7, edges=edges)) == -3


def test_nobody_is_worth_more_than_the_best_place_is() -> None:
    # Beds for all: both go to the better place, 100 · 5 + 100 · 3.
    ward = Triage(
        capacities=("beds",),
        patients=(Claimant(id="a", benefit=5, uses=(1,)), Claimant(id="b", benefit=3, uses=(1,))),
        places=(Place(id="x", capacity=(2,)), Place(id="y", capacity=(2,), quality=50)),
    )
    assert bound(ward) == -800


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6))
def test_it_is_never_above_the_best_nor_below_the_bound_of_no_multipliers(seed: int) -> None:
    clinic, ward = small_clinic(seed), small_ward(seed)
    best = least_cost(clinic)
    for model, least in ((clinic, best), (ward, least_placement_cost(ward))):
        mip = compile_mip(model)
        nothing = multipliers(mip, np.zeros(mip.rows), 16).bound
        assert nothing <= bound(model)
        assert least is None or bound(model) <= least
