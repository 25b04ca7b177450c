"""A table with an outcome of each task, and candidates on it without any method."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from escalation.model.attempt import Candidate
from escalation.model.blob import Blob
from escalation.model.problem import Target
from problems.prediction.loading import load_rows
from problems.prediction.tables.instance import TableInstance
from problems.prediction.verify.certify import certify
from toolbox.models.skops_file import dump_estimator

ROWS = 300
LEVELS = ["low", "middle", "high"]
FIELDS: dict[str, dict[str, Any]] = {
    "multiclass": {"target": "kind", "top": 2},
    "ordinal": {"target": "level", "order": LEVELS},
    "regression": {"target": "amount", "tolerance": 1.0, "quantile": 0.8, "range": [-10, 10]},
}


@pytest.fixture(scope="session")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(ROWS, 2)).round(6)
    amount = (x[:, 0] + 0.3 * rng.normal(size=ROWS)).round(4)
    kind = np.array(["cat", "dog", "owl", "yak"])[
        (x[:, 0] > 0) + 2 * (x[:, 1] + 0.3 * rng.normal(size=ROWS) > 0)
    ]
    frame = pd.DataFrame({"x0": x[:, 0], "x1": x[:, 1]})
    return frame.assign(kind=kind, level=np.array(LEVELS)[np.digitize(amount, (-0.5, 0.5))], amount=amount)


Load = Callable[..., TableInstance]


@pytest.fixture
def load(tmp_path: Path, table: pd.DataFrame) -> Load:
    """`load(task, frame, field=…)`: the rows of one task; of the frame only its column and the features."""

    def load(task: str, frame: Any = None, **fields: Any) -> TableInstance:
        stated = {"csv": "t.csv", "task": task, **FIELDS.get(task, {}), **fields}
        frame = table if frame is None else frame
        others = [name for name in ("kind", "level", "amount") if name != stated["target"]]
        frame.drop(columns=others, errors="ignore").to_csv(tmp_path / "t.csv", index=False)
        return load_rows({name: value for name, value in stated.items() if value is not None}, 1, tmp_path)

    return load


@dataclass
class Solved:
    """An instance and an honest candidate on it."""

    instance: TableInstance
    candidate: Candidate

    def certificate(self, metric: str, limit: float, candidate: Candidate | None = None) -> Any:
        side = "at_most" if metric in LESS else "at_least"
        target = Target.model_validate({"metric": metric, side: limit})
        return certify(self.instance, target, candidate or self.candidate, (), 0.05)


LESS = {"log_loss", "level_error", "ranked_probability_score", "mae", "rmse", "error_quantile"}


def npy(array: Any) -> Blob:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return Blob(buffer.getvalue())


@pytest.fixture
def solve(load: Load) -> Callable[[str], Solved]:
    """`solve(task)`: fits scikit-learn's plainest estimator to the open rows."""
    from sklearn.linear_model import LinearRegression, LogisticRegression

    def solve(task: str, **fields: Any) -> Solved:
        instance = load(task, **fields)
        rows = instance.frame.iloc[instance.open_index]
        model: Any = LinearRegression() if task == "regression" else LogisticRegression()
        model.fit(rows[["x0", "x1"]], rows["__label__"])
        sealed = instance.sealed_features[["x0", "x1"]]
        scores = model.predict(sealed) if task == "regression" else model.predict_proba(sealed)
        files = {
            "model": Blob(dump_estimator(model)),
            "sealed_scores": npy(scores),
            "train_rows": Blob(b"".join(sorted(bytes.fromhex(row) for row in rows["__row__"]))),
        }
        return Solved(instance, Candidate({"model_format": "skops", "chosen": "plain"}, files))

    return solve
