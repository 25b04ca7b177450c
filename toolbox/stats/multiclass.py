"""Metrics of more than two classes on untouched rows: estimates, and one-sided bounds.

All take `labels` from 0 to K - 1 of shape (rows,), `probabilities` of shape (rows, K), `groups` of dependent
rows, whole numbers from 0 of shape (rows,), and the error `alpha` that is allowed.
"""

from math import log
from typing import Any

import numpy as np
from scipy import optimize, stats
from scipy.special import ndtri

from toolbox.arrays.types import Flags, Floats, Ints
from toolbox.stats import auc, influence
from toolbox.stats.bounded_means import grouped, mean_upper
from toolbox.stats.bounds import Bound, clopper_pearson_lower
from toolbox.stats.groups import kish_size

FLOOR = 1e-3
"""Probability below which the log loss does not look: a loss without limit has no bound."""
CELLS = 1024  # in which the distribution of one class's recall is counted


def decided(probabilities: Floats) -> Ints:
    """Returns the most probable class of each row, the first among equals, shape (rows,)."""
    return np.asarray(np.argmax(probabilities, axis=1), dtype=np.int64)


def share_lower(hits: Flags, groups: Ints, alpha: float) -> Bound:
    """Bounds a share (Clopper and Pearson 1934, exact; for groups with Kish's size: Korn and Graubard)."""
    effective, share = kish_size(groups), float(hits.mean())
    lower = clopper_pearson_lower(share * effective, effective, alpha)
    return Bound(share, lower, "Clopper-Pearson" + grouped(groups))


def accuracy(labels: Ints, probabilities: Floats, groups: Ints, alpha: float) -> Bound:
    """Bounds the share of rows whose most probable class is right; exact for independent rows."""
    return share_lower(decided(probabilities) == labels, groups, alpha)


def top_accuracy(labels: Ints, probabilities: Floats, groups: Ints, alpha: float, top: int) -> Bound:
    """Bounds the share of rows whose class is among the `top` most probable; exact for independent rows.

    Of classes as probable as the last of these the row's own one counts as the last: ties bring nothing.
    """
    return share_lower(among_top(labels, probabilities, top), groups, alpha)


def among_top(labels: Ints, probabilities: Floats, top: int) -> Flags:
    """Tells the rows whose class is among the `top` most probable, shape (rows,)."""
    own = np.take_along_axis(probabilities, labels[:, None], axis=1)
    before = np.sum(probabilities >= own, axis=1) - 1
    return np.asarray(before < top)


def balanced_accuracy(labels: Ints, probabilities: Floats, groups: Ints, alpha: float) -> Bound:
    """Bounds the mean over the classes of the share of their rows that are recognised (macro recall).

    The α quantile of the mean of independent beta variables, one a class, each of them the distribution
    whose quantiles are Clopper and Pearson's lower bounds: melded bounds (Fay, Proschan and Brittain 2015,
    Biometrics 71:146). Exact for one class; for more no failure is known and none was found by simulation,
    but there is no proof. Bonferroni's bound of K classes holds by proof and is about √K times as wide.
    """
    classes = range(probabilities.shape[1])
    hits = decided(probabilities) == labels
    shares, sizes = [], []
    for label in classes:
        own = labels == label
        shares.append(float(hits[own].mean()))
        sizes.append(kish_size(groups[own]))
    lower = melded_lower(np.array(shares), np.array(sizes), alpha)
    method = "melded Clopper-Pearson bounds of the classes; approximate, by simulation"
    return Bound(float(np.mean(shares)), lower, method + grouped(groups))


def mean_recall(labels: Ints, probabilities: Floats) -> tuple[float, Floats]:
    """Returns the mean of the classes' recalls, and each row's influence on it, shape (rows,)."""
    hits = (decided(probabilities) == labels).astype(np.float64)
    sizes = np.bincount(labels, minlength=probabilities.shape[1])
    recalls = np.bincount(labels, weights=hits, minlength=len(sizes)) / sizes
    influences = (hits - recalls[labels]) / sizes[labels] / len(sizes)
    return float(recalls.mean()), np.asarray(influences, dtype=np.float64)


def melded_lower(shares: Floats, sizes: Floats, alpha: float) -> float:
    """Returns the α quantile of the mean of Beta(nₖpₖ, nₖ(1 - pₖ) + 1), by convolution on a grid.

    Every cell's probability is moved to its lower edge, so that the grid can make the bound only lower, by
    at most 1/`CELLS`.

    Args:
        shares: pₖ, recalls of the classes, shape (K,).
        sizes: nₖ, independent rows, shape (K,).
    """
    edges = np.linspace(0.0, 1.0, CELLS + 1)
    total = np.ones(1)
    for share, size in zip(shares, sizes, strict=True):
        hits = share * size
        if hits > 0:  # of no hit the lower bound is 0 at every level, the lowest cell
            total = _convolved(total, np.diff(stats.beta.cdf(edges, hits, size - hits + 1)))
    place = int(np.searchsorted(np.cumsum(total), alpha, side="right"))
    return min(place, len(total) - 1) / CELLS / len(shares)


def _convolved(first: Floats, second: Floats) -> Floats:
    from scipy.signal import fftconvolve

    return np.maximum(fftconvolve(first, second), 0.0)


def roc_auc(labels: Ints, probabilities: Floats, groups: Ints, alpha: float) -> Bound:
    """Bounds the mean over the classes of the area under the ROC curve of each against the others.

    Provost and Domingos' (2003) one-versus-rest mean with equal weights. The lesser of two approximate
    bounds: from each row's influence on all of the areas at once, which is DeLong's with the areas'
    covariances (logit scale, Student's t); and of Newcombe's kind (see `auc.score_lower`), which holds where
    all rows are told apart, with the areas taken to err together.
    """
    area, influences = mean_area(labels, probabilities)
    count = probabilities.shape[1]
    sizes = np.array([kish_size(groups[labels == label]) for label in range(count)])
    smoothed = _score_lower(area, sizes, kish_size(groups), alpha)
    empirical = smoothed
    if 0 < area < 1:
        error, freedom = influence.spread(influences, groups)
        empirical = influence.lower(
            area, error, min(freedom, max(sizes.min() - 1, 1.0)), alpha, influence.LOGIT
        )
    method = "lesser of joint DeLong (logit, t) and Hanley-McNeil score bounds; approximate, by simulation"
    return Bound(area, max(min(smoothed, empirical), 0.0), method + grouped(groups))


def mean_area(labels: Ints, probabilities: Floats) -> tuple[float, Floats]:
    """Returns the mean of the classes' areas, and each row's influence on it, shape (rows,)."""
    count = probabilities.shape[1]
    areas, influences = np.zeros(count), np.zeros(len(labels))
    for label in range(count):
        own = labels == label
        placed = auc.placements(own.astype(np.int64), probabilities[:, label])
        areas[label] = placed.auc
        influences[own] += (placed.positive - placed.auc) / own.sum() / count
        influences[~own] += (placed.negative - placed.auc) / (~own).sum() / count
    return float(areas.mean()), influences


def _score_lower(area: float, sizes: Floats, rows: float, alpha: float) -> float:
    """The smallest θ with area - θ ≤ z s(θ), s the mean of the areas' standard errors if all were θ."""
    z, own = -float(ndtri(alpha)), np.maximum(sizes, 1.0)[:, None]
    others = np.maximum(rows - own, 1.0)

    def excess(theta: Any) -> Any:
        one = auc.hanley_mcneil_variance(theta, own, others)
        worst = np.maximum(one, auc.hanley_mcneil_variance(theta, others, own))
        return area - theta - z * np.sqrt(np.maximum(worst, 0.0)).mean(axis=0)

    thetas = area * (1 - np.geomspace(1.0, 1e-9, 100))  # where the estimate is 1, so is a second root
    crossed = np.flatnonzero(excess(thetas) <= 0)
    if not crossed.size or crossed[0] == 0:
        return float(thetas[crossed[0]] if crossed.size else thetas[-1])
    around = thetas[crossed[0] - 1], thetas[crossed[0]]
    return float(optimize.brentq(lambda theta: float(excess(theta)[0]), *around))


def log_losses(labels: Ints, probabilities: Floats) -> Floats:
    """Returns the loss of each row in nats, of probabilities held to `FLOOR` and above, shape (rows,)."""
    own = np.take_along_axis(probabilities, labels[:, None], axis=1)[:, 0]
    return np.asarray(-np.log(np.clip(own, FLOOR, 1.0)), dtype=np.float64)


def log_loss(labels: Ints, probabilities: Floats, groups: Ints, alpha: float) -> Bound:
    """Bounds the mean log loss of probabilities held to `FLOOR` from above; exact, as the loss is bounded."""
    return mean_upper(log_losses(labels, probabilities), groups, alpha, log(1 / FLOOR))


def confusion(labels: Ints, decisions: Ints, classes: int) -> Any:
    """Returns how many rows of each class (row) were taken for each class (column), shape (K, K)."""
    return np.bincount(labels * classes + decisions, minlength=classes**2).reshape(classes, classes)
