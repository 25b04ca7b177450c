"""What was written when a family had another name is read under the one it has now."""

from escalation.engine.opening import parse_problem, parse_with_policy
from escalation.model.problem import Tier
from escalation.policy.policy import load_policy
from escalation.policy.rungs import rungs_of
from escalation.ports.registry import current_name, families, family

STATED = {
    "family": "classification",
    "instance": {"dataset": "breast_cancer"},
    "target": {"metric": "roc_auc", "at_least": 0.97},
}


def test_a_problem_of_a_former_name_is_the_same_problem() -> None:
    now = parse_problem(STATED | {"family": "prediction"})
    assert parse_problem(STATED) == now
    assert parse_problem(STATED).digest == now.digest
    assert parse_with_policy(STATED | {"policy": "default"}) == (now, "default")


def test_a_former_name_finds_its_family_and_is_not_listed() -> None:
    assert families()["classification"] is families()["prediction"]
    assert "classification" in families()
    assert "classification" not in list(families())
    assert current_name("nobody") == "nobody"


def test_a_policy_of_a_former_name_guards_the_family() -> None:
    plain = load_policy("default").policy
    gates = tuple(
        gate.model_copy(update={"families": ("classification",)}) if gate.families else gate
        for gate in plain.gates
    )
    methods = {"classification": ("boosted_trees",)}
    policy = plain.model_copy(update={"gates": gates, "methods": methods})
    assert [rung.method for rung in rungs_of(policy, family("prediction"))] == ["boosted_trees"]
    of_family = [gate.id for gate in policy.gates_of(Tier.QUANTUM, "prediction")]
    assert "geometric_difference" in of_family
    assert "geometric_difference" not in [gate.id for gate in policy.gates_of(Tier.QUANTUM, "toy")]
