"""Low rank against interior points."""

import numpy as np
import pytest

from problems.optimisation.engines.bounds.interior import solve
from problems.optimisation.engines.bounds.low_rank import LowRank, colours, sparse_matrix
from tests.problems.optimisation.engines.bounds.spins_twin import random_form


@pytest.mark.parametrize("fields", [True, False])
def test_the_sparse_matrix_is_the_dense_one(fields: bool) -> None:
    form = random_form(15, 2, fields=fields)
    assert (sparse_matrix(form).toarray() == form.matrix()).all()


def test_no_two_rows_of_a_colour_are_joined_and_every_row_has_one() -> None:
    matrix = sparse_matrix(random_form(30, 3, density=0.2))
    classes = colours(matrix)
    assert sorted(np.concatenate(classes).tolist()) == list(range(31))
    for rows in classes:
        assert matrix[rows][:, rows].nnz == 0


@pytest.mark.parametrize("density", [0.15, 0.7])
def test_it_comes_to_the_same_bound_as_interior_points(density: float) -> None:
    form = random_form(40, 4, density)
    exact = solve(form.matrix().astype(float), 1e-6).u.sum()
    solver = LowRank(sparse_matrix(form), np.random.default_rng(0))
    for _ in range(300):
        solver.sweep()
    u = solver.dual()
    assert np.linalg.eigvalsh(form.matrix() - np.diag(u))[0] > -1e-6
    assert u.sum() == pytest.approx(exact, rel=1e-3)
    assert u.sum() <= exact + 1e-5
