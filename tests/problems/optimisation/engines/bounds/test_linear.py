"""Relaxations over boxes, on a MIP that a reader can solve."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from problems.optimisation.engines.bounds.linear import Linear
from problems.optimisation.forms.mip import FREE, Mip


def whole(values: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, dtype=np.int64)


def tiny() -> Mip:
    """Least -2x - 3y - z with x + y ≤ 1, x + z = 1, y + z ≥ 1, all from 0 to 1."""
    matrix = csr_array(np.array([[1, 1, 0], [1, 0, 1], [0, 1, 1]], dtype=np.int64))
    return Mip(
        whole([-2, -3, -1]),
        0,
        matrix,
        whole([-FREE, 1, 1]),
        whole([1, 1, FREE]),
        whole([1, 1, 1]),
        lambda x: x.astype(np.int32),
        lambda point: point.astype(np.int64),
    )


def test_the_answer_and_multipliers_agree() -> None:
    solved = Linear(tiny()).solve(whole([0, 0, 0]), whole([1, 1, 1]), 10.0)
    assert solved is not None
    assert solved.x is not None
    assert solved.x == pytest.approx([0, 1, 1])
    reduced = whole([-2, -3, -1]) - tiny().transposed @ solved.duals
    rows = solved.duals @ np.where(solved.duals > 0, [0, 1, 1], [1, 1, 0])
    assert rows + np.minimum(reduced, 0).sum() == pytest.approx(-4)


def test_a_box_without_answer_gives_a_ray_that_shows_it() -> None:
    low, high = whole([0, 0, 0]), whole([0, 1, 0])
    solved = Linear(tiny()).solve(low, high, 10.0)
    assert solved is not None
    assert solved.x is None
    y = solved.duals
    pulled = -(tiny().transposed @ y)
    rows = y @ np.where(y > 0, [0, 1, 1], [1, 1, 0])
    assert rows + np.where(pulled > 0, pulled * low, pulled * high).sum() > 0.5
