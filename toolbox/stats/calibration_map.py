"""Maps from a model's log-odds to calibrated probabilities, fitted on rows the model has not seen.

One family holds all kinds: logit q = a·log p - b·log(1 - p) + c with a, b ≥ 0 (beta calibration: Kull,
Silva Filho and Flach, AISTATS 2017). With a = b it is Platt's sigmoid, with a = b = 1 and c = 0 it leaves
the model as it is. Every kind is monotone, so ranks stay; an isotonic map would tie scores and reach 0 and 1.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolbox.arrays.types import Floats

MIN_MINORITY_FOR_BETA = 500
"""Rows of the rarer class from which a third parameter is worth its variance."""


@dataclass(frozen=True)
class CalibrationMap:
    """A fitted map.

    Attributes:
        kind: `identity`, `sigmoid` or `beta`.
        a: slope on log p.
        b: slope on -log(1 - p).
        c: intercept.
        prior_shift: log-odds added at the end; other than 0 only where the target's metric weighs the
            classes equally, so that 0.5 is its threshold.
    """

    kind: str = "identity"
    a: float = 1.0
    b: float = 1.0
    c: float = 0.0
    prior_shift: float = 0.0

    def __call__(self, log_odds: Floats) -> Floats:
        """Returns probabilities of the positive class, shape (rows,)."""
        return expit(_linear(np.array([self.a, self.b, self.c]), log_odds) + self.prior_shift)

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "a": self.a, "b": self.b, "c": self.c, "prior_shift": self.prior_shift}


def fit_map(
    kind: str, log_odds: Floats, labels: NDArray[np.int8], weights: Floats | None = None
) -> CalibrationMap:
    """Fits by maximum likelihood, with Platt's smoothed targets so that separable data stay finite.

    Source: Platt, "Probabilistic outputs for support vector machines", 1999, section 2.2.

    Args:
        kind: `identity`, `sigmoid` or `beta`.
        log_odds: of rows that the model has not been trained on, shape (rows,).
        labels: 0 or 1, shape (rows,).
        weights: of mean 1, shape (rows,); None where every row counts alike.
    """
    from scipy.optimize import minimize

    if kind == "identity":
        return CalibrationMap()
    expand = _expansion(kind)
    targets = _smoothed(labels)

    def loss(free: Floats) -> tuple[float, Floats]:
        value = _linear(expand @ free, log_odds)
        slope = (expit(value) - targets) / len(targets)
        if weights is not None:
            slope = weights * slope
        gradient = np.array([slope @ log_p(log_odds), -slope @ log_p(-log_odds), slope.sum()])
        losses = np.logaddexp(0.0, value) - targets * value
        return float(np.mean(losses if weights is None else weights * losses)), expand.T @ gradient

    start = np.array([1.0] * (expand.shape[1] - 1) + [0.0])
    bounds = [(0.0, None)] * (len(start) - 1) + [(None, None)]
    optimum = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B", options={"ftol": 1e-12})
    a, b, c = (float(number) for number in expand @ optimum.x)
    return CalibrationMap(kind, a, b, c)


def choose_kind(
    log_odds: Floats, labels: NDArray[np.int8], folds: NDArray[np.intp], weights: Floats | None = None
) -> tuple[str, dict[str, float]]:
    """Returns the kind of least cross-fitted log loss, and the log loss of each kind tried.

    One fold alone leaves nothing to fit on, so the model stays as it is.
    """
    if np.unique(folds).size < 2:
        return "identity", {}
    minority = int(min(labels.sum(), len(labels) - labels.sum()))
    kinds = ["identity", "sigmoid", *(["beta"] if minority >= MIN_MINORITY_FOR_BETA else [])]
    losses = {
        kind: log_loss(cross_fitted(kind, log_odds, labels, folds, weights), labels, weights)
        for kind in kinds
    }
    return min(kinds, key=lambda kind: losses[kind]), losses


def cross_fitted(
    kind: str,
    log_odds: Floats,
    labels: NDArray[np.int8],
    folds: NDArray[np.intp],
    weights: Floats | None = None,
) -> Floats:
    """Returns probabilities for the rows of every fold from a map fitted on the other folds."""
    calibrated = np.empty_like(log_odds)
    for fold in np.unique(folds):
        held = folds == fold
        others = None if weights is None else weights[~held]
        calibrated[held] = fit_map(kind, log_odds[~held], labels[~held], others)(log_odds[held])
    return calibrated


def log_loss(probabilities: Floats, labels: NDArray[np.int8], weights: Floats | None = None) -> float:
    """Returns the mean negative log-likelihood in nats; probabilities are held off 0 and 1 by 1e-15."""
    safe = np.clip(probabilities, 1e-15, 1 - 1e-15)
    return float(-np.average(np.where(labels == 1, np.log(safe), np.log1p(-safe)), weights=weights))


def expit(log_odds: Floats) -> Floats:
    """The logistic function."""
    return np.exp(log_p(log_odds))


def log_p(log_odds: Floats) -> Floats:
    """Returns log p for log-odds, without overflow; `log_p(-x)` is log(1 - p)."""
    return np.negative(np.logaddexp(0.0, -log_odds), dtype=np.float64)


def _linear(coefficients: Floats, log_odds: Floats) -> Floats:
    a, b, c = coefficients
    return np.asarray(a * log_p(log_odds) - b * log_p(-log_odds) + c, dtype=np.float64)


def _expansion(kind: str) -> Floats:
    """From the free parameters of a kind to (a, b, c)."""
    if kind == "sigmoid":
        return np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    return np.eye(3)


def _smoothed(labels: NDArray[np.int8]) -> Floats:
    """Targets just inside 0 and 1: with those of separable data the likelihood has no finite maximum."""
    positive = int(labels.sum())
    negative = len(labels) - positive
    return np.where(labels == 1, (positive + 1) / (positive + 2), 1 / (negative + 2))
