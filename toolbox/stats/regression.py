"""Metrics of predicted numbers on untouched rows: estimates, and one-sided bounds.

All take `outcomes` and `predictions` of shape (rows,), `groups` of dependent rows, whole numbers from 0 of
shape (rows,), and the error `alpha` that is allowed.

The mean of absolute or squared errors, and what is made of it, can be bounded where the outcome lies within
a range that was known before any row was seen (`within`). Without one no bound holds for every distribution
(Bahadur and Savage 1956), and the usual approximate ones err too often where errors are skewed or have heavy
tails: `bench/task_bounds.py` counts Student's t and Hall's transformation. There `None` is returned: the
metric can be reported, and is no target.
"""

from math import ceil, inf, log, sqrt

import numpy as np
from scipy import stats

from toolbox.arrays.types import Flags, Floats, Ints
from toolbox.stats import influence
from toolbox.stats.bounded_means import (
    drawn_order,
    grouped,
    hoeffding_margin,
    independent,
    mean_lower,
    mean_upper,
)
from toolbox.stats.bounds import Bound, clopper_pearson_lower
from toolbox.stats.groups import kish_size
from toolbox.stats.multiclass import share_lower
from toolbox.stats.ordinal import smoothed_error, smoothed_most

Range = tuple[float, float]
SMALLEST = 3.0
SHORT = 1e-12  # relative, of what a difference may be rounded by


def errors(outcomes: Floats, predictions: Floats) -> Floats:
    """Returns the absolute errors, shape (rows,)."""
    return np.asarray(np.abs(predictions - outcomes), dtype=np.float64)


def mean_absolute_error(
    outcomes: Floats, predictions: Floats, groups: Ints, alpha: float, within: Range | None = None
) -> Bound | None:
    """Bounds the mean absolute error of predictions held to the range from above; exact."""
    if within is None:
        return None
    return mean_upper(errors(outcomes, np.clip(predictions, *within)), groups, alpha, within[1] - within[0])


def root_mean_squared_error(
    outcomes: Floats, predictions: Floats, groups: Ints, alpha: float, within: Range | None = None
) -> Bound | None:
    """Bounds the root of the mean squared error of predictions held to the range from above; exact."""
    if within is None:
        return None
    squares = (np.clip(predictions, *within) - outcomes) ** 2
    found = mean_upper(squares, groups, alpha, (within[1] - within[0]) ** 2)
    return Bound(sqrt(found.estimate), sqrt(found.value), found.method)


def explained_share(outcomes: Floats, predictions: Floats) -> float:
    """Returns R², one less the sum of squared errors over that about the mean; -inf for one value."""
    about = float(np.sum((outcomes - outcomes.mean()) ** 2))
    return 1 - float(np.sum((outcomes - predictions) ** 2)) / about if about > 0 else -inf


def r_squared(
    outcomes: Floats, predictions: Floats, groups: Ints, alpha: float, within: Range | None = None
) -> Bound | None:
    """Bounds R² = 1 - E (Y - P)² / Var Y, predictions held to the range, from below; exact.

    One less the upper bound of the mean squared error at ¾ α over the lower bound of the variance at ¼ α
    (Bonferroni): the latter from half the squared difference of rows in pairs, whose mean it is; for groups
    from E (Y - m)² - (E Y - m)² with m the middle of the range.
    """
    if within is None:
        return None
    width = within[1] - within[0]
    y, held = (outcomes - within[0]) / width, np.clip(predictions, *within)
    error = mean_upper((y - (held - within[0]) / width) ** 2, groups, 0.75 * alpha)
    variance = _variance_lower(y, groups, 0.25 * alpha)
    lower = 1 - error.value / variance if variance > 0 else -inf
    method = f"{error.method}; at 3α/4 for the errors and α/4 for the variance"
    return Bound(explained_share(outcomes, held), lower, method)


def _variance_lower(y: Floats, groups: Ints, alpha: float) -> float:
    """Returns the lower bound of the variance of values in [0, 1]; exact."""
    half = len(y) // 2
    if independent(groups):
        drawn = y[drawn_order(len(y))]  # of rows far apart in time the difference is that of their times too
        pairs = (drawn[:half] - drawn[half : 2 * half]) ** 2
        return mean_lower(pairs, np.arange(half), alpha).value / 2 if half else 0.0
    margin = hoeffding_margin(
        groups, alpha / 3
    )  # of three bounds: of the first mean, and of the second's sides
    from_middle = abs(float(y.mean()) - 0.5) + margin
    return float(np.mean((y - 0.5) ** 2)) - margin / 4 - from_middle**2  # (Y - ½)² lies between 0 and ¼


def within_tolerance(
    outcomes: Floats, predictions: Floats, groups: Ints, alpha: float, tolerance: float
) -> Bound:
    """Bounds the share of rows with an absolute error of at most `tolerance`; exact for independent rows."""
    return share_lower(close(errors(outcomes, predictions), tolerance), groups, alpha)


def close(found: Floats, tolerance: float) -> Flags:
    """Tells errors of at most `tolerance`, rounded differences included, shape (rows,)."""
    return np.asarray(found <= tolerance * (1 + SHORT))


def least_rows(quantile: float, alpha: float) -> int:
    """Returns the number of independent rows below which no order statistic bounds the quantile."""
    return ceil(log(alpha) / log(quantile) - 1e-9)


def error_quantile(
    outcomes: Floats, predictions: Floats, groups: Ints, alpha: float, quantile: float
) -> Bound:
    """Bounds a quantile of the absolute error from above; exact for independent rows, free of distribution.

    The least order statistic below which less than the share `quantile` lies with probability α at most
    (Conover 1999, Practical Nonparametric Statistics, §3.2); infinite with fewer than `least_rows`. For
    groups of dependent rows the shares' bounds are those of Korn and Graubard.
    """
    ordered = np.sort(errors(outcomes, predictions))
    estimate = float(ordered[max(ceil(quantile * len(ordered) - 1e-9), 1) - 1])
    effective, method = kish_size(groups), "order statistic (binomial)" + grouped(groups)
    low, high = 0, len(ordered) + 1  # the least r with a lower bound of r/n at the quantile or above
    while high - low > 1:
        middle = (low + high) // 2
        share = clopper_pearson_lower(middle / len(ordered) * effective, effective, alpha)
        low, high = (low, middle) if share >= quantile else (middle, high)
    return Bound(estimate, inf if high > len(ordered) else float(ordered[high - 1]), method)


def rank_correlation(outcomes: Floats, predictions: Floats, groups: Ints, alpha: float) -> Bound:
    """Bounds Spearman's rank correlation, mid-ranks for ties, from below.

    The lesser of two approximate bounds on Fisher's scale: from each row's influence on it (Croux and Dehon
    2010, Stat. Methods Appl. 19:497) with Student's t, which alone errs too often with 30 rows of heavy tails
    or ties; and that of Bonett and Wright (2000), Psychometrika 65:23, with the normal.
    """
    method = "lesser of influence (t) and Bonett-Wright bounds (Fisher's scale); approximate, by simulation"
    method += grouped(groups)
    estimate, influences = ranked(outcomes, predictions)
    error, freedom = influence.spread(influences, groups)
    if error == 0 and estimate < 1:
        return Bound(estimate, -1.0, method)
    most = smoothed_most(groups)
    error = max(error, smoothed_error(groups)) if estimate >= most else error
    inside = min(max(estimate, -1 + 1e-9), most)
    lower = influence.lower(inside, error, freedom, alpha, influence.FISHER)
    return Bound(estimate, max(min(lower, _bonett_wright(inside, kish_size(groups), alpha)), -1.0), method)


def _bonett_wright(correlation: float, rows: float, alpha: float) -> float:
    """The lower bound whose error is √((1 + r²/2) / (n - 3)) on Fisher's scale."""
    if rows <= SMALLEST:
        return -1.0
    error = sqrt((1 + correlation**2 / 2) / (rows - SMALLEST))
    return influence.FISHER.back(influence.FISHER.to(correlation) + float(stats.norm.ppf(alpha)) * error)


def ranked(outcomes: Floats, predictions: Floats) -> tuple[float, Floats]:
    """Returns Spearman's rank correlation, and each row's influence on it, shape (rows,); 0 of a constant."""
    u, v = _mid_ranks(outcomes) - 0.5, _mid_ranks(predictions) - 0.5
    scale = float(u.std() * v.std())
    if scale == 0:
        return 0.0, np.zeros(len(u))
    found = min(max(float(np.mean(u * v)) / scale, -1.0), 1.0)
    pull = u * v + _raised(outcomes, v) + _raised(predictions, u)
    own = (u**2 + 2 * _raised(outcomes, u)) / u.var() + (v**2 + 2 * _raised(predictions, v)) / v.var()
    influences = pull / scale - found / 2 * own
    return found, np.asarray((influences - influences.mean()) / len(u), dtype=np.float64)


def _mid_ranks(values: Floats) -> Floats:
    """Shares of rows below, ties counted one half: in (0, 1), with mean 1/2."""
    return np.asarray((stats.rankdata(values) - 0.5) / len(values), dtype=np.float64)


def _raised(values: Floats, weights: Floats) -> Floats:
    """What each row adds to the ranks of others, weighted: mean over them of [theirs above its own]."""
    kinds, place = np.unique(values, return_inverse=True)
    at = np.bincount(place, weights=weights, minlength=len(kinds))
    above = at.sum() - np.cumsum(at)
    return np.asarray((above + at / 2)[place] / len(values), dtype=np.float64)
