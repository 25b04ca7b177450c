"""Metrics of scored rows that carry weights, as a bootstrap needs them. Threshold 0.5 where there is one."""

from collections.abc import Callable

import numpy as np

from toolbox.arrays.types import Flags, Floats, Index, Labels
from toolbox.stats.average_precision import measured
from toolbox.stats.weighted_bounds import NEAR, background_rejection

RANKING = ("roc_auc", "average_precision", "background_rejection", "ams")
"""Metrics that look at the order of scores alone: a map that keeps it changes nothing."""
EFFICIENCY = 0.5
"""Share of the signal that is kept, where nobody says another."""


def weighted_auc(labels: Labels, scores: Floats, weights: Floats, folds: Index | None = None) -> float:
    """Area under the ROC curve with row weights, ties counted one half, averaged over folds.

    Rows are compared within their fold only: scores of models that were trained apart are not
    comparable, and pooling them biases the area (Airola and others 2011, Comput. Stat. Data Anal. 55:1828).

    Args:
        labels: 0 or 1, shape (n,).
        scores: higher speaks for 1, shape (n,).
        weights: not negative, shape (n,).
        folds: the fold of each row, shape (n,); None is one fold. One without weight on either class is
            left out.

    Returns:
        NaN where no fold has weight on both classes.
    """
    return float(weighted_aucs(labels, scores, weights[None, :], folds)[0])


def weighted_aucs(labels: Labels, scores: Floats, weights: Floats, folds: Index | None = None) -> Floats:
    """Likewise for several weights of the same rows, shape (sets, n), ranked once; shape (sets,)."""
    folds = np.zeros(len(labels), dtype=np.intp) if folds is None else folds
    order = np.lexsort((scores, folds))
    fold, score, positive = folds[order], scores[order], labels[order] == 1
    first = np.r_[True, fold[1:] != fold[:-1]]
    # Mann & Whitney's U in one sorted pass: a score wins over the negatives below it in its fold, and over
    # half of those that tie with it
    ties = np.flatnonzero(first | np.r_[True, score[1:] != score[:-1]])
    own = weights[:, order]
    up = np.add.reduceat(np.where(positive, own, 0.0), ties, axis=1)
    down = np.add.reduceat(np.where(positive, 0.0, own), ties, axis=1)
    starts = np.flatnonzero(first[ties])
    before = np.cumsum(down, axis=1) - down
    below = before - np.repeat(before[:, starts], np.diff(np.r_[starts, len(ties)]), axis=1)
    wins = np.add.reduceat(up * (below + down / 2), starts, axis=1)
    pairs = np.add.reduceat(up, starts, axis=1) * np.add.reduceat(down, starts, axis=1)
    kept = pairs > 0
    shares = np.divide(wins, pairs, out=np.zeros_like(wins), where=kept)
    with np.errstate(invalid="ignore"):
        return np.asarray(shares.sum(axis=1) / kept.sum(axis=1), dtype=np.float64)


def weighted_metric(
    metric: str,
    labels: Labels,
    scores: Floats,
    weights: Floats | None = None,
    folds: Index | None = None,
    *,
    efficiency: float = EFFICIENCY,
) -> float:
    """Returns a metric of two classes over weighted rows, those of ranks within folds, others over all rows.

    Of the significance (`ams`) it returns the background rejection, with which it rises.

    Raises:
        ValueError: on an unknown metric.
    """
    weights = np.ones(len(labels)) if weights is None else weights
    if metric == "roc_auc":
        return weighted_auc(labels, scores, weights, folds)
    if metric in RANKING:
        return _within(folds, labels, scores, weights, _ranked(metric, efficiency))
    if metric == "brier":
        return float(weights @ (scores - labels) ** 2 / weights.sum())
    right = ((scores >= 0.5) == (labels == 1)) * weights
    if metric == "accuracy":
        return float(right.sum() / weights.sum())
    rates = [float(right[labels == k].sum() / weights[labels == k].sum()) for k in (0, 1)]
    named = {"specificity": rates[0], "sensitivity": rates[1], "balanced_accuracy": (rates[0] + rates[1]) / 2}
    if metric not in named:
        raise ValueError(f"unknown metric {metric!r}")
    return named[metric]


def _ranked(metric: str, efficiency: float) -> Callable[[Labels, Floats, Floats], float]:
    if metric == "average_precision":
        return lambda labels, scores, weights: measured(labels, scores, weights)[0]
    return lambda labels, scores, weights: background_rejection(labels, scores, weights, efficiency)[0]


def _within(
    folds: Index | None,
    labels: Labels,
    scores: Floats,
    weights: Floats,
    value: Callable[[Labels, Floats, Floats], float],
) -> float:
    """The mean over folds with weight on both classes; NaN where there is none."""
    folds = np.zeros(len(labels), dtype=np.intp) if folds is None else folds
    found = []
    for fold in np.unique(folds):
        own = (folds == fold) & (weights > 0)
        if len(np.unique(labels[own])) == 2:
            found.append(value(labels[own], scores[own], weights[own]))
    return float(np.mean(found)) if found else float("nan")


def selection_score(
    metric: str,
    labels: Labels,
    scores: Floats,
    weights: Floats | None = None,
    efficiency: float = EFFICIENCY,
) -> float:
    """Returns what model selection maximises: metrics of ranks where they are the target, else minus a Brier
    score.

    A background rejection hangs on few rows near one threshold: it is averaged over efficiencies around it.

    Accuracy, sensitivity and specificity jump with single rows, and the last two are maximal for a
    constant; the Brier score is strictly proper (Gneiting and Raftery 2007, JASA 102:359). For balanced
    accuracy both classes weigh the same in it.
    """
    weights = np.ones(len(labels)) if weights is None else weights
    if metric in RANKING:
        if metric in ("roc_auc", "average_precision"):
            return weighted_metric(metric, labels, scores, weights)
        around = np.clip(np.linspace(efficiency - NEAR, efficiency + NEAR, 5), 0.01, 0.99)
        return float(
            np.mean([weighted_metric(metric, labels, scores, weights, efficiency=each) for each in around])
        )
    if metric == "balanced_accuracy":
        weights = np.where(
            labels == 1, weights / _total(weights, labels == 1), weights / _total(weights, labels == 0)
        )
    return -weighted_metric("brier", labels, scores, weights)


def _total(weights: Floats, own: Flags) -> float:
    return float(weights[own].sum()) or 1.0


def fitting_weights(labels: Labels, weights: Floats | None) -> Floats | None:
    """Weights for a fit: of mean 1 within each class, so that neither class vanishes beside the other.

    Signal of a simulation often weighs a thousandth of its background: a fit with such weights would see next
    to none of it. `prior_shift` makes probabilities of such a fit those of the weighted rows.

    Args:
        labels: 0 or 1, shape (n,).
        weights: shape (n,), or None, as which it is returned.
    """
    if weights is None:
        return None
    means = [float(weights[labels == label].mean()) if np.any(labels == label) else 1.0 for label in (0, 1)]
    return np.where(labels == 1, weights / means[1], weights / means[0])


def prior_shift(labels: Labels, weights: Floats | None) -> float:
    """Log-odds to add to those of a fit with `fitting_weights` (prior correction; King and Zeng 2001)."""
    if weights is None or not 0 < labels.sum() < len(labels):
        return 0.0
    means = [float(weights[labels == label].mean()) for label in (0, 1)]
    return float(np.log(means[1]) - np.log(means[0]))
