"""A value from several sites: what they have in common, how they differ, what a new one may show.

The random-effects model by restricted maximum likelihood (Viechtbauer 2005, Journal of Educational and
Behavioral Statistics 30:261), with the interval of Hartung, Knapp, Sidik and Jonkman (IntHout and others
2014, BMC Medical Research Methodology 14:25) and the prediction interval of Higgins, Thompson and
Spiegelhalter (2009, Journal of the Royal Statistical Society A 172:137), on whatever scale the values are
given.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy import optimize, stats

from toolbox.arrays.types import Floats

GRID = 200


@dataclass(frozen=True)
class PooledSites:
    """The summary of several values.

    Attributes:
        estimate: mean of the random-effects distribution.
        interval: of that mean, two-sided.
        prediction: where the true value of a new one lies, two-sided; None with fewer than 3 values.
        tau: standard deviation of true values between sites.
    """

    estimate: float
    interval: tuple[float, float]
    prediction: tuple[float, float] | None
    tau: float


def pooled(values: Floats, variances: Floats, alpha: float = 0.05) -> PooledSites:
    """Pools values with known variances.

    Args:
        values: at least two, shape (k,).
        variances: of each by itself, positive, shape (k,).
        alpha: what both sides of either interval leave out together.
    """
    count = len(values)
    tau2 = _between(values, variances)
    weights = 1 / (variances + tau2)
    mean = float(weights @ values / weights.sum())
    # never below the model's own variance, where sites agree by chance (Röver and others 2015, ibid. 15:99)
    scale = max(1.0, float(weights @ (values - mean) ** 2) / (count - 1))
    error = sqrt(scale / float(weights.sum()))
    step = float(stats.t.ppf(1 - alpha / 2, count - 1)) * error
    prediction = None
    if count > 2:
        wide = float(stats.t.ppf(1 - alpha / 2, count - 2)) * sqrt(tau2 + error**2)
        prediction = mean - wide, mean + wide
    return PooledSites(mean, (mean - step, mean + step), prediction, sqrt(tau2))


def _between(values: Floats, variances: Floats) -> float:
    """The variance between sites that makes the restricted likelihood greatest; 0 at least."""

    def loss(tau2: float) -> float:
        weights = 1 / (variances + tau2)
        mean = weights @ values / weights.sum()
        return float(np.log(variances + tau2).sum() + np.log(weights.sum()) + weights @ (values - mean) ** 2)

    most = 10 * float(np.var(values, ddof=1)) + float(variances.max())
    grid = np.concatenate([[0.0], np.geomspace(most * 1e-8, most, GRID)])
    best = int(np.argmin([loss(each) for each in grid]))
    if best == 0:
        return 0.0
    edges = grid[best - 1], grid[min(best + 1, GRID)]
    found = optimize.minimize_scalar(loss, bounds=edges, method="bounded", options={"xatol": most * 1e-10})
    return float(found.x)
