"""From a file to a certificate for every task: what the classical tiers send holds before the verifier."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from escalation.model.attempt import Candidate
from escalation.model.blob import Blob
from escalation.model.certificate import Certificate, CertificateStatus
from escalation.model.job_state import JobState
from escalation.model.kinds.local_call import LocalCall
from escalation.model.problem import Target
from escalation.model.report import Report
from escalation.model.result import RawResult
from escalation.ports.registry import resolve
from problems.prediction.ai import method
from problems.prediction.ai.task_budgets import TaskBudget
from problems.prediction.applying.saying import said_of
from problems.prediction.loading import load_rows
from problems.prediction.models.artefact import scores
from problems.prediction.prediction_sets.task_sets import stated_claim
from problems.prediction.report.shortcomings import shortcomings
from problems.prediction.tables.instance import TableInstance, solver_view
from problems.prediction.verify.certify import certify
from toolbox.arrays import npy
from toolbox.stats.conformal_sets import filled

TINY = TaskBudget(configurations=1, finalists=1, folds=3, rows=200, first_rows=200, trees=10, max_rounds=30)

ASKED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "multiclass": ({"target": "size"}, {"metric": "macro_roc_auc", "at_least": 0.6}),
    "ordinal": (
        {"target": "size", "order": ["low", "mid", "high"]},
        {"metric": "level_error", "at_most": 0.9},
    ),
    "regression": ({"target": "amount", "range": [0, 100]}, {"metric": "mae", "at_most": 30}),
    "time_to_event": (
        {"target": "until", "event": "died", "horizon": 1.0},
        {"metric": "concordance", "at_least": 0.55},
    ),
}


@dataclass(frozen=True, eq=False)
class Asked:
    """What is asked and what a tier sends."""

    instance: TableInstance
    target: Target
    candidate: Candidate

    def certificate(self, candidate: Candidate) -> Certificate:
        return certify(self.instance, self.target, candidate, (), 0.05)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("tables")
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"dose": random.normal(size=200), "ward": random.choice(["a", "b"], 200)})
    hidden = frame["dose"] + (frame["ward"] == "a") + 0.4 * random.normal(size=200)
    frame["size"] = np.array(["low", "mid", "high"])[np.searchsorted([-0.2, 1.0], hidden)]
    frame["amount"] = (10 * np.exp(hidden / 2)).round(2)
    until, seen = random.exponential(np.exp(-hidden)), random.uniform(0.2, 3, 200)
    frame["until"] = (np.minimum(until, seen) + 0.01).round(3)
    frame["died"] = (until <= seen).astype(int)
    frame.to_csv(place / "t.csv", index=False)
    return place


@pytest.fixture(scope="module", params=ASKED)
def asked(request: pytest.FixtureRequest, folder: Path) -> Asked:
    """A task's instance, target, and what the AI tier sends."""
    task: str = request.param
    stated, wanted = ASKED[task]
    drop = [name for name in ("size", "amount", "until", "died") if name not in map(str, stated.values())]
    instance = load_rows({"csv": "t.csv", "task": task, "drop": drop, **stated}, 1, folder)
    target = Target(**wanted)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(method, "task_budget", lambda rows, outputs: TINY)
        return Asked(instance, target, solved(solver_view(instance, target)))


def test_an_ensemble_is_certified(asked: Asked) -> None:
    certificate = asked.certificate(asked.candidate)
    assert certificate.status is CertificateStatus.CERTIFIED, certificate.reasons


def test_its_prediction_sets_are_made_again_and_hold_as_often_as_promised(asked: Asked) -> None:
    found: Any = asked.certificate(asked.candidate).evidence["sets"]
    assert (found["coverage"], found["refuted"]) == (0.9, False)
    assert found["held"] > 0.75
    sets = npy.load(asked.candidate.files["sealed_sets"].data)
    if asked.instance.asked.task == "ordinal":
        np.testing.assert_array_equal(sets, filled(sets))


def test_one_forged_set_is_found(asked: Asked) -> None:
    sets = npy.load(asked.candidate.files["sealed_sets"].data).copy()
    sets[7] = ~sets[7] if sets.dtype == bool else sets[7] + 0.05
    for forged in (sets, np.full_like(sets, np.nan)) if sets.dtype != bool else (sets,):
        files = {**asked.candidate.files, "sealed_sets": Blob(npy.dump(forged))}
        certificate = asked.certificate(replace(asked.candidate, files=files))
        assert certificate.status is CertificateStatus.INVALID
        assert "forged prediction sets" in certificate.reasons[0]


def test_a_malformed_claim_is_found(asked: Asked) -> None:
    claim: Any = asked.candidate.values["conformal"]
    changes: tuple[dict[str, Any], ...] = (
        {"kind": "magic"},
        {"thresholds": []},
        {"thresholds": [float("nan")] * len(claim["thresholds"])},
        {"units": 3},
        {"coverage": 2},
    )
    for change in changes:
        with pytest.raises(ValueError, match="expected"):
            stated_claim({**claim, **change}, asked.instance.asked)
    values = {**asked.candidate.values, "conformal": {**claim, "model_format": "pickle"}}
    certificate = asked.certificate(replace(asked.candidate, values=values))
    assert "the set model's bytes give no scores" in certificate.reasons[0]


def test_a_promise_that_the_sealed_rows_refute_is_said_and_costs_no_certificate(asked: Asked) -> None:
    claim = stated_claim(asked.candidate.values["conformal"], asked.instance.asked)
    narrow = {"labels": [-1.0] * 3, "interval": [-0.2, -0.2], "outlasted": [0.05]}[claim.rule.kind]
    said = scores(claim.model_format, asked.candidate.files["set_model"].data, asked.instance.sealed_features)
    sets = claim.rule.made(said, narrow, asked.instance.asked)
    values = {
        **asked.candidate.values,
        "conformal": {**asked.candidate.values["conformal"], "thresholds": narrow},
    }
    files = {**asked.candidate.files, "sealed_sets": Blob(npy.dump(sets))}
    wrong = replace(asked.candidate, values=values, files=files)
    certificate = asked.certificate(wrong)
    assert certificate.status is CertificateStatus.CERTIFIED
    found: Any = certificate.evidence["sets"]
    assert found["refuted"] is True
    said_of_it = list(shortcomings(asked.instance, asked.target, certificate, wrong))
    assert any("miss their promise" in each for each in said_of_it)


def test_limits_say_that_sets_are_of_another_model_or_why_there_are_none(asked: Asked) -> None:
    certificate = asked.certificate(asked.candidate)
    said = list(shortcomings(asked.instance, asked.target, certificate, asked.candidate))
    assert any(" are of another model (" in each for each in said)
    floor = {"regression": 0.0}.get(asked.instance.asked.task)
    assert asked.candidate.values["conformal"].get("floor") == floor
    files = {name: blob for name, blob in asked.candidate.files.items() if "set" not in name}
    notes = {"conformal": {"made": False, "because": "none outlasts its time"}}
    plain = replace(asked.candidate, files=files, notes=notes)
    [said_of_it] = shortcomings(asked.instance, asked.target, asked.certificate(plain), plain)
    assert said_of_it == "There are no prediction sets: none outlasts its time."


def test_a_class_beneath_a_promise_over_all_is_seen(asked: Asked) -> None:
    if not (classes := asked.instance.asked.classes):
        return
    sets = np.ones((len(asked.instance.sealed_index), len(classes)), dtype=bool)
    sets[:, 2] = False  # the rarest: nobody counts on it
    candidate = replace(asked.candidate, files={**asked.candidate.files, "sealed_sets": Blob(npy.dump(sets))})
    found = {"coverage": 0.9, "held": 0.9, "p_value": 0.5, "refuted": False}
    certificate = asked.certificate(asked.candidate).model_copy(update={"evidence": {"sets": found}})
    said = list(shortcomings(asked.instance, asked.target, certificate, candidate))
    assert f"{classes[2]!r} the prediction sets hold 0 (95 %" in said[-1]
    assert said[-1].endswith("the promise of 0.9 is over all classes together.")


def test_new_rows_get_the_sets_of_the_set_model(asked: Asked) -> None:
    task, sets = asked.instance.asked, npy.load(asked.candidate.files["sealed_sets"].data)
    rows = asked.instance.sealed_features
    claim = asked.candidate.values["conformal"]
    words = scores(claim["model_format"], asked.candidate.files["set_model"].data, rows)
    predicted = npy.load(asked.candidate.files["sealed_scores"].data)
    found = said_of(task, predicted, (words, claim))[3]
    if task.classes:
        wanted: dict[str, Any] = {
            "set (90 %)": " or ".join(np.array(task.classes)[sets[3]].tolist()) or "none"
        }
    elif task.task == "regression":
        wanted = {
            "from (90 %)": pytest.approx(sets[3, 0], 1e-5),
            "to (90 %)": pytest.approx(sets[3, 1], 1e-5),
        }
    else:
        wanted = {"outlasts (90 %)": pytest.approx(sets[3], 1e-5)}
    assert {name: found[name] for name in wanted} == wanted


def solved(view: Any) -> Candidate:
    solving = method.BoostedTrees().solve(view, 1)
    work = next(solving)
    assert isinstance(work, LocalCall)
    output = resolve(work.function)(work.params, {n: blob.data for n, blob in work.inputs.items()}, Report())
    files = {name: Blob(data) for name, data in output.files.items()}
    with pytest.raises(StopIteration) as stopped:
        solving.send(RawResult(JobState.DONE, output.values, files))
    candidate = stopped.value.value
    assert isinstance(candidate, Candidate)
    return candidate
