"""Triangles: their search against trying all, their inheritance against the spins themselves."""

from itertools import combinations, product

import numpy as np
import pytest

from problems.optimisation.engines.bounds.branches import inherited, names_of
from problems.optimisation.engines.bounds.triangles import SIGNS, Ints, Triangles, no_triangles, violated
from tests.problems.optimisation.engines.bounds.spins_twin import Floats, correlation


def everything(order: int) -> Triangles:
    """All triangles with all signs."""
    made = [(corners, signs) for corners in combinations(range(order), 3) for signs in SIGNS.tolist()]
    corners, signs = zip(*made, strict=True)
    return Triangles(order, np.array(corners), np.array(signs))


def test_every_spin_vector_keeps_to_all_triangles_and_touches_some() -> None:
    triangles = everything(4)
    for spins in product((-1.0, 1.0), repeat=4):
        values = triangles.values(np.outer(spins, spins))
        assert set(values.tolist()) == {-1.0, 3.0}


def test_the_search_finds_what_trying_all_finds() -> None:
    x = correlation(9, 5)
    triangles = everything(9)
    broken = triangles.only(triangles.values(x) < -1 - 1e-3)
    found = violated(x, 10_000)
    assert len(broken) > 3
    assert sorted(found.keys().tolist()) == sorted(broken.keys().tolist())
    worst = violated(x, 3)
    assert worst.values(x).tolist() == sorted(triangles.values(x).tolist())[:3]


def test_with_sides_given_only_triangles_on_them_are_found() -> None:
    x = correlation(9, 5)
    sides = np.array([(0, 4), (2, 7)])
    found = violated(x, 10_000, sides)
    on_side = [
        i for i, c in enumerate(everything(9).corners.tolist()) if {0, 4} <= set(c) or {2, 7} <= set(c)
    ]
    expected = everything(9).only(np.array(on_side))
    expected = expected.only(expected.values(x) < -1 - 1e-3)
    assert sorted(found.keys().tolist()) == sorted(expected.keys().tolist())
    assert len(found) > 0


def test_the_primal_of_a_cut_breaks_none() -> None:
    spins = np.array([1.0, -1, -1, 1, 1])
    assert len(violated(np.outer(spins, spins), 10)) == 0


def test_spread_is_the_sum_of_the_triangles_matrices() -> None:
    triangles, t = everything(5), np.random.default_rng(1).random(40)
    x = correlation(5, 2)
    assert np.vdot(triangles.spread(t), x) / 2 == pytest.approx(float(t @ triangles.values(x)))


def test_joining_adds_each_triangle_once() -> None:
    triangles = everything(5)
    some = triangles.only(np.arange(10))
    assert some.joined(triangles).keys().tolist() == triangles.keys().tolist()
    assert len(some.joined(no_triangles(5))) == 10


@pytest.mark.parametrize("bit", [0, 1])
@pytest.mark.parametrize("spin", [0, 2, 5])
def test_under_a_mirror_the_childs_triangles_say_what_the_parents_said(spin: int, bit: int) -> None:
    names, child = names_of(6, {}, False), names_of(6, {spin: bit}, True)
    triangles = everything(6)
    t = np.random.default_rng(2).random(len(triangles))
    made, weights = inherited(triangles, t, names, (spin, bit), child)
    assert weights.sum() == pytest.approx(t.sum())
    for seed in range(6):
        spins = with_fixed(child, spin, bit, seed)
        assert weighed(made, weights, child, spins) == pytest.approx(weighed(triangles, t, names, spins))


@pytest.mark.parametrize("bit", [0, 1])
@pytest.mark.parametrize("spin", [0, 2, 5])
def test_below_a_front_spin_too_where_the_front_and_the_fixed_one_do_not_meet(spin: int, bit: int) -> None:
    names, child = names_of(6, {}, True), names_of(6, {spin: bit}, True)
    triangles = everything(7)
    corners = names[triangles.corners]
    apart = ~((corners == -1).any(axis=1) & (corners == spin).any(axis=1))
    t = np.random.default_rng(2).random(len(triangles)) * apart
    made, weights = inherited(triangles, t, names, (spin, bit), child)
    assert weights.sum() == pytest.approx(t.sum())
    for seed in range(6):
        spins = with_fixed(child, spin, bit, seed)
        assert weighed(made, weights, child, spins) == pytest.approx(weighed(triangles, t, names, spins))


def with_fixed(child: Ints, spin: int, bit: int, seed: int) -> dict[int, float]:
    """Random spins by name, the front one 1."""
    values = np.random.default_rng(seed).choice([-1.0, 1.0], len(child) - 1)
    return {-1: 1.0, **dict(zip(child[1:].tolist(), values.tolist(), strict=True)), spin: 2.0 * bit - 1}


def weighed(triangles: Triangles, t: Floats, names: Ints, spins: dict[int, float]) -> float:
    s = np.array([spins[name] for name in names.tolist()])
    return float(t @ triangles.values(np.outer(s, s)))


def test_what_has_the_front_twice_is_dropped_and_nothing_else() -> None:
    names = names_of(4, {}, True)
    triangles = everything(5)
    made, weights = inherited(triangles, np.ones(len(triangles)), names, (1, 1), names_of(4, {1: 1}, True))
    # of 10 · 4, the front and spin 1 meet in 3 · 4; the others become all the 4 · 4 of the child
    assert weights.sum() == 40 - 12
    assert len(made) == 16


def test_a_child_without_a_front_spin_loses_the_triangles_that_had_it() -> None:
    triangles = everything(5)
    child = names_of(4, {1: 0}, False)
    made, weights = inherited(triangles, np.ones(len(triangles)), names_of(4, {}, True), (1, 0), child)
    assert made.keys().tolist() == everything(3).keys().tolist()
    assert weights.tolist() == [1.0] * 4
