"""Model files without pickles: their formats, and how a verifier scores with them."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from escalation.ports.registry import resolve
from problems.prediction.models import ensemble_model, feature_machine, spreads, survival
from toolbox.arrays.types import Floats
from toolbox.models.skops_file import load_estimator

if TYPE_CHECKING:
    import pandas as pd

Scorer = Callable[[bytes, "pd.DataFrame", Floats | None], Floats]


def scores(model_format: str, model: bytes, rows: "pd.DataFrame", features: Floats | None = None) -> Floats:
    """Recomputes predictions from the model's bytes alone: probabilities of the positive class, or others.

    Args:
        model_format: a key of `FORMATS`.
        model: the candidate's `model` file.
        rows: the feature columns, n rows; others are ignored.
        features: projected features of the rows, shape (n, m), for models that are trained on them.

    Returns:
        Float64: probabilities of the positive class, shape (n,), of each of more classes, shape (n, K), of
        survival by each time, shape (n, T), or numbers, shape (n,), where the format is one of `ANY_TASK`;
        numbers with a spread, shape (n, 2), where it is `spreads.FORMAT`.

    Raises:
        ValueError: on an unknown format, bytes that are no such model, types that are not trusted, or
            scores that are no probabilities.
    """
    if model_format not in FORMATS:
        raise ValueError(f"unknown model format {model_format!r}: expected one of {', '.join(FORMATS)}")
    found = np.asarray(FORMATS[model_format](model, rows, features), dtype=np.float64)
    of_any_task = model_format in ANY_TASK
    if found.ndim not in (1, 1 + of_any_task) or len(found) != len(rows):
        raise ValueError(f"expected {len(rows)} scores, got an array of shape {found.shape}")
    if not np.isfinite(found).all():
        raise ValueError("expected finite predictions, got infinite ones or NaN")
    probable = model_format != spreads.FORMAT and (found.ndim == 2 or not of_any_task)
    if probable and not bool(np.all((found >= 0) & (found <= 1))):
        raise ValueError("expected probabilities between 0 and 1, got a score outside or NaN")
    return found


def skops_scores(model: bytes, rows: "pd.DataFrame") -> Floats:
    """Returns P(positive) of every row, shape (rows,), from a skops file; of more classes P of each, of a
    regression its numbers."""
    estimator = load_estimator(model)
    return _skops(estimator, rows[list(estimator.feature_names_in_)])


def _skops(estimator: Any, data: Any) -> Floats:
    if not hasattr(estimator, "predict_proba"):
        return np.asarray(estimator.predict(data), dtype=np.float64)
    found = np.asarray(estimator.predict_proba(data), dtype=np.float64)
    labels = [int(label) for label in estimator.classes_]
    return found[:, labels.index(1)] if len(labels) == 2 else found


def _skops_on(model: bytes, rows: "pd.DataFrame", features: Floats | None) -> Floats:
    return skops_scores(model, rows) if features is None else _skops(load_estimator(model), features)


def _on_rows(path: str) -> Scorer:
    """A scorer `f(model, rows)` that lives beside the model it belongs to, imported on use."""

    def scorer(model: bytes, rows: "pd.DataFrame", features: Floats | None) -> Floats:
        found: Floats = resolve(path)(model, rows)
        return found

    return scorer


def _on_features(path: str) -> Scorer:
    """A scorer `f(model, rows, features)`, likewise."""

    def scorer(model: bytes, rows: "pd.DataFrame", features: Floats | None) -> Floats:
        found: Floats = resolve(path)(model, rows, features)
        return found

    return scorer


ANY_TASK = (
    "skops",
    ensemble_model.FORMAT,
    feature_machine.FORMAT,
    spreads.FORMAT,
    survival.LINEAR,
    survival.TREES,
)
"""Formats whose predictions may be other than the probabilities of two classes."""

FORMATS: Mapping[str, Scorer] = {
    "skops": _skops_on,
    "xgboost": _on_rows("problems.prediction.models.xgboost_model:scores"),
    "forest": _on_rows("problems.prediction.models.forest_model:scores"),
    ensemble_model.FORMAT: _on_rows("problems.prediction.models.ensemble_model:scores"),
    spreads.FORMAT: _on_rows("problems.prediction.models.spreads:scores"),
    survival.LINEAR: _on_rows("problems.prediction.models.survival:linear_scores"),
    survival.TREES: _on_rows("problems.prediction.models.survival:tree_scores"),
    "svm-on-features": _on_features("problems.prediction.models.feature_svm:scores"),
    feature_machine.FORMAT: _on_features("problems.prediction.models.feature_machine:scores"),
}
"""`skops`: a scikit-learn pipeline with its preprocessing. `xgboost`, `forest`: columns, trees and
calibration map in one deterministic zip. `svm-on-features`: a kernel machine on projected features;
`machine-on-features`: one for every task, on what circuits measured."""
