"""How trees are walked: every node once, at any depth, from the root."""

from typing import Any

import pytest

from problems.optimisation.forms.spins import spin_form
from problems.optimisation.model.models import MaxCut, Qubo, Sense
from problems.optimisation.proofs import spin_tree
from problems.optimisation.proofs.model import Proof
from problems.optimisation.proofs.reading import Faulty
from problems.optimisation.proofs.tree import Path, walk
from problems.optimisation.proofs.verify import verify


def read(node: dict[str, Any], path: Path | None) -> list[tuple[Any, tuple[int, int, int]]]:
    return [(child, (0, 0, 0)) for child in node.get("children", [])]


def test_a_chain_of_a_hundred_thousand_nodes_is_no_trouble() -> None:
    nodes: list[dict[str, Any]] = [{"children": [k + 1]} for k in range(100_000)]
    walked = walk([*nodes, {}], read)
    assert (walked.leaves, walked.depth) == (1, 100_000)


@pytest.mark.parametrize(
    ("nodes", "fault"),
    [
        ([{"children": [1, 1]}, {}], "node 1 is reached more than once"),
        ([{"children": [0]}], "node 0 is reached more than once"),
        ([{"children": [1]}, {"children": [2]}, {"children": [1]}], "node 1 is reached more than once"),
        ([{}, {}], "node 1 is never reached"),
        ([{"children": [2]}, {}, {}], "node 1 is never reached"),
        ([{"children": [3]}, {}], "a child to be a whole number from 0 to 1"),
        ([{"children": [1.0]}, {}], "a child to be a whole number"),
        ([{"children": [True]}, {}], "a child to be a whole number"),
        ([], "a list of nodes"),
        ({}, "a list of nodes"),
        ([None], "a list of nodes"),
    ],
)
def test_anything_that_is_no_tree_is_refused(nodes: Any, fault: str) -> None:
    with pytest.raises(Faulty, match=fault):
        walk(nodes, read)


def test_thousands_of_leaves_with_values_prove_a_small_optimum() -> None:
    model = Qubo(sense=Sense.MINIMISE, linear=(1,) * 11, quadratic=((0, 1, -3), (4, 9, 2)))
    form, nodes = spin_form(model), list[dict[str, Any]]()

    def grow(fixed: dict[int, int]) -> int:
        number, index = len(nodes), len(fixed)
        nodes.append({})
        if index == 11:
            nodes[number] = {"value": form.fix(fixed).constant // 4}
        else:
            nodes[number] = {"branch": index, "children": [grow(fixed | {index: bit}) for bit in (0, 1)]}
        return number

    grow({})
    data = {"form": "spins", "shift": 0, "nodes": nodes}
    verdict = verify(model, Proof("tree", -1, data))  # x_0 = x_1 = 1 alone: 1 + 1 - 3
    assert (verdict.bound, verdict.sizes) == (-1, {"nodes": 4095, "leaves": 2048, "depth": 11})
    assert verify(model, Proof("tree", 0, data)).fault == "a leaf's answer costs -1, which is below 0"


def test_more_work_than_the_verifier_does_is_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spin_tree, "MOST_WORK", 10)
    model = MaxCut(vertices=3, edges=((0, 1, 1), (1, 2, 1)))
    leaf = {"diagonal": [-100, -100, -100], "triangles": []}
    verdict = verify(model, Proof("tree", -50, {"form": "spins", "shift": 0, "nodes": [leaf]}))
    assert verdict.bound is None
    assert not verdict.fault
    assert "more work" in verdict.undecided
