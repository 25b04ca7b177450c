"""Weak duality on MIPs that were worked out by hand."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from problems.optimisation.forms.mip import FREE, Mip
from problems.optimisation.proofs import mip_dual
from problems.optimisation.proofs.mip_dual import ExactDual, check_dual, strongest_dual
from problems.optimisation.proofs.mip_tree import check_mip_tree
from problems.optimisation.proofs.reading import Faulty


def mip(
    cost: Sequence[int],
    rows: Any,
    lower: Sequence[int],
    upper: Sequence[int],
    top: Sequence[int],
    *,
    offset: int = 0,
) -> Mip:
    def unused(_: Any) -> Any:
        raise AssertionError("a bound needs no points")

    return Mip(
        np.array(cost, dtype=np.int64),
        offset,
        csr_array(np.array(rows, dtype=np.int64).reshape(len(lower), len(cost))),
        np.array(lower, dtype=np.int64),
        np.array(upper, dtype=np.int64),
        np.array(top, dtype=np.int64),
        unused,
        unused,
    )


# minimise 7 - 3x - 2y with 2x + y ≤ 3, x + y ≥ 1, x ≤ 5, y ≤ 2
SMALL = mip([-3, -2], [[2, 1], [1, 1]], [-FREE, 1], [3, FREE], [5, 2], offset=7)


@pytest.mark.parametrize(
    ("duals", "bound"),
    [
        # by hand: 7 + y1·3 + y2·1 + 5 min(0, -3 - 2 y1 - y2) + 2 min(0, -2 - y1 - y2)
        ([0, 0], 7 - 15 - 4),
        ([-2, 0], 7 - 6 + 0 + 0),
        ([-1, 0], 7 - 3 - 5 - 2),
        ([-2, 1], 7 - 6 + 1 + 0 - 2),
    ],
)
def test_bounds_are_what_the_formula_gives(duals: list[int], bound: int) -> None:
    assert strongest_dual(SMALL, duals, 0) == bound
    assert strongest_dual(SMALL, [8 * y for y in duals], 3) == bound


def test_a_real_bound_is_rounded_up_and_no_further() -> None:
    # y1 = -1.5 gives 7 - 4.5 + 0 + 2 · (-0.5) = 1.5: no whole cost is below 2, and 3 is not proven
    check_dual(SMALL, {"shift": 1, "duals": [-3, 0]}, 2)
    with pytest.raises(Faulty, match="prove that no cost is below 2, not 3"):
        check_dual(SMALL, {"shift": 1, "duals": [-3, 0]}, 3)


@pytest.mark.parametrize("duals", [[1, 0], [0, -1]])
def test_a_multiplier_for_a_missing_side_is_refused(duals: list[int]) -> None:
    with pytest.raises(Faulty, match="a side that the row does not have"):
        strongest_dual(SMALL, duals, 0)


def test_without_rows_the_bound_is_that_of_the_columns() -> None:
    assert strongest_dual(mip([-3, 4], [], [], [], [2, 1]), [], 5) == -6


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_large_numbers_take_the_slow_way_to_the_same_sum(data: st.DataObject) -> None:
    size = st.sampled_from([10, 2**30, 2**50])
    number = size.flatmap(lambda most: st.integers(-most, most))
    cost, entries = data.draw(st.tuples(number, number)), data.draw(st.tuples(number, number))
    y, limit = data.draw(number), data.draw(number)
    one = mip(cost, [entries], [limit], [limit], [3, 2**40])
    scaled = ExactDual(one).weigh([y], 4, np.zeros(2, dtype=np.int64), one.top)
    reduced = [16 * c - y * a for c, a in zip(cost, entries, strict=True)]
    assert scaled == y * limit + 3 * min(0, reduced[0]) + 2**40 * min(0, reduced[1])


def test_both_ways_of_adding_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    duals = [-2, 1]
    fast = strongest_dual(SMALL, duals, 0)
    monkeypatch.setattr(mip_dual, "SAFE", 0)
    assert strongest_dual(SMALL, duals, 0) == fast


def test_branches_narrow_the_box_that_a_leaf_is_bounded_over() -> None:
    # x ≤ 0: 7 - 2y ≥ 3; x ≥ 1: y1 = -2, y2 = 0 gives 7 - 6 + x·1 ≥ 2
    nodes = [{"branch": 0, "at": 0, "children": [1, 2]}, {"duals": [0, 0]}, {"duals": [-2, 0]}]
    data = {"form": "mip", "shift": 0, "nodes": nodes}
    assert check_mip_tree(SMALL, data, 2).leaves == 2
    with pytest.raises(Faulty, match="a leaf's multipliers prove 2, not 3"):
        check_mip_tree(SMALL, data, 3)


def test_a_ray_shows_that_a_box_is_empty_and_only_then() -> None:
    # x ≥ 2 breaks 2x + y ≤ 3: with y1 = -1, -3 + 2x + y ≥ 1
    nodes: list[dict[str, Any]] = [
        {"branch": 0, "at": 1, "children": [1, 2]},
        {"duals": [0, 0]},
        {"ray": [-1, 0]},
    ]
    assert check_mip_tree(SMALL, {"shift": 0, "nodes": nodes}, 0).leaves == 2
    lower = [nodes[0] | {"at": 0}, *nodes[1:]]
    with pytest.raises(Faulty, match="a leaf's ray does not show"):
        check_mip_tree(SMALL, {"shift": 0, "nodes": lower}, 0)
