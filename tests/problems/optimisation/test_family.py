"""The family's own verbs: what targets mean, and which methods there are."""

from pathlib import Path

import pytest

from escalation.model.errors import BadInput
from escalation.model.problem import Target, Tier
from problems.optimisation.family import Optimisation

CUT = {"kind": "max_cut", "vertices": 3, "edges": [[1, 2], [2, 3]]}
CLINIC = {"kind": "appointments", "generate": {"patients": 3}}


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (
            Target(metric="cost", at_most=1),
            "unknown metric 'cost': expected one of gap, absolute_gap, objective",
        ),
        (Target(metric="gap", at_least=0.1), "gap is reached with at_most, got at_least: write at_most: 0.1"),
        (Target(metric="absolute_gap", at_most=-1), "absolute_gap is never below 0, got at_most: -1.0"),
        (
            Target(metric="gap", at_most=0, confidence=0.99),
            "target.confidence: would have no effect: bounds are proven here, without error; remove it",
        ),
    ],
)
def test_targets_that_mean_nothing_are_refused(target: Target, said: str) -> None:
    with pytest.raises(BadInput) as error:
        Optimisation().check_target(target)
    assert str(error.value) == said


@pytest.mark.parametrize(
    ("instance", "wrong", "right"),
    [
        (CUT, Target(metric="objective", at_most=2), Target(metric="objective", at_least=2)),
        (CLINIC, Target(metric="objective", at_least=9), Target(metric="objective", at_most=9)),
    ],
)
def test_an_objective_is_reached_from_the_side_of_its_sense(
    instance: dict[str, object], wrong: Target, right: Target
) -> None:
    family = Optimisation()
    loaded = family.load(instance, 1, Path())
    assert family.view(loaded, right).limit == right.limit
    with pytest.raises(BadInput, match=r"objective is to (maximise|minimise): write at_"):
        family.view(loaded, wrong)


def test_every_tier_has_a_method() -> None:
    methods = Optimisation().methods()
    assert [method.tier for method in methods] == [Tier.HPC, Tier.AI, Tier.QUANTUM]
    assert [method.name for method in methods] == ["portfolio", "learned_portfolio", "qaoa"]
