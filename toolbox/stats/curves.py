"""What the report shows of probabilities: calibration, ROC, net benefit. Numbers only, no drawing."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy import stats

from toolbox.arrays.types import Floats, Ints

BINS = 10
LEAST_PER_BIN = 10


@dataclass(frozen=True)
class CalibrationCurve:
    """Rows by predicted probability; each of shape (bins,).

    Attributes:
        predicted: mean predicted probability.
        observed: share of positives.
        low: lower 95 % limit of that share.
        high: upper 95 % limit.
        rows: number of rows, or the sum of their weights.
    """

    predicted: Floats
    observed: Floats
    low: Floats
    high: Floats
    rows: Ints | Floats


def wilson(successes: float, trials: float, level: float = 0.95) -> tuple[float, float]:
    """Returns the two-sided score interval of a proportion (Wilson 1927, JASA 22:209)."""
    z = float(stats.norm.ppf((1 + level) / 2))
    share, weight = successes / trials, z**2 / trials
    half = z * sqrt(share * (1 - share) / trials + weight / (4 * trials))
    return (share + weight / 2 - half) / (1 + weight), (share + weight / 2 + half) / (1 + weight)


def calibration(labels: Ints, scores: Floats, weights: Floats | None = None) -> CalibrationCurve:
    """Returns the calibration curve over bins of about equally many rows; equal scores share a bin.

    The limits of weighted rows are those at the number of rows of one weight that they are worth (Kish).
    """
    place, weights = _places(scores), np.ones(len(scores)) if weights is None else weights
    rows = np.bincount(place, weights=weights)
    worth = rows**2 / np.bincount(place, weights=weights**2)
    observed = np.bincount(place, weights=weights * labels) / rows
    limits = np.array([wilson(share * n, n) for share, n in zip(observed, worth, strict=True)])
    predicted = np.bincount(place, weights=weights * scores) / rows
    return CalibrationCurve(predicted, observed, limits[:, 0], limits[:, 1], rows)


def _places(scores: Floats) -> Ints:
    """The bin of each row, from 0, shape (rows,)."""
    bins = max(1, min(BINS, len(scores) // LEAST_PER_BIN))
    edges = np.quantile(scores, np.linspace(0, 1, bins + 1)[1:-1])
    return np.unique(np.searchsorted(edges, scores, side="right"), return_inverse=True)[1]


def error_by_chance(
    scores: Floats,
    groups: Ints,
    rng: np.random.Generator,
    draws: int = 400,
    weights: Floats | None = None,
) -> float:
    """Returns what the expected calibration error of calibrated scores exceeds in 1 of 20 cases.

    By drawing labels as the scores say (a parametric bootstrap); rows of one group are drawn with one number,
    which makes them depend on each other as much as they can.

    Args:
        scores: probability of 1, shape (rows,).
        groups: whole numbers from 0; rows of one number depend on each other, shape (rows,).
        rng: draws the labels.
        draws: of all labels.
        weights: of the rows, shape (rows,); None where all count alike.
    """
    place, weights = _places(scores), np.ones(len(scores)) if weights is None else weights
    expected = np.bincount(place, weights=weights * scores)
    errors = []
    for _ in range(draws):
        labels = rng.random(int(groups.max()) + 1)[groups] < scores
        observed = np.bincount(place, weights=weights * labels, minlength=len(expected))
        errors.append(float(np.abs(observed - expected).sum() / weights.sum()))
    return float(np.quantile(errors, 0.95))


def calibration_error(curve: CalibrationCurve) -> float:
    """Returns the mean distance of observed from predicted over the bins, weighted by rows.

    The expected calibration error (Naeini, Cooper & Hauskrecht 2015, AAAI).
    """
    return float(np.abs(curve.observed - curve.predicted) @ curve.rows / curve.rows.sum())


def roc(labels: Ints, scores: Floats, weights: Floats | None = None) -> tuple[Floats, Floats]:
    """Returns false and true positive rates from (0, 0) to (1, 1), one point a distinct score."""
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    counted = np.ones(len(scores)) if weights is None else weights[order]
    hits, misses = (np.cumsum(counted * (labels[order] == label))[last] for label in (1, 0))
    true_rate, false_rate = hits / hits[-1], misses / misses[-1]
    return np.append(0.0, false_rate), np.append(0.0, true_rate)


def precision_recall(labels: Ints, scores: Floats, weights: Floats | None = None) -> tuple[Floats, Floats]:
    """Returns the share found, and the share that is right, of the rows from each distinct score on."""
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    counted = np.ones(len(scores)) if weights is None else weights[order]
    hits, called = np.cumsum(counted * (labels[order] == 1))[last], np.cumsum(counted)[last]
    return hits / hits[-1], hits / called


def net_benefit(labels: Ints, scores: Floats, thresholds: Floats, weights: Floats | None = None) -> Floats:
    """Returns true positives less weighted false positives per row (Vickers and Elkin 2006, MDM 26:565).

    Args:
        labels: 0 or 1, shape (rows,).
        scores: probability of 1, shape (rows,).
        thresholds: probabilities from which on one would act, above 0 and below 1, shape (points,).
        weights: of the rows, shape (rows,); None where all count alike.

    Returns:
        Shape (points,), in true positives per row.
    """
    # who acts from probability p on holds one hit to be worth (1 - p) / p false alarms
    weights = np.ones(len(labels)) if weights is None else weights
    acted = (scores[None, :] >= thresholds[:, None]) * weights
    true, false = acted[:, labels == 1].sum(axis=1), acted[:, labels != 1].sum(axis=1)
    return np.asarray((true - false * thresholds / (1 - thresholds)) / weights.sum(), dtype=np.float64)


def act_on_all(prevalence: float, thresholds: Floats) -> Floats:
    """Returns the net benefit of acting on every row, shape (points,)."""
    return np.asarray(prevalence - (1 - prevalence) * thresholds / (1 - thresholds), dtype=np.float64)
