"""Trained circuits driven by hand, on a perfect device, and before the verifier."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from threadpoolctl import threadpool_limits

from escalation.model.attempt import Candidate
from escalation.model.certificate import Certificate
from escalation.model.errors import BadInput
from escalation.model.kinds.circuit_batch import CircuitBatch
from escalation.model.kinds.local_call import LocalCall
from escalation.model.problem import Target, Tier
from escalation.policy.policy import load_policy, parse_policy
from escalation.policy.rungs import rungs_of
from escalation.ports.registry import family
from escalation.testing.driving import Driven
from problems.prediction.loading import load_rows
from problems.prediction.quantum.trained_method import QuantumPerceptron, ReuploadingCircuit
from problems.prediction.tables.instance import TableInstance, solver_view
from problems.prediction.verify.certify import certify
from tests.problems.prediction.quantum.driving import drive, run
from tests.problems.prediction.quantum.statevectors import sample

TARGET = Target(metric="roc_auc", at_least=0.6)
METHODS = {"reuploading": ReuploadingCircuit(), "perceptron": QuantumPerceptron()}
CONTROLS = {"rbf_same_features", "no_entanglement", "untrained"}


def driven_on(method: Any, instance: TableInstance, target: Target) -> Driven:
    with threadpool_limits(1):  # as the local backend runs it
        return drive(method, solver_view(instance, target), 5, partial(run, sample=sample))


@pytest.fixture(scope="module")
def instances(tmp_path_factory: pytest.TempPathFactory) -> dict[str, TableInstance]:
    """By method rows that it can tell apart: signs that agree or not, and signs that a neuron fires for."""
    rng, folder = np.random.default_rng(4), tmp_path_factory.mktemp("signs")
    frame = pd.DataFrame(rng.normal(size=(240, 3)), columns=["a", "b", "c"])
    signs = np.column_stack([np.sign(frame), np.ones(240)])
    yes = {
        "reuploading": frame["a"] * frame["b"] > 0,
        "perceptron": np.abs(signs @ [1.0, -1.0, 1.0, 1.0]) > 1,
    }
    found = {}
    for name, label in yes.items():
        frame["y"] = np.where(label ^ (rng.random(240) < 0.05), "yes", "no")
        frame.to_csv(folder / f"{name}.csv", index=False)
        stated = {"csv": f"{name}.csv", "target": "y", "positive": "yes", "sealed_fraction": 0.5}
        found[name] = load_rows(stated, 1, folder)
    return found


@pytest.fixture(scope="module")
def driven(instances: dict[str, TableInstance]) -> dict[str, Driven]:
    return {name: driven_on(method, instances[name], TARGET) for name, method in METHODS.items()}


def judged(candidate: Candidate, driven: Driven, instance: TableInstance) -> Certificate:
    return certify(instance, TARGET, candidate, driven[1], 0.05)


@pytest.mark.parametrize("name", METHODS)
def test_each_row_is_one_circuit_for_the_candidate_and_both_of_its_controls_on_circuits(
    name: str, driven: dict[str, Driven], instances: dict[str, TableInstance]
) -> None:
    works = [item.work for item in driven[name][1]]
    assert [type(work) for work in works] == [LocalCall, *[CircuitBatch] * 3, LocalCall]
    batches = [work for work in works if isinstance(work, CircuitBatch)]
    sets = {pub.sets for batch in batches for pub in batch.pubs}
    held = driven[name][0].notes["rows_measured"]
    assert sets == {held + len(instances[name].sealed_index)}
    assert batches[0].pubs[0].qasm3 == batches[2].pubs[0].qasm3 != batches[1].pubs[0].qasm3


@pytest.mark.parametrize("name", METHODS)
def test_its_answer_is_certified_beside_three_controls_and_beats_itself_untrained(
    name: str, driven: dict[str, Driven], instances: dict[str, TableInstance]
) -> None:
    candidate, _ = driven[name]
    certificate = judged(candidate, driven[name], instances[name])
    assert certificate.status == "CERTIFIED", certificate.reasons
    found = {control.name: control for control in certificate.controls}
    assert set(found) == CONTROLS
    assert found["untrained"].p_value < 0.05
    assert all(
        each.files["train_rows"] == candidate.files["train_rows"] for each in candidate.controls.values()
    )


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("left_out", sorted(CONTROLS))
def test_a_control_that_is_left_out_is_missed(
    name: str, left_out: str, driven: dict[str, Driven], instances: dict[str, TableInstance]
) -> None:
    candidate, _ = driven[name]
    kept = {each: control for each, control in candidate.controls.items() if each != left_out}
    certificate = judged(replace(candidate, controls=kept), driven[name], instances[name])
    assert certificate.status == "INVALID"
    assert any("no null control" in reason for reason in certificate.reasons)


def test_angles_other_than_those_that_ran_are_a_forgery(
    driven: dict[str, Driven], instances: dict[str, TableInstance]
) -> None:
    candidate, _ = driven["reuploading"]
    learned = np.asarray(candidate.values["encoding"]["learned"])
    encoding = {**candidate.values["encoding"], "learned": (learned + 0.01).tolist()}
    forged = replace(candidate, values={**candidate.values, "encoding": encoding})
    certificate = judged(forged, driven["reuploading"], instances["reuploading"])
    assert certificate.status == "INVALID"
    assert any("parameters" in reason for reason in certificate.reasons)


def test_angles_of_ones_own_choice_are_no_untrained_circuit(
    driven: dict[str, Driven], instances: dict[str, TableInstance]
) -> None:
    candidate, _ = driven["perceptron"]
    trained = {**candidate.controls, "untrained": candidate.controls["no_entanglement"]}
    certificate = judged(replace(candidate, controls=trained), driven["perceptron"], instances["perceptron"])
    assert any("drawn as the verifier does" in reason for reason in certificate.reasons)


def test_numbers_are_read_from_the_re_uploading_circuit_too(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(100, 2)), columns=["a", "b"])
    frame["y"] = (frame["a"] + frame["b"] ** 2).clip(-5, 8)
    frame.to_csv(tmp_path / "t.csv", index=False)
    named = {"csv": "t.csv", "target": "y", "task": "regression", "range": [-10, 10], "sealed_fraction": 0.5}
    instance, target = load_rows(named, 1, tmp_path), Target(metric="mae", at_most=8)
    candidate, done = driven_on(ReuploadingCircuit(), instance, target)
    certificate = certify(instance, target, candidate, done, 0.05)
    assert certificate.status == "CERTIFIED", certificate.reasons
    assert {control.name for control in certificate.controls} == CONTROLS


def test_a_policy_that_asks_for_a_fidelity_kernel_is_told_what_it_would_cost() -> None:
    text = yaml.safe_dump(
        {
            "policy": "dear",
            "summary": "a kernel of pairs",
            "extends": "default",
            "methods": {"prediction": ["fidelity_kernel"]},
        }
    )
    with pytest.raises(BadInput, match=r"fidelity_kernel is never offered: .* 5,000 s and 8,000 USD"):
        parse_policy(text)


def test_they_are_tried_only_where_a_policy_names_them() -> None:
    policy, prediction = load_policy("default").policy, family("prediction")
    usual = [rung.method for rung in rungs_of(policy, prediction)]
    assert usual == ["nested_cv", "boosted_trees", "projected_kernel"]
    named = policy.model_copy(update={"methods": {"prediction": ("nested_cv", "reuploading")}})
    assert [rung.method for rung in rungs_of(named, prediction)] == ["nested_cv", "reuploading"]
    assert all(method.tier is Tier.QUANTUM for method in METHODS.values())
