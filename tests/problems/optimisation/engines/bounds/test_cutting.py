"""The tightened relaxation against cuts whose polytope is known, and against the verifier."""

import numpy as np
import pytest

from problems.optimisation.engines.bounds.cutting import Cutting
from problems.optimisation.engines.bounds.multipliers import LOST, places, rounded
from problems.optimisation.engines.bounds.regularised import Regularised
from problems.optimisation.engines.bounds.triangles import violated
from problems.optimisation.forms.spins import SpinForm
from tests.problems.optimisation.engines.bounds.spins_twin import complete, correlation, cycle, random_form


@pytest.mark.parametrize(
    ("form", "cut"),
    # triangles are all there is to say of graphs that cannot be contracted to K5 (Barahona & Mahjoub 1986)
    [(cycle(5), 4), (cycle(9), 8), (complete(4), 4)],
)
def test_triangles_close_the_gap_where_no_five_are_mutually_joined(form: SpinForm, cut: int) -> None:
    cutting = Cutting(form)
    for _ in range(4):
        cutting.round(-cut, lambda: False)
    assert -cut - 0.5 < cutting.value <= -cut
    proof = cutting.multipliers().proof(form)
    assert proof is not None
    assert proof.bound == -cut


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_integers_prove_what_the_relaxation_says_and_no_more_than_is_true(seed: int) -> None:
    form = random_form(10, seed)
    least = min(form.four_cost(np.array([k >> i & 1 for i in range(10)])) for k in range(1024)) / 4
    cutting = Cutting(form)
    values = [cutting.value]
    for _ in range(3):
        cutting.round(least, lambda: False)
        values.append(cutting.value)
    proof = cutting.multipliers().proof(form)
    assert proof is not None
    assert values == sorted(values)
    assert np.ceil(values[-1] - 2 * LOST) <= proof.bound <= np.ceil(least)
    assert cutting.multipliers().proves(form, proof.bound)
    assert not cutting.multipliers().proves(form, int(np.ceil(least)) + 1)


def test_a_round_that_is_halted_keeps_the_bound_that_there_was() -> None:
    cutting = Cutting(complete(7))
    before = cutting.value
    cutting.round(-12, lambda: True)
    assert cutting.value == before


def test_rounding_costs_a_bound_less_than_stated() -> None:
    form = random_form(30, 1)
    step = 2.0 ** -places(form)
    assert 31 * step / 8 <= LOST
    assert abs(rounded(np.array([0.1234567]), places(form))[0] - 0.1234567) <= step / 2


def test_coefficients_near_the_limit_leave_no_places_but_still_fit() -> None:
    large = SpinForm(0, np.zeros(2, dtype=np.int64), np.array([[0, 1]]), np.array([2**55]))
    assert places(large) == 0


def test_the_smooth_bounds_slope_is_its_slope() -> None:
    form = random_form(8, 4)
    matrix = form.matrix().astype(float)
    triangles = violated(correlation(9, 7), 12)
    smooth = Regularised(matrix, triangles, 0.3)
    rng = np.random.default_rng(1)
    u, t = -20 * rng.random(9), rng.random(len(triangles))
    x, value = smooth.primal(u, t)
    step = 1e-6
    for i in range(9):
        moved = smooth.primal(u + step * np.eye(9)[i], t)[1]
        assert (moved - value) / step == pytest.approx((1 - x[i, i]) / 2, abs=1e-3)
    for k in range(len(triangles)):
        moved = smooth.primal(u, t + step * np.eye(len(triangles))[k])[1]
        assert (moved - value) / step == pytest.approx(-1 - triangles.values(x)[k], abs=1e-3)
