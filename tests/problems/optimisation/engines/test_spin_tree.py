"""The tree over spins against enumeration, known optima and the verifier."""

import pytest

from problems.optimisation.engines import spin_tree
from problems.optimisation.engines.base import Unsuitable
from problems.optimisation.engines.spin_tree import SpinTree
from problems.optimisation.generate.graphs import random_cut
from problems.optimisation.model.models import MaxCut, Qubo
from problems.optimisation.proofs.model import pack, unpack
from problems.optimisation.proofs.verify import verify
from tests.problems.optimisation.engines.incumbent_twin import BoardTwin, run
from tests.problems.optimisation.forms import small
from tests.problems.optimisation.shared_data import shared_data

KINDS = ["qubo", "max_cut", "independent_set"]


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_it_proves_the_optimum(kind: str, seed: int) -> None:
    model = small.instance(kind, seed)
    incumbent = BoardTwin(model)
    run(SpinTree(model, seed), incumbent)
    assert not incumbent.faults
    assert incumbent.cost == incumbent.bound == small.least(model)
    for proof in unpack(pack(incumbent.proofs)):
        assert verify(model, proof).bound == proof.bound


@pytest.mark.parametrize("kind", KINDS)
def test_without_triangles_it_branches_to_the_same_optimum(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spin_tree, "TRIED", 0)
    monkeypatch.setattr(spin_tree, "PATIENCE", 0)
    model = small.instance(kind, 4)
    incumbent = BoardTwin(model, ends=lambda _: False)
    engine = SpinTree(model, 1)
    run(engine, incumbent)
    assert incumbent.bound == small.least(model)
    assert verify(model, incumbent.proofs[-1]).bound == incumbent.bound


def test_it_branches_under_a_mirror_and_every_bound_on_the_way_is_proven(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(spin_tree, "TRIED", 0)
    monkeypatch.setattr(spin_tree, "PATIENCE", 0)
    model = random_cut(14, 5, 0.8, (1, 2, 3))
    incumbent = BoardTwin(model)
    engine = SpinTree(model, 1)
    run(engine, incumbent, effort_s=0.02)
    assert incumbent.proven
    assert not incumbent.faults
    assert len(incumbent.proofs) > 2
    assert engine.notes()["nodes"] > 4
    root = incumbent.proofs[-1].data["nodes"][0]
    assert set(root) == {"mirror", "child"}
    for proof in incumbent.proofs:
        assert verify(model, proof).bound == proof.bound


def test_every_bit_may_have_to_be_fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    """With no bound ever good enough, the leaves are the eight answers themselves."""
    monkeypatch.setattr(spin_tree, "TRIED", 0)
    monkeypatch.setattr(spin_tree, "PATIENCE", 0)
    model = Qubo(linear=(1, -2, 3), quadratic=((0, 1, 1), (1, 2, -1)))
    engine = SpinTree(model, 1)
    incumbent = BoardTwin(model)
    incumbent.prove = lambda proof, engine: False  # type: ignore[method-assign]
    monkeypatch.setattr(type(incumbent), "cost", property(lambda _: 10**6))
    for _ in range(20):
        engine.run(incumbent, 1.0)
    assert engine.notes()["nodes"] == 15


def test_parts_that_do_not_touch_lose_the_front_spin_and_are_still_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(spin_tree, "TRIED", 0)
    monkeypatch.setattr(spin_tree, "PATIENCE", 0)
    triangle = ((0, 1, 1), (0, 2, 1), (1, 2, 1))
    five = tuple((3 + i, 3 + j, 1) for i in range(5) for j in range(i + 1, 5))
    model = MaxCut(vertices=8, edges=triangle + five)
    incumbent = BoardTwin(model)
    run(SpinTree(model, 1), incumbent)
    assert incumbent.cost == incumbent.bound == -8
    assert verify(model, incumbent.proofs[-1]).bound == -8


@pytest.mark.parametrize("effort_s", [0.01, 10.0])
def test_it_does_the_same_however_it_is_sliced(effort_s: float) -> None:
    model = random_cut(20, 2, 0.5)
    boards = [BoardTwin(model), BoardTwin(model)]
    run(SpinTree(model, 3), boards[0], slices=1000, effort_s=effort_s)
    run(SpinTree(model, 3), boards[1], slices=1000, effort_s=0.3)
    assert boards[0].proofs == boards[1].proofs


def test_a_tree_that_may_not_grow_ends_with_the_bound_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spin_tree, "MOST_NODES", 4)
    monkeypatch.setattr(spin_tree, "TRIED", 0)
    monkeypatch.setattr(spin_tree, "PATIENCE", 0)
    model = random_cut(30, 1, 0.5)
    incumbent = BoardTwin(model)
    assert run(SpinTree(model, 1), incumbent, slices=1000) < 1000
    assert not incumbent.proven
    assert verify(model, incumbent.proofs[-1]).bound == incumbent.bound


# the optimum of the OR-Library's bqp50, instances 1 and 9 (Beasley 1998)
@pytest.mark.parametrize(("place", "optimum"), [(0, 2098), (8, 3780)])
def test_instances_of_the_or_library_are_closed(place: int, optimum: int) -> None:
    numbers = [int(word) for word in shared_data("qubo/bqp50.txt").read_text().split()]
    at = 1
    for _ in range(place):
        at += 2 + 3 * numbers[at + 1]
    n, entries = numbers[at], numbers[at + 1]
    triples = list(zip(*[iter(numbers[at + 2 : at + 2 + 3 * entries])] * 3, strict=True))
    linear = [0] * n
    for i, j, q in triples:
        if i == j:
            linear[i - 1] += q
    pairs = sorted((min(i, j) - 1, max(i, j) - 1, 2 * q) for i, j, q in triples if i != j and q)
    model = Qubo(linear=tuple(linear), quadratic=tuple(pairs))
    incumbent = BoardTwin(model, 200.0)
    run(SpinTree(model, 1), incumbent, slices=1000)
    assert incumbent.cost == incumbent.bound == -optimum
    assert verify(model, incumbent.proofs[-1]).bound == -optimum


def test_instances_that_it_cannot_treat_are_unsuitable() -> None:
    with pytest.raises(Unsuitable, match="appointments"):
        SpinTree(small.instance("appointments", 1), 1)
    with pytest.raises(Unsuitable, match="501"):
        SpinTree(MaxCut(vertices=501, edges=((0, 1, 1),)), 1)
