"""Conformal intervals of numbers: a conformity score, the threshold that calibration rows set, the interval.

Split conformal prediction (Lei, G'Sell, Rinaldo, Tibshirani and Wasserman 2018, JASA 113:1094): the interval
holds every number whose score is at most the threshold of `conformal.promise`, and the outcome of a new row
drawn like the calibration rows with the nominal probability or more, whatever the model and the distribution.
"""

from toolbox.arrays.types import Floats
from toolbox.stats.conformal import Coverage, promise

Interval = tuple[Floats, Floats]


def absolute_scores(outcomes: Floats, predictions: Floats, spreads: Floats | float = 1.0) -> Floats:
    """Returns |outcome - prediction| over a spread predicted for the row (their §5.2), shape (rows,).

    Args:
        outcomes: shape (rows,).
        predictions: from a model that has not seen these rows in any way, shape (rows,).
        spreads: above 0, likewise; 1 gives every row an interval of one width.
    """
    return abs(outcomes - predictions) / spreads


def absolute_interval(predictions: Floats, threshold: float, spreads: Floats | float = 1.0) -> Interval:
    """Returns the ends of the intervals of `absolute_scores`, each of shape (rows,)."""
    return predictions - threshold * spreads, predictions + threshold * spreads


def quantile_scores(outcomes: Floats, low: Floats, high: Floats) -> Floats:
    """Returns by how much outcomes lie outside predicted quantiles, negative inside, shape (rows,).

    Conformalised quantile regression (Romano, Patterson and Candès 2019, NeurIPS 32).
    """
    below: Floats = low - outcomes
    above: Floats = outcomes - high
    return below.clip(min=above)


def quantile_interval(low: Floats, high: Floats, threshold: float) -> Interval:
    """Returns the ends of the intervals of `quantile_scores`; where these would cross, their middle twice."""
    lower, upper = low - threshold, high + threshold
    middle = (low + high) / 2
    return lower.clip(max=middle), upper.clip(min=middle)


def intervals(
    calibration: tuple[Floats, Floats], predictions: Floats, coverage: float
) -> tuple[Interval, Coverage]:
    """Returns intervals of one width that hold the outcome with probability `coverage` or more.

    Args:
        calibration: outcomes, and predictions from a model that has not seen these rows, each (rows,).
        predictions: from the same model, shape (n,).
        coverage: nominal, between 0 and 1.

    Returns:
        Both ends, each of shape (n,); and what is promised.
    """
    promised = promise(absolute_scores(*calibration), coverage)
    return absolute_interval(predictions, promised.threshold), promised
