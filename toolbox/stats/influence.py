"""One-sided bounds of smooth statistics from each row's influence, on a scale where they are nearly normal.

The variance is that of the sums of influences over groups of dependent rows (Liang and Zeger 1986, Biometrika
73:13); degrees of freedom are those of Satterthwaite for a sum of squares with the influences' kurtosis.
All of these bounds are approximate.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, sqrt

import numpy as np
from scipy.special import expit, logit, ndtri, stdtrit

from toolbox.arrays.types import Floats, Ints
from toolbox.stats.bounds import clopper_pearson_lower
from toolbox.stats.groups import group_sums

MANY = 1e9  # degrees of freedom from which on Student's t is the normal


@dataclass(frozen=True)
class Scale:
    """A scale that a statistic is bounded on: `to`, `back`, and the slope of `to`."""

    to: Callable[[float], float]
    back: Callable[[float], float]
    slope: Callable[[float], float]


LOGIT = Scale(lambda p: float(logit(p)), lambda x: float(expit(x)), lambda p: 1 / (p * (1 - p)))
AS_IT_IS = Scale(lambda x: x, lambda x: x, lambda x: 1.0)
FISHER = Scale(lambda r: float(np.arctanh(r)), lambda x: float(np.tanh(x)), lambda r: 1 / (1 - r**2))


def spread(influences: Floats, groups: Ints) -> tuple[float, float]:
    """Returns the standard error of a statistic, and its degrees of freedom.

    Args:
        influences: of each row, so that the statistic is off by about their sum; they sum to nearly 0,
            shape (rows,).
        groups: numbers from 0, shape (rows,).

    Returns:
        Infinite and 1 with fewer than two groups.
    """
    count = int(groups.max()) + 1
    if count < 2:
        return inf, 1.0
    sums = group_sums(influences, groups, count)
    squares = (sums - sums.mean()) ** 2
    total = float(squares.sum())
    variance = count / (count - 1) * total
    # Var(Σ s²) / (Σ s²)² is 2/ν for a chi-square of ν degrees of freedom; of normal sums it gives count - 1
    fourth = float(squares @ squares)
    kurtosis = max(count * fourth / total**2 - 1, 1e-12) if total > 0 else 2.0
    return sqrt(variance), max(min(2 * count / kurtosis, count - 1.0), 1.0)


def lower(estimate: float, error: float, freedom: float, alpha: float, scale: Scale) -> float:
    """Returns the lower bound on a scale (delta method), with Student's t.

    Args:
        estimate: strictly inside the range of the statistic.
        error: its standard error.
        freedom: degrees of freedom of that.
        alpha: error allowed.
        scale: what to bound it on.
    """
    if error == inf:
        return -inf
    step = -float(stdtrit(min(freedom, MANY), alpha)) * error * scale.slope(estimate)
    return scale.back(scale.to(estimate) - step)


def share_lower(share: float, error: float, freedom: float, alpha: float) -> float:
    """Returns the lower bound of a share whose variance is not that of independent hits.

    Clopper and Pearson's, at as many rows as have that variance, fewer where it is not well known (Korn and
    Graubard 1998, Survey Methodology 24:193).

    Args:
        share: the estimate, within 0 and 1.
        error: its standard error.
        freedom: degrees of freedom of that.
        alpha: error allowed.
    """
    if error in (0, inf):
        return share if error == 0 else 0.0
    narrowed = float(ndtri(alpha) / stdtrit(min(freedom, MANY), alpha)) ** 2
    worth = share * (1 - share) / error**2 * narrowed
    return clopper_pearson_lower(share * worth, worth, alpha) if worth > 0 else share
