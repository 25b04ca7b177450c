"""Sums of rows that an answer breaks once they are divided and rounded, on systems known by heart."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from problems.optimisation.engines.bounds.modular_cuts import separate, tight

Rows = list[list[int]]


def found(rows: Rows, limits: list[int], top: list[int], x: list[float]) -> set[tuple[int, tuple[int, ...]]]:
    """Divisors and weights, a weight for every row."""
    matrix = csr_array(np.array(rows, dtype=np.int64))
    numbers = np.array(limits, dtype=np.int64), np.array(top, dtype=np.int64)
    sums = separate(tight(matrix, *numbers, np.array(x)), np.random.default_rng(1))
    told = set()
    for each in sums:
        weights = np.zeros(len(rows), dtype=np.int64)
        weights[each.rows] = each.weights
        told.add((each.divisor, tuple(weights.tolist())))
    return told


def test_a_ring_of_five_is_halved() -> None:
    # Edges of a ring, half of every vertex: the sum of all five halved is Σ x ≤ 2, and x has 5/2.
    ring = [[1 if k in (i, (i + 1) % 5) else 0 for k in range(5)] for i in range(5)]
    assert (2, (1, 1, 1, 1, 1)) in found(ring, [1] * 5, [1] * 5, [0.5] * 5)


def test_four_columns_of_which_every_three_make_one_are_divided_by_three() -> None:
    # Every three of four add up to 1 at most; a third of each. Σ of the rows is 3 Σ x ≤ 4, so Σ x ≤ 1.
    threes = [[0 if k == i else 1 for k in range(4)] for i in range(4)]
    assert (3, (1, 1, 1, 1)) in found(threes, [1] * 4, [1] * 4, [1 / 3] * 4)


def test_a_whole_answer_breaks_nothing() -> None:
    assert found([[1, 1, 0], [0, 1, 1], [1, 0, 1]], [1, 1, 1], [1, 1, 1], [1.0, 0.0, 0.0]) == set()


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_what_is_found_is_broken(data: st.DataObject) -> None:
    numbers = st.integers(-2, 2)
    rows = [[data.draw(numbers) for _ in range(4)] for _ in range(5)]
    x = [data.draw(st.integers(0, 6)) / 3 for _ in range(4)]
    limits = [int(np.ceil(np.dot(row, x) - 1e-9)) for row in rows]
    for divisor, weights in found(rows, limits, [2] * 4, x):
        total = np.array(weights) @ np.array(rows)
        raised = np.where(2 * np.array(x) > 2, -total % divisor, 0)
        limit = int(np.array(weights) @ np.array(limits) + 2 * raised.sum()) // divisor
        assert (total + raised) // divisor @ np.array(x) > limit + 1e-3
