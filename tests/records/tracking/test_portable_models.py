"""A model in MLflow is loaded and served by MLflow alone, and scores as the certified one does."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from escalation.model.attempt import Candidate
from escalation.model.blob import Blob
from escalation.model.case import CaseInfo
from escalation.model.problem import Problem, Target
from problems.prediction.ai.contenders import Boosting, Forest
from problems.prediction.models.artefact import scores
from problems.prediction.models.pipelines import base_model, joined, preprocessing
from problems.prediction.tables.encoding import Rows, encode
from problems.prediction.tables.table import Column
from records.tracking.places import TrackingPlace
from records.tracking.portable_code import portable
from records.tracking.tracking import MlflowTracker
from toolbox.models.skops_file import dump_estimator
from toolbox.stats.calibration_map import CalibrationMap

COLUMNS = (Column("age", "number"), Column("ward", "category", ("a", "b", "c")))

ALONE = """
import sys

class Refused:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("escalation", "toolbox", "problems", "records", "tasks"):
            raise ImportError(f"{name}: Tierwise is not installed here")

sys.meta_path.insert(0, Refused())
import json
import mlflow
import pandas as pd
from starlette.testclient import TestClient
from mlflow.pyfunc.scoring_server import init

rows = pd.read_parquet(sys.argv[1])
found = {}
for folder in sys.argv[2:]:
    model = mlflow.pyfunc.load_model(folder)
    loaded = list(model.predict(rows)["score"])
    body = {"dataframe_split": json.loads(rows.to_json(orient="split", index=False, double_precision=15))}
    answer = TestClient(init(model)).post("/invocations", json=body)
    example = model.predict(model.input_example)["score"]
    less = rows.drop(columns="ward")
    without = list(model.predict(less)["score"])
    body = {"dataframe_split": json.loads(less.to_json(orient="split", index=False, double_precision=15))}
    served = TestClient(init(model)).post("/invocations", json=body).json()["predictions"]
    try:
        refused = str(model.predict(rows.drop(columns="age")))
    except mlflow.exceptions.MlflowException as error:
        refused = str(error)
    found[folder] = [
        loaded, [row["score"] for row in answer.json()["predictions"]], len(example),
        without, [row["score"] for row in served], refused,
    ]
json.dump(found, open(sys.argv[1] + ".scores", "w"))
"""


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    random = np.random.default_rng(1)
    ward = [("a", "b", "c", None)[place] for place in random.integers(0, 4, 80)]
    return pd.DataFrame({"age": random.normal(60, 15, 80).round(3), "ward": pd.Series(ward, dtype=object)})


@pytest.fixture(scope="module")
def models(rows: pd.DataFrame) -> dict[str, bytes]:
    """One of each format that the classical tiers make."""
    labels = np.array((rows["age"] > 58) ^ (rows["ward"] == "a"), dtype=np.int8)
    table = Rows(encode(COLUMNS, rows), labels, np.arange(len(rows)))
    boosting, sigmoid = Boosting({"eta": 0.3, "max_depth": 2}, 5), CalibrationMap("sigmoid", 2.0, 2.0)
    prepare = preprocessing(COLUMNS)
    ridge = base_model("ridge", {"C": 1.0}, 4, "roc_auc", 1).fit(prepare.fit_transform(rows), labels)
    return {
        "xgboost": boosting.train(COLUMNS, table, 1).dump(COLUMNS, sigmoid),
        "forest": Forest(5, 2).train(COLUMNS, table, 1).dump(COLUMNS, CalibrationMap()),
        "skops": dump_estimator(joined(prepare, ridge)),
    }


@pytest.fixture
def url(tmp_path: Path) -> str:
    """What MLflow is told does not depend on the ledger's database."""
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture
def folders(  # noqa: PLR0917 (fixtures)
    models: dict[str, bytes],
    mlflow_database: Path,
    tmp_path: Path,
    ledger: Any,
    make_info: Callable[..., CaseInfo],
    make_attempt: Callable[..., Any],
) -> dict[str, Path]:
    """By format the folder that MLflow has of the model."""
    shutil.copy(mlflow_database, tmp_path / "mlflow.db")
    place = TrackingPlace(f"sqlite:///{tmp_path / 'mlflow.db'}", tmp_path / "artifacts")
    tracker = MlflowTracker(place, ledger, ledger.store)
    problem = Problem(family="prediction", instance={}, target=Target(metric="roc_auc", at_least=0.5))
    described = {
        "features": [{**column.to_json(), "may_be_missing": column.name == "ward"} for column in COLUMNS]
    }
    info = make_info("models", problem=problem, problem_digest=problem.digest, instance=described)
    tracker.case_opened(ledger.open_case(info))
    for number, (model_format, data) in enumerate(models.items()):
        candidate = Candidate({"model_format": model_format}, {"model": Blob(data)})
        tracker.attempt_finished("models", make_attempt(number, method=model_format), candidate, [])
    assert tracker.drain(120)
    tracker.close()
    return {str(each["flavors"]["tierwise"]["format"]): path for path, each in _saved(tmp_path)}


def test_mlflow_alone_loads_and_serves_every_format_and_scores_as_the_verifier(
    models: dict[str, bytes], rows: pd.DataFrame, folders: dict[str, Path], tmp_path: Path
) -> None:
    assert folders.keys() == models.keys()
    assert not list(tmp_path.rglob("*.pkl"))
    rows.to_parquet(tmp_path / "rows")
    command = [sys.executable, "-c", ALONE, str(tmp_path / "rows"), *map(str, folders.values())]
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run(command, check=True, timeout=240, cwd=tmp_path, env=clean)
    found = json.loads((tmp_path / "rows.scores").read_text())
    for model_format, data in models.items():
        loaded, served, of_the_example, without, served_without, refused = found[str(folders[model_format])]
        wanted = scores(model_format, data, rows)
        assert loaded == wanted.tolist()
        np.testing.assert_allclose(served, wanted, rtol=0, atol=1e-12)  # through JSON
        assert of_the_example == 1
        wanted = scores(model_format, data, rows.assign(ward=None))  # an absent column is a missing value
        assert without == wanted.tolist()
        np.testing.assert_allclose(served_without, wanted, rtol=0, atol=1e-12)
        assert "Model is missing inputs ['age']" in refused


def _saved(root: Path) -> list[tuple[Path, Any]]:
    import yaml

    return [(path.parent, yaml.safe_load(path.read_text())) for path in root.rglob("MLmodel")]


def test_the_code_that_travels_is_what_scoring_needs_under_a_name_of_its_own() -> None:
    package, files, needs = portable("problems.prediction.models.forest_model:scores", "0" * 64, {})
    assert {name.partition("/")[0] for name in files} == {package}
    assert f"{package}/problems/prediction/models/forest_model.py" in files
    assert not any("instance" in name or "ladder" in name for name in files)
    assert not any(b"from problems" in data or b"from escalation" in data for data in files.values())
    assert any(need.startswith("numpy==") for need in needs)
    assert portable("problems.prediction.models.forest_model:scores", "1" * 64, {})[0] != package


def test_other_bytes_than_those_certified_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package, files, _ = portable("problems.prediction.models.forest_model:scores", "0" * 64, {})
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    (tmp_path / "model").write_bytes(b"others")
    monkeypatch.syspath_prepend(tmp_path)
    loader = __import__(package)
    with pytest.raises(ValueError, match="expected the model with SHA-256 0000"):
        loader._load_pyfunc(str(tmp_path / "model"))
