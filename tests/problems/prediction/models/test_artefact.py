"""Model files: the same bytes for the same model, the same scores from the bytes, nothing untrusted."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from problems.prediction.models.artefact import FORMATS, scores
from problems.prediction.models.pipelines import (
    ProbabilityCalibration,
    base_model,
    fit_probabilistic,
    joined,
    preprocessing,
)
from problems.prediction.tables.table import Column
from toolbox.models.skops_file import dump_estimator, load_estimator

Rows = tuple[pd.DataFrame, NDArray[np.int8]]
Train = Callable[[str], Any]

COLUMNS = (Column("x", "number"), Column("z", "number"), Column("ward", "category", ("a", "b")))
MODELS: dict[str, dict[str, Any]] = {
    "ridge": {"C": 1.0},
    "elastic_net": {"C": 0.5, "l1_ratio": 0.5},
    "svm_rbf": {"C": 1.0, "gamma": 0.3},
    "nystroem_rbf": {"C": 1.0, "gamma": 0.3},
    "nearest_neighbours": {"n_neighbors": 5},
}


@pytest.fixture(scope="module")
def rows() -> Rows:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"x": rng.normal(size=240), "z": rng.normal(size=240)})
    frame["ward"] = pd.Series(rng.choice(["a", "b"], 240), dtype="str")
    frame.loc[::17, "z"], frame.loc[::19, "ward"] = np.nan, None
    return frame, np.asarray(frame["x"] + rng.normal(size=240) > 0, dtype=np.int8)


@pytest.fixture(scope="module")
def train(rows: Rows) -> Train:
    def train(model: str) -> Any:
        frame, labels = rows
        prepare = preprocessing(COLUMNS)
        data = prepare.fit_transform(frame)
        base = base_model(model, MODELS[model], data.shape[1], "brier", 5)
        return joined(
            prepare,
            fit_probabilistic(model, base, data, labels, ProbabilityCalibration(np.arange(240), "brier", 1)),
        )

    return train


@pytest.mark.parametrize("model", MODELS)
def test_bytes_depend_on_the_model_alone_and_score_as_it_does(rows: Rows, train: Train, model: str) -> None:
    first, second = (dump_estimator(train(model)) for _ in range(2))
    assert first == second
    assert dump_estimator(load_estimator(first)) == first
    expected = train(model).predict_proba(rows[0])[:, 1]
    assert np.array_equal(scores("skops", first, rows[0]), expected)
    assert np.array_equal(scores("skops", first, rows[0][["ward", "z", "x"]]), expected)  # columns go by name


def test_a_type_that_is_not_trusted_is_refused(train: Train) -> None:
    with zipfile.ZipFile(io.BytesIO(dump_estimator(train("ridge")))) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    text = members["schema.json"].replace(b'"LogisticRegression"', b'"Popen"')
    members["schema.json"] = text.replace(b'"sklearn.linear_model._logistic"', b'"subprocess"')
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    with pytest.raises(ValueError, match=r"not trusted: subprocess\.Popen"):
        scores("skops", buffer.getvalue(), pd.DataFrame({"x": [1.0]}))


@pytest.mark.parametrize("model_format", FORMATS)
def test_bytes_that_are_no_model_are_refused(model_format: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        scores(model_format, b"no model", pd.DataFrame({"x": [1.0]}), np.zeros((1, 1)))


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown model format 'pickle'"):
        scores("pickle", b"", pd.DataFrame({"x": [1.0]}))


def test_scores_outside_zero_and_one_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("problems.prediction.models.artefact.FORMATS", {"forest": lambda *_: np.array([1.5])})
    with pytest.raises(ValueError, match="between 0 and 1"):
        scores("forest", b"", pd.DataFrame({"x": [1.0]}))
