import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from problems.optimisation.engines.exact_bound import best_multipliers, multipliers
from problems.optimisation.forms.mip import FREE, Ints, Mip
from problems.optimisation.model.points import Point

SMALL = st.integers(-5, 5)


def _same(vector: Ints) -> Point:
    return vector.astype(np.int32)


def _back(point: Point) -> Ints:
    return point.astype(np.int64)


def _mip(cost: list[int], rows: list[list[int]], lower: list[int], upper: list[int]) -> Mip:
    return Mip(
        np.array(cost, dtype=np.int64),
        3,
        csr_array(np.array(rows, dtype=np.int64)),
        np.array(lower, dtype=np.int64),
        np.array(upper, dtype=np.int64),
        np.full(len(cost), 2, dtype=np.int64),
        _same,
        _back,
    )


@given(st.data())
def test_no_multipliers_ever_prove_more_than_the_least_cost(data: st.DataObject) -> None:
    cost = data.draw(st.lists(SMALL, min_size=3, max_size=3))
    rows = data.draw(st.lists(st.lists(SMALL, min_size=3, max_size=3), min_size=2, max_size=2))
    lower = data.draw(st.lists(st.sampled_from([-FREE, -2, 0, 1]), min_size=2, max_size=2))
    upper = data.draw(st.lists(st.sampled_from([FREE, 1, 3]), min_size=2, max_size=2))
    duals = data.draw(st.lists(st.floats(-20, 20), min_size=2, max_size=2))
    bound = multipliers(_mip(cost, rows, lower, upper), np.array(duals), 10).bound
    for x in itertools.product(range(3), repeat=3):
        used = [sum(a * v for a, v in zip(row, x, strict=True)) for row in rows]
        if all(least <= u <= most for least, u, most in zip(lower, used, upper, strict=True)):
            assert bound <= 3 + sum(c * v for c, v in zip(cost, x, strict=True))


def test_a_bound_worked_out_by_hand() -> None:
    # min -3x - 2y + 3 with x + y ≤ 3, x, y ≤ 2. With the multiplier -5/2: -5/2 * 3 from the row, reduced cost
    # -1/2 and 1/2, of which x at most 2 gives -1: 3 - 15/2 - 1 = -11/2, rounded up to -5. The optimum is -5.
    found = multipliers(_mip([-3, -2], [[1, 1]], [-FREE], [3]), np.array([-2.5]), 1)
    assert found.bound == -5
    assert found.duals.tolist() == [-5]
    assert found.proof().to_json() == {"kind": "mip_dual", "bound": -5, "shift": 1, "duals": [-5]}


def test_a_multiplier_of_a_limit_that_is_not_there_counts_nothing() -> None:
    mip = _mip([-3, -2], [[1, 1]], [-FREE], [3])
    assert multipliers(mip, np.array([2.0]), 1).duals.tolist() == [0]
    assert multipliers(mip, np.array([np.nan]), 1).duals.tolist() == [0]


def test_what_does_not_fit_64_bits_is_given_fewer_digits_or_refused() -> None:
    large = _mip([2**40, 2**40], [[1, 1]], [1], [3])
    found = best_multipliers(large, np.array([2.0**40]))
    assert found is not None
    assert found.shift < 32
    assert found.bound == 2**40 + 3
    with pytest.raises(OverflowError):
        multipliers(large, np.array([2.0**40]), 32)
    assert best_multipliers(large, np.array([2.0**70])) is None
