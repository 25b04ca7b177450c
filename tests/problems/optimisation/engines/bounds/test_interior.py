"""Interior points against known values, and their own two sides."""

import numpy as np
import pytest

from problems.optimisation.engines.bounds.interior import Interior, solve
from problems.optimisation.forms.spins import SpinForm
from tests.problems.optimisation.engines.bounds.spins_twin import complete, cycle, random_form


@pytest.mark.parametrize(
    ("form", "most"),
    [
        # Delorme & Poljak 1993, Math. Program. 62, 557: an odd cycle of n has ½ n (1 + cos(π / n)) ...
        (cycle(5), 2.5 * (1 + np.cos(np.pi / 5))),
        (cycle(7), 3.5 * (1 + np.cos(np.pi / 7))),
        # ... an even one is cut whole, and a complete graph has n² / 4
        (cycle(6), 6.0),
        (complete(5), 6.25),
    ],
)
def test_it_finds_the_known_value_of_a_cut(form: SpinForm, most: float) -> None:
    found = solve(form.matrix().astype(float), 1e-7)
    assert -(form.constant + found.u.sum() / 2) / 4 == pytest.approx(most, abs=1e-6)


def test_both_sides_stay_feasible_and_close_the_gap() -> None:
    matrix = random_form(20, 1).matrix().astype(float)
    found = Interior(matrix)
    gaps = []
    for _ in range(12):
        found.step()
        gaps.append(found.gap)
        assert np.linalg.eigvalsh(matrix - np.diag(found.u))[0] > 0
        assert np.linalg.eigvalsh(found.x)[0] > 0
        assert np.diag(found.x) == pytest.approx(np.ones(21))
        assert found.gap == pytest.approx(np.vdot(matrix, found.x) - found.u.sum(), rel=1e-4, abs=1e-4)
    assert gaps[-1] < gaps[0] / 1000


def test_it_stops_when_it_is_told_to_with_a_bound_that_holds() -> None:
    form = cycle(5)
    found = solve(form.matrix().astype(float), 1e-7, lambda: True)
    assert (form.constant + found.u.sum() / 2) / 4 < -4.5
    assert np.linalg.eigvalsh(form.matrix() - np.diag(found.u))[0] > 0
