"""A small instance with honest candidates on it, that several test files share."""

import hashlib
import io
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pytest

from escalation.model.attempt import Candidate
from escalation.model.blob import Blob
from problems.prediction.tables.instance import TableInstance
from problems.prediction.tables.table import Column
from problems.prediction.tasks.task import Asking
from toolbox.models.skops_file import dump_estimator


def npy(array: Any) -> Any:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return Blob(buffer.getvalue())


def row_digest(values: Any) -> Any:
    return hashlib.sha256(np.asarray(values, dtype=np.float64).tobytes()).hexdigest()


@dataclass
class Bench:
    """An instance of two informative features and honest candidates on it."""

    instance: TableInstance

    def with_frame(self, **columns: Any) -> Any:
        return Bench(replace(self.instance, frame=self.instance.frame.assign(**columns)))

    def rows(self, index: Any) -> Any:
        return self.instance.frame.iloc[index]

    def train_rows(self, index: Any = None) -> Any:
        rows = self.rows(self.instance.open_index if index is None else index)["__row__"]
        return Blob(b"".join(sorted(bytes.fromhex(row) for row in rows)))

    def fit(self, labels: Any = None, index: Any = None, estimator: Any = None) -> Any:
        from sklearn.linear_model import LogisticRegression

        rows = self.rows(self.instance.open_index if index is None else index)
        labels = rows["__label__"] if labels is None else labels
        model = LogisticRegression() if estimator is None else estimator
        return model.fit(rows[["x0", "x1"]], labels)

    def candidate(self, model: Any = None, **files: Any) -> Any:
        honest = self.own if model is None else self.files_of(model)
        return Candidate({"model_format": "skops", "chosen": "logistic regression"}, {**honest, **files})

    @cached_property
    def own(self) -> Any:
        """The files of a model fitted to the open rows."""
        return self.files_of(self.fit())

    def files_of(self, model: Any) -> Any:
        scores = model.predict_proba(self.instance.sealed_features[["x0", "x1"]])[:, 1]
        return {
            "model": Blob(dump_estimator(model)),
            "sealed_scores": npy(scores),
            "train_rows": self.train_rows(),
        }

    def with_sets(self, thresholds: Any) -> Any:
        """An honest candidate with prediction sets of these thresholds for [negative, positive]."""
        model = self.fit(index=self.instance.open_index[:40])
        scores = model.predict_proba(self.instance.sealed_features[["x0", "x1"]])[:, 1]
        sets = np.column_stack([scores, 1 - scores]) <= np.asarray(thresholds)
        files = {"sealed_sets": npy(sets), "set_model": Blob(dump_estimator(model))}
        claim = {
            "coverage": 0.9,
            "model_format": "skops",
            "thresholds": [float(limit) for limit in thresholds],
        }
        plain = self.candidate(**files)
        return replace(plain, values={**plain.values, "conformal": claim})


@pytest.fixture(scope="session")
def make_bench() -> Any:
    """`make_bench(seed=…, open_rows=…, sealed_rows=…, shift=…)`: Gaussian classes `shift` apart."""

    def make(
        *,
        seed: Any = 1,
        open_rows: Any = 80,
        sealed_rows: Any = 100,
        shift: Any = 1.5,
        group_size: Any = 1,
        labels: Any = None,
    ) -> Any:
        rng = np.random.default_rng(seed)
        total = open_rows + sealed_rows
        drawn = np.arange(total) % 2 if labels is None else np.asarray(labels)
        features = rng.normal(0, 1, (total, 2)) + shift * drawn[:, None] / np.sqrt(2)
        frame = pd.DataFrame(features, columns=["x0", "x1"])
        frame["__label__"] = drawn.astype(np.int8)
        frame["__group__"] = [f"g{row // group_size}" for row in range(total)]
        frame["__row__"] = [row_digest(values) for values in features]
        names = tuple("older" if row % 10 == 0 else "younger" for row in range(sealed_rows))
        return Bench(
            TableInstance(
                columns=(Column("x0", "number"), Column("x1", "number")),
                frame=frame,
                open_index=np.arange(open_rows),
                sealed_index=np.arange(open_rows, total),
                asked=Asking("binary", ("well", "ill")),
                subgroups={"age": names},
            )
        )

    return make


@pytest.fixture(scope="session")
def bench(make_bench: Any) -> Any:
    return make_bench()


@pytest.fixture(scope="session")
def as_npy() -> Any:
    return npy
