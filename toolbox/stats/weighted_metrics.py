"""Metrics of scored rows that carry weights, as a bootstrap needs them. Threshold 0.5 where there is one."""

import numpy as np

from toolbox.arrays.types import Floats, Index, Labels


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
    folds = np.zeros(len(labels), dtype=np.intp) if folds is None else folds
    order = np.lexsort((scores, folds))
    fold, score, positive = folds[order], scores[order], labels[order] == 1
    first = np.r_[True, fold[1:] != fold[:-1]]
    # Mann & Whitney's U in one sorted pass: a score wins over the negatives below it in its fold, and over
    # half of those that tie with it
    ties = np.flatnonzero(first | np.r_[True, score[1:] != score[:-1]])
    up = np.add.reduceat(np.where(positive, weights[order], 0.0), ties)
    down = np.add.reduceat(np.where(positive, 0.0, weights[order]), ties)
    starts = np.flatnonzero(first[ties])
    before = np.cumsum(down) - down
    below = before - np.repeat(before[starts], np.diff(np.r_[starts, len(ties)]))
    wins = np.add.reduceat(up * (below + down / 2), starts)
    pairs = np.add.reduceat(up, starts) * np.add.reduceat(down, starts)
    kept = pairs > 0
    return float(np.mean(wins[kept] / pairs[kept])) if kept.any() else float("nan")


def weighted_metric(
    metric: str,
    labels: Labels,
    scores: Floats,
    weights: Floats | None = None,
    folds: Index | None = None,
) -> float:
    """Returns a metric of two classes over weighted rows, the AUC within folds, others over all rows.

    Raises:
        ValueError: on an unknown metric.
    """
    weights = np.ones(len(labels)) if weights is None else weights
    if metric == "roc_auc":
        return weighted_auc(labels, scores, weights, folds)
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


def selection_score(metric: str, labels: Labels, scores: Floats) -> float:
    """Returns what model selection maximises: the AUC where it is the target, else minus a Brier score.

    Accuracy, sensitivity and specificity jump with single rows, and the last two are maximal for a
    constant; the Brier score is strictly proper (Gneiting and Raftery 2007, JASA 102:359). For balanced
    accuracy both classes weigh the same in it.
    """
    if metric == "roc_auc":
        return weighted_auc(labels, scores, np.ones(len(labels)))
    weights = np.ones(len(labels))
    if metric == "balanced_accuracy":
        weights = np.where(labels == 1, 1 / max(1, labels.sum()), 1 / max(1, (labels == 0).sum()))
    return -weighted_metric("brier", labels, scores, weights)
