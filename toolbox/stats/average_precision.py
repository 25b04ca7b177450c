"""Average precision of the rows that are to be found, where they are rare: estimate and lower bound.

Average precision depends on the share of positives: a bound speaks of rows with the share that these have.
"""

from math import sqrt

import numpy as np
from scipy.special import expit, logit, ndtri

from toolbox.arrays.types import Floats, Ints
from toolbox.stats import influence
from toolbox.stats.bounded_means import grouped
from toolbox.stats.bounds import Bound
from toolbox.stats.groups import kish_size

LEAST_POSITIVES = 10
"""Independent positive rows below which the bound was not found to hold."""


def average_precision(labels: Ints, scores: Floats) -> float:
    """Returns the mean over the positives of the share of positives among the rows that score no less.

    Args:
        labels: 0 or 1, shape (rows,), 1 present.
        scores: higher speaks for 1, shape (rows,).
    """
    found, counted = _at_or_above(labels, scores)
    return float((found / counted)[labels == 1].mean())


def _at_or_above(labels: Ints, scores: Floats) -> tuple[Floats, Floats]:
    """Positives, and rows, that score no less than each row; shape (rows,)."""
    place = np.unique(-scores, return_inverse=True)[1]
    each = np.bincount(place, weights=labels), np.bincount(place)
    found, counted = (np.cumsum(counts)[place].astype(np.float64) for counts in each)
    return found, counted


def measured(labels: Ints, scores: Floats, weights: Floats) -> tuple[float, Floats]:
    """Returns the average precision of weighted rows, and each row's influence on it, shape (rows,).

    Args:
        labels: 0 or 1, shape (rows,), 1 present.
        scores: higher speaks for 1, shape (rows,).
        weights: positive, shape (rows,).
    """
    place = np.unique(-scores, return_inverse=True)[1]
    up = np.where(labels == 1, weights, 0.0)
    at = np.bincount(place, weights=up)
    found, counted = np.cumsum(at), np.cumsum(np.bincount(place, weights=weights))
    total = float(up.sum())
    value = float(at @ (found / counted)) / total
    # a row more counts from its own score downwards: as found if it is positive, and as one that is looked at
    below = [np.cumsum(each[::-1])[::-1] for each in (at / counted, at * found / counted**2)]
    own = np.where(labels == 1, (found / counted)[place] - value + below[0][place], 0.0)
    return value, np.asarray(weights * (own - below[1][place]) / total)


def without_each(labels: Ints, scores: Floats) -> Floats:
    """Returns the average precision without each of the rows in turn, exactly; shape (rows,)."""
    found, counted = _at_or_above(labels, scores)
    positive = labels == 1
    total = float(positive.sum())
    own = np.where(positive, found / counted, 0.0)
    # a positive row that goes is missing above its line, from its own score downwards; so is any other row
    fewer = np.maximum(counted - 1, 1)
    one_positive_less = np.where(positive, np.maximum(found - 1, 0) / fewer, 0.0)
    one_other_less = np.where(positive, found / fewer, 0.0)
    kinds, place = np.unique(-scores, return_inverse=True)
    sums = [np.bincount(place, weights=each, minlength=len(kinds)) for each in (own, one_positive_less)]
    sums.append(np.bincount(place, weights=one_other_less, minlength=len(kinds)))
    above = (np.cumsum(sums[0]) - sums[0])[place]
    from_here = [np.cumsum(each[::-1])[::-1][place] for each in sums[1:]]
    less = np.where(positive, from_here[0] - one_positive_less, from_here[1])
    return np.asarray((above + less) / np.where(positive, max(total - 1, 1.0), total), dtype=np.float64)


def average_precision_lower(labels: Ints, scores: Floats, groups: Ints, alpha: float) -> Bound | None:
    """Bounds the average precision from below; None with fewer than `LEAST_POSITIVES` independent positives.

    The least of three approximate bounds, since none of them holds alone where positives are rare: the logit
    interval of Boyd, Eng and Page (2013), ECML PKDD, LNCS 8190:451, as if each positive were a draw; the
    jackknife's on the logit scale, and on its own, both less its estimate of bias (Efron and Stein 1981),
    which is upwards with few positives.

    Args:
        labels: 0 or 1, shape (rows,).
        scores: probability of 1, shape (rows,).
        groups: numbers from 0; rows of one number depend on each other, shape (rows,).
        alpha: error allowed.
    """
    positives = kish_size(groups[labels == 1])
    if positives < LEAST_POSITIVES:
        return None
    rows, estimate = len(labels), average_precision(labels, scores)
    shift = without_each(labels, scores) - estimate
    inside = min(max(estimate, 1e-9), positives / (positives + 1))
    boyd = expit(logit(inside) + ndtri(alpha) / sqrt(positives * inside * (1 - inside)))
    corrected = min(max(estimate - (rows - 1) * float(shift.mean()), 1e-9), inside)
    error, freedom = influence.spread(-(shift - shift.mean()), groups)
    freedom = min(freedom, positives - 1)
    jackknife = influence.lower(corrected, error, freedom, alpha, influence.LOGIT)
    plain = influence.lower(corrected, error, freedom, alpha, influence.AS_IT_IS)
    method = "least of Boyd's logit and two jackknife bounds; approximate, by simulation" + grouped(groups)
    return Bound(estimate, max(min(float(boyd), jackknife, plain), 0.0), method)
