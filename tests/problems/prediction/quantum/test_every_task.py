"""The projected kernel asked for classes, levels, numbers and times: its answer holds before the verifier."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from escalation.model.problem import Target
from problems.prediction.loading import load_rows
from problems.prediction.models.feature_machine import FORMAT
from problems.prediction.quantum import projected, training
from problems.prediction.quantum.method import ProjectedKernel
from problems.prediction.tables.instance import solver_view
from problems.prediction.verify.certify import certify
from tests.problems.prediction.quantum.driving import drive
from tests.problems.prediction.task_tables import table

ASKED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "multiclass": ({}, {"metric": "macro_roc_auc", "at_least": 0.6}),
    "ordinal": ({"order": ["low", "middle", "top"]}, {"metric": "level_error", "at_most": 0.8}),
    "regression": ({"range": [0, 50]}, {"metric": "mae", "at_most": 30}),
    "time_to_event": ({"event": "seen", "horizon": 0.5}, {"metric": "concordance", "at_least": 0.4}),
}


@pytest.mark.parametrize("task", ASKED)
def test_its_answer_is_recomputed_and_compared_with_its_null_controls(
    task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projected, "BANDWIDTHS", (0.5, 1.0))
    monkeypatch.setattr(training, "FINE", ((0.3,), (1.0, 10.0)))
    frame = table(task, 120).drop(columns=["ward", "__group__", "__row__"])
    frame = frame.rename(columns={"__label__": "outcome", "__event__": "seen"})
    if task in ("multiclass", "ordinal"):
        frame["outcome"] = np.array(["low", "middle", "top"])[frame["outcome"]]
    if "seen" in frame:
        frame["seen"] = frame["seen"].astype(int)
    frame.to_csv(tmp_path / "t.csv", index=False)
    stated, wanted = ASKED[task]
    named = {"csv": "t.csv", "task": task, "target": "outcome", "sealed_fraction": 0.5, **stated}
    instance, target = load_rows(named, 1, tmp_path), Target(**wanted)
    with threadpool_limits(1):  # as the local backend runs it
        candidate, done = drive(ProjectedKernel(), solver_view(instance, target), 5)
    certificate = certify(instance, target, candidate, done, 0.05)
    assert certificate.status == "CERTIFIED", certificate.reasons
    assert {control.name for control in certificate.controls} == {"rbf_same_features", "no_entanglement"}
    assert candidate.values["model_format"] == FORMAT
    assert set(candidate.notes["model_complexity"]) == {"classical", "quantum", "ratio"}
