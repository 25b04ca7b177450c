"""Points from a relaxation."""

import numpy as np

from problems.optimisation.engines.bounds.interior import solve
from problems.optimisation.engines.bounds.low_rank import sparse_matrix
from problems.optimisation.engines.bounds.rounding import Reader, descended, factor, hyperplanes
from problems.optimisation.forms.spins import spin_form
from problems.optimisation.model.points import cost
from tests.problems.optimisation.engines.bounds.spins_twin import correlation, cycle, random_form
from tests.problems.optimisation.forms import small


def test_the_factor_is_one_also_of_a_singular_matrix() -> None:
    x = correlation(12, 1)
    v = factor(x)
    assert np.abs(v @ v.T - x).max() < 1e-6


def test_descent_ends_where_no_single_spin_gains() -> None:
    matrix = sparse_matrix(random_form(20, 3))
    start = np.where(np.arange(21) % 2 == 0, 1.0, -1.0)
    end = descended(matrix, start)
    energy = float(end @ (matrix @ end))
    assert energy < float(start @ (matrix @ start))
    for i in range(21):
        turned = end.copy()
        turned[i] = -turned[i]
        assert float(turned @ (matrix @ turned)) >= energy


def test_hyperplanes_cut_an_odd_cycle_as_well_as_can_be() -> None:
    form = cycle(7)
    v = factor(solve(form.matrix().astype(float), 1e-4).x)
    best = min(
        form.four_cost((spins > 0).astype(np.int32))
        for spins in hyperplanes(sparse_matrix(form), v, 10, np.random.default_rng(1))
    )
    assert best == 4 * -6


def test_spins_are_read_as_points_that_keep_to_the_instance() -> None:
    for kind in ("qubo", "max_cut", "independent_set"):
        model = small.instance(kind, 1)
        form = spin_form(model)  # type: ignore[arg-type]
        front = not form.symmetric
        spins = np.ones(form.size + front)
        point = Reader(model).point(-spins, front)  # type: ignore[arg-type]
        assert point.shape == (form.size,)
        cost(model, point)
