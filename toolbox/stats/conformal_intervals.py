"""Conformal intervals of numbers from residuals scaled by a predicted spread.

Split conformal prediction (Lei, G'Sell, Rinaldo, Tibshirani and Wasserman 2018, JASA 113:1094, §5.2). The
two ends are calibrated each by itself, so that a new outcome lies below its interval with at most half the
error and above it with at most half (as Romano, Patterson and Candès 2019, NeurIPS 32, theorem 2, do for
quantiles): where errors are skewed, so is the interval.
"""

import numpy as np

from toolbox.arrays.types import Floats, Ints
from toolbox.stats.conformal import Coverage, promise

Interval = tuple[Floats, Floats]


def thresholds(
    outcomes: Floats, predictions: Floats, spreads: Floats, coverage: float, groups: Ints | None = None
) -> tuple[Coverage, Coverage]:
    """Returns how many spreads below and above its prediction an interval ends, and what that promises.

    Args:
        outcomes: of calibration rows, shape (rows,).
        predictions: of a model that has not seen these rows in any way, shape (rows,).
        spreads: above 0, predicted likewise, shape (rows,).
        coverage: nominal, between 0 and 1.
        groups: see `conformal.promise`.
    """
    residuals = (outcomes - predictions) / spreads
    one_sided = (1 + coverage) / 2
    return promise(-residuals, one_sided, groups), promise(residuals, one_sided, groups)


def interval(predictions: Floats, spreads: Floats, below: float, above: float) -> Interval:
    """Returns the ends of the intervals, each of shape (n,); where these would cross, their middle twice."""
    low, high = predictions - below * spreads, predictions + above * spreads
    middle = (low + high) / 2
    return np.minimum(low, middle), np.maximum(high, middle)
