"""From a file to a certificate for every task: what the classical tiers send holds before the verifier."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from escalation.model.attempt import Candidate
from escalation.model.blob import Blob
from escalation.model.certificate import CertificateStatus
from escalation.model.job_state import JobState
from escalation.model.kinds.local_call import LocalCall
from escalation.model.problem import Target
from escalation.model.report import Report
from escalation.model.result import RawResult
from escalation.ports.registry import resolve
from problems.prediction.ai import method
from problems.prediction.ai.task_budgets import TaskBudget
from problems.prediction.loading import load_rows
from problems.prediction.tables.instance import solver_view
from problems.prediction.verify.certify import certify

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


@pytest.mark.parametrize("task", ASKED)
def test_an_ensemble_is_certified(task: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(method, "task_budget", lambda rows, outputs: TINY)
    stated, wanted = ASKED[task]
    drop = [name for name in ("size", "amount", "until", "died") if name not in map(str, stated.values())]
    instance = load_rows({"csv": "t.csv", "task": task, "drop": drop, **stated}, 1, folder)
    target = Target(**wanted)
    certificate = certify(instance, target, solved(solver_view(instance, target)), (), 0.05)
    assert certificate.status is CertificateStatus.CERTIFIED, certificate.reasons


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
