"""Metrics of ordered levels on untouched rows: estimates, and one-sided bounds.

All take `labels` from 0 (the lowest level) to K - 1 of shape (rows,), `probabilities` of shape (rows, K),
`groups` of dependent rows, whole numbers from 0 of shape (rows,), and the error `alpha` that is allowed.
The level that is predicted is the median of a row's probabilities.
"""

import numpy as np

from toolbox.arrays.types import Flags, Floats, Ints
from toolbox.stats import influence
from toolbox.stats.bounded_means import grouped, mean_upper
from toolbox.stats.bounds import Bound
from toolbox.stats.multiclass import share_lower

EDGE = 1e-9  # an even split is the lower level, whatever the sum of probabilities rounds to


def decided(probabilities: Floats) -> Ints:
    """Returns the median level of each row, which has the least mean absolute error, shape (rows,)."""
    cumulative = np.cumsum(probabilities, axis=1)
    reached: Flags = cumulative >= 0.5 * cumulative[:, -1:] - EDGE
    return np.asarray(np.argmax(reached, axis=1), dtype=np.int64)


def accuracy(labels: Ints, probabilities: Floats, groups: Ints, alpha: float) -> Bound:
    """Bounds the share of rows whose level is predicted; exact for independent rows."""
    return share_lower(decided(probabilities) == labels, groups, alpha)


def level_error(labels: Ints, probabilities: Floats, groups: Ints, alpha: float) -> Bound:
    """Bounds the mean absolute error in levels from above; exact, as it cannot exceed K - 1."""
    errors = np.abs(decided(probabilities) - labels).astype(np.float64)
    return mean_upper(errors, groups, alpha, probabilities.shape[1] - 1)


def ranked_losses(labels: Ints, probabilities: Floats) -> Floats:
    """Returns the ranked probability score of each row, from 0 to 1, shape (rows,).

    Epstein (1969), J. Appl. Meteorol. 8:985, divided by K - 1 as Murphy (1971) does.
    """
    steps = probabilities.shape[1] - 1
    cumulative = np.cumsum(probabilities, axis=1)[:, :steps]
    passed = labels[:, None] <= np.arange(steps)
    return np.asarray(np.sum((cumulative - passed) ** 2, axis=1) / steps, dtype=np.float64)


def ranked_probability_score(labels: Ints, probabilities: Floats, groups: Ints, alpha: float) -> Bound:
    """Bounds the mean ranked probability score from above; exact, as it lies between 0 and 1."""
    return mean_upper(ranked_losses(labels, probabilities), groups, alpha)


def weighted_kappa(labels: Ints, probabilities: Floats, groups: Ints, alpha: float) -> Bound:
    """Bounds Cohen's kappa with quadratic weights (1968, Psychological Bulletin 70:213) from below.

    One less the mean squared difference of level and prediction, over that of independent draws of both.
    Approximate: from each row's influence, on Fisher's scale, with Student's t (Fleiss, Cohen and Everitt
    1969, Psychological Bulletin 72:323, is that for independent rows).
    """
    method = "influence function (Fisher's scale, t); approximate, by simulation" + grouped(groups)
    kappa, influences = agreement(labels, decided(probabilities))
    error, freedom = influence.spread(influences, groups)
    if error == 0 and kappa < 1:
        return Bound(kappa, -1.0, method)
    inside = min(max(kappa, -1 + 1e-9), smoothed_most(groups))
    error = max(error, smoothed_error(groups)) if kappa >= inside else error
    return Bound(kappa, max(influence.lower(inside, error, freedom, alpha, influence.FISHER), -1.0), method)


def agreement(labels: Ints, predicted: Ints) -> tuple[float, Floats]:
    """Returns kappa with quadratic weights, and each row's influence on it, shape (rows,).

    Where both are one level throughout there is no agreement beyond chance: 0.
    """
    y, p = labels.astype(np.float64), predicted.astype(np.float64)
    observed = (y - p) ** 2
    # E (Y - P')² of independent draws is Var Y + Var P + (E Y - E P)²
    expected = float(y.var() + p.var() + (y.mean() - p.mean()) ** 2)
    if expected == 0:
        return 0.0, np.zeros(len(y))
    ratio = float(observed.mean()) / expected
    chance = (y - p.mean()) ** 2 + p.var() + (p - y.mean()) ** 2 + y.var() - 2 * expected
    influences = -(observed - observed.mean() - ratio * chance) / expected / len(y)
    return 1 - ratio, np.asarray(influences, dtype=np.float64)


def smoothed_most(groups: Ints) -> float:
    """The estimate that a perfect one is bounded as: one more row of chance agreement among the groups."""
    units = len(np.unique(groups))
    return units / (units + 1)


def smoothed_error(groups: Ints) -> float:
    """Its standard error, that of a share: √(p (1 - p) / n)."""
    units, most = len(np.unique(groups)), smoothed_most(groups)
    return float(np.sqrt(most * (1 - most) / units))
