"""Which cuts are kept, and the steps that a proof needs to make them again."""

import numpy as np

from problems.optimisation.engines.bounds.cut_pool import CutPool, spread
from problems.optimisation.engines.bounds.modular_cuts import Sum
from problems.optimisation.forms.compile import compile_mip
from problems.optimisation.model.models import IndependentSet
from problems.optimisation.proofs.mip_cuts import Grown

RING = IndependentSet(vertices=5, edges=((0, 1), (0, 4), (1, 2), (2, 3), (3, 4)))
HALVES = np.full(5, 0.5)


def whole(rows: list[int], divisor: int = 2) -> Sum:
    return Sum(np.array(rows, dtype=np.int64), np.ones(len(rows), dtype=np.int64), divisor)


def ring_pool() -> CutPool:
    pool = CutPool(compile_mip(RING))
    assert pool.mip.rows == 5
    return pool


def test_a_broken_cut_is_kept_once_and_one_that_holds_is_not() -> None:
    pool = ring_pool()
    assert pool.add([whole([0, 1, 2, 3, 4]), whole([0, 1, 2, 3, 4]), whole([0, 1])], HALVES) == 1
    grown = pool.grown()
    assert grown.matrix.toarray()[5].tolist() == [1] * 5
    assert grown.upper[5] == 2


def test_the_verifier_makes_the_same_rows_of_the_steps() -> None:
    pool = ring_pool()
    pool.add([whole([0, 1, 2, 3, 4])], HALVES)
    steps, number = pool.steps(pool.active)
    theirs = Grown(pool.mip, 0, None)
    for step in steps:
        theirs.take(step)
    assert theirs.mip().matrix.toarray().tolist() == pool.grown().matrix.toarray().tolist()
    assert theirs.mip().upper.tolist() == pool.grown().upper.tolist()
    assert number == {row: row for row in range(6)}


def test_steps_leave_out_what_nothing_needs_and_keep_what_fixings_do() -> None:
    pool = ring_pool()
    pool.add([whole([0, 1, 2, 3, 4])], HALVES)
    duals = np.array([0, 0, 0, 0, 0, -1], dtype=np.int64)
    assert pool.steps([])[0] == []
    pool.fix(duals, -2, np.array([1, 1, 1, 1, 0], dtype=np.int64))
    pool.keep(np.zeros(6, dtype=np.int64))
    assert pool.active == []
    assert pool.fixed == 1
    steps, _ = pool.steps([])
    assert [sorted(step) for step in steps] == [["divisor", "rows", "up"], ["cutoff", "fix"]]
    assert steps[1]["fix"] == duals.tolist()


def test_multipliers_are_spread_over_rows_numbered_anew() -> None:
    assert spread({0: 3, 9: 4}, {0: 0, 9: 2}, 4) == [3, 0, 4, 0]
