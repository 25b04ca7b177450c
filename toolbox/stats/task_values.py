"""What predictions of classes, levels and numbers are worth, with row weights: for choosing among models.

Plain estimates without bounds. A `Criterion` is what a search minimises: the metric itself where it is smooth
in the predictions, else the proper score that leads to it (Gneiting and Raftery 2007, JASA 102:359),
because a share of right answers jumps with single rows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from toolbox.arrays.types import Floats
from toolbox.stats.weighted_metrics import weighted_auc

FLOOR = 1e-6
"""Probabilities are held this far off 0 in a log loss."""

Value = Callable[[Floats, Floats, Floats], float]
"""From outcomes, predictions and weights to a number."""


def log_loss(outcome: Floats, predicted: Floats, weights: Floats) -> float:
    """Returns the mean negative log-likelihood of the true class, predictions of shape (n, K)."""
    own = predicted[np.arange(len(outcome)), outcome.astype(np.intp)]
    return float(-weights @ np.log(np.maximum(own, FLOOR)) / weights.sum())


def brier(outcome: Floats, predicted: Floats, weights: Floats) -> float:
    """Returns the mean squared distance from the corner of the true class, predictions of shape (n, K)."""
    corners = outcome[:, None] == np.arange(predicted.shape[1])
    return float(weights @ ((predicted - corners) ** 2).sum(axis=1) / weights.sum())


def ranked_probability_score(outcome: Floats, predicted: Floats, weights: Floats) -> float:
    """Returns Epstein's score of ordered levels (1969, J. Appl. Meteorol. 8:985), the mean over the cuts."""
    below = np.cumsum(predicted, axis=1)[:, :-1]
    true = outcome[:, None] <= np.arange(predicted.shape[1] - 1)
    return float(weights @ ((below - true) ** 2).mean(axis=1) / weights.sum())


def macro_auc(outcome: Floats, predicted: Floats, weights: Floats) -> float:
    """Returns the mean area under the ROC curve of each class against the rest; NaN of one class alone."""
    labels = [(outcome == k).astype(np.int8) for k in range(predicted.shape[1])]
    areas = np.array([weighted_auc(own, predicted[:, k], weights) for k, own in enumerate(labels)])
    known = np.isfinite(areas)
    return float(areas[known].mean()) if known.any() else float("nan")


def mean_absolute_error(outcome: Floats, predicted: Floats, weights: Floats) -> float:
    """Returns the mean distance of predicted and true numbers."""
    return float(weights @ np.abs(predicted - outcome) / weights.sum())


def mean_squared_error(outcome: Floats, predicted: Floats, weights: Floats) -> float:
    """Returns the mean squared distance of predicted and true numbers."""
    return float(weights @ (predicted - outcome) ** 2 / weights.sum())


def rank_correlation(outcome: Floats, predicted: Floats, weights: Floats) -> float:
    """Returns Spearman's correlation of mid-ranks, weights counting the rows; 0 of constant predictions."""
    first, second = (_midranks(values, weights) for values in (outcome, predicted))
    first, second = (ranks - weights @ ranks / weights.sum() for ranks in (first, second))
    scale = np.sqrt((weights @ first**2) * (weights @ second**2))
    return float(weights @ (first * second) / scale) if scale > 0 else 0.0


def _midranks(values: Floats, weights: Floats) -> Floats:
    _, place = np.unique(values, return_inverse=True)
    mass = np.bincount(place, weights=weights)
    return np.asarray((np.cumsum(mass) - mass / 2)[place], dtype=np.float64)


def balanced(weights: Floats, classes: Floats) -> Floats:
    """Returns weights that give every class the same sum."""
    _, place = np.unique(classes, return_inverse=True)
    return np.asarray(weights / np.bincount(place, weights=weights)[place], dtype=np.float64)


def _balanced_brier(outcome: Floats, predicted: Floats, weights: Floats) -> float:
    return brier(outcome, predicted, balanced(weights, outcome))


@dataclass(frozen=True)
class Criterion:
    """What a search minimises: a loss, or a value turned round.

    Attributes:
        name: of the value.
        value: the function.
        sign: -1 where more is better.
    """

    name: str
    value: Value
    sign: int = 1

    def loss(self, outcome: Floats, predicted: Floats, weights: Floats) -> float:
        """Returns the loss, infinite where the rows leave it undefined."""
        found = self.sign * self.value(outcome, predicted, weights)
        return found if np.isfinite(found) else float("inf")


_LOG_LOSS, _BRIER = Criterion("log loss", log_loss), Criterion("Brier score", brier)
_RANKED = Criterion("ranked probability score", ranked_probability_score)
_ABSOLUTE = Criterion("mean absolute error", mean_absolute_error)
_SQUARED = Criterion("mean squared error", mean_squared_error)

CRITERIA: Mapping[str, tuple[Criterion, Mapping[str, Criterion]]] = {
    "multiclass": (
        _LOG_LOSS,
        {
            "macro_roc_auc": Criterion("macro ROC area", macro_auc, -1),
            "accuracy": _BRIER,
            "balanced_accuracy": Criterion("Brier score, classes alike", _balanced_brier),
        },
    ),
    "ordinal": (_RANKED, {}),
    "regression": (
        _ABSOLUTE,
        {
            "rmse": _SQUARED,
            "r_squared": _SQUARED,
            "rank_correlation": Criterion("rank correlation", rank_correlation, -1),
        },
    ),
}
"""By task: what leads to any metric, and to those that have one of their own."""


def criterion(task: str, metric: str) -> Criterion:
    """Returns what a search for a task's metric minimises."""
    usual, own = CRITERIA[task]
    return own.get(metric, usual)
