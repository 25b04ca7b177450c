"""The tree over linear relaxations against enumeration, known optima and the verifier."""

import pytest

from problems.optimisation.engines import mip_tree
from problems.optimisation.engines.base import Unsuitable
from problems.optimisation.engines.mip_tree import MipTree
from problems.optimisation.generate.graphs import random_independent_set
from problems.optimisation.model.models import Claimant, IndependentSet, Place, Triage
from problems.optimisation.proofs.model import pack, unpack
from problems.optimisation.proofs.verify import verify
from tests.problems.optimisation.engines.incumbent_twin import BoardTwin, run
from tests.problems.optimisation.forms import small
from tests.problems.optimisation.shared_data import shared_data


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("kind", ["independent_set", "appointments", "triage"])
def test_it_finds_the_optimum_and_proves_it(kind: str, seed: int) -> None:
    model = small.instance(kind, seed)
    incumbent = BoardTwin(model)
    run(MipTree(model, seed), incumbent)
    assert not incumbent.faults
    assert incumbent.cost == small.least(model)
    if incumbent.cost is not None:
        assert incumbent.bound == incumbent.cost
    for proof in unpack(pack(incumbent.proofs)):
        assert verify(model, proof).bound == proof.bound


def test_a_part_without_an_answer_has_a_ray() -> None:
    """Three who must be placed, two a place: two thirds each would fit, whole ones only by two and one."""
    patients = tuple(Claimant(id=f"p{k}", benefit=5 + k, uses=(4, 3), required=True) for k in range(3))
    places = tuple(Place(id=f"w{k}", capacity=(9, 6), quality=100 - 10 * k) for k in range(2))
    model = Triage(capacities=("beds", "hours"), patients=patients, places=places)
    incumbent = BoardTwin(model)
    run(MipTree(model, 1), incumbent)
    least = small.least(model)
    assert incumbent.cost == incumbent.bound == least
    crowded = Triage(capacities=("beds", "hours"), patients=patients, places=places[:1])
    nowhere = BoardTwin(crowded)
    run(MipTree(crowded, 1), nowhere)
    assert nowhere.cost is None


def test_every_bound_on_the_way_is_proven_and_the_same_again() -> None:
    model = random_independent_set(60, 3, 0.12)
    boards = [BoardTwin(model), BoardTwin(model)]
    for incumbent, effort_s in zip(boards, (0.01, 0.2), strict=True):
        engine = MipTree(model, 1)
        run(engine, incumbent, slices=1000, effort_s=effort_s)
        assert not incumbent.faults
        assert incumbent.proven
    assert boards[0].proofs == boards[1].proofs
    assert len(boards[0].proofs) > 1
    for proof in boards[0].proofs:
        assert verify(model, proof).bound == proof.bound


def test_a_tree_that_may_not_grow_ends_with_the_bound_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mip_tree, "MOST_NUMBERS", 1)
    model = random_independent_set(60, 3, 0.12)
    incumbent = BoardTwin(model)
    assert run(MipTree(model, 1), incumbent, slices=1000) < 1000
    assert not incumbent.proven
    assert verify(model, incumbent.proofs[-1]).bound == incumbent.bound


# sizes of the largest sets as QOBLIB states them
@pytest.mark.parametrize(("name", "largest"), [("johnson8-2-4", 7), ("es60fst01", 60), ("sloane_1dc_64", 10)])
def test_public_graphs_are_closed(name: str, largest: int) -> None:
    lines = [line.split() for line in shared_data(f"independent_set/{name}.gph").read_text().splitlines()]
    (vertices,) = [int(line[2]) for line in lines if line and line[0] == "p"]
    ends = [(int(line[1]) - 1, int(line[2]) - 1) for line in lines if line and line[0] == "e"]
    model = IndependentSet(vertices=vertices, edges=tuple(sorted({(min(e), max(e)) for e in ends})))
    incumbent = BoardTwin(model, 200.0)
    run(MipTree(model, 1), incumbent, slices=1000)
    assert incumbent.cost == incumbent.bound == -largest
    assert verify(model, incumbent.proofs[-1]).bound == -largest


def test_kinds_that_it_cannot_treat_are_unsuitable() -> None:
    with pytest.raises(Unsuitable, match="qubo"):
        MipTree(small.instance("qubo", 1), 1)
