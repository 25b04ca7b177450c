"""Metrics of predicted survival on rows some of which are censored, and the influence of each row on them.

Predictions are probabilities of no event yet at a time. Weights come from `survival.Censored`; the influences
count their estimation, so that their variance is that of the metric with estimated weights.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import nan

import numpy as np

from toolbox.arrays.types import Flags, Floats, Index
from toolbox.stats.survival import Censored

CHUNK = 1 << 22
"""Pairs that are compared at once."""


@dataclass(frozen=True, eq=False)
class Measured:
    """A metric, and how far each row moves it.

    Attributes:
        estimate: of the metric.
        influence: estimate ± influence / n with one row more or less like this; sums to 0, shape (n,).
    """

    estimate: float
    influence: Floats


def weighted_mean(rows: Censored, losses: Floats, horizon: float) -> Measured:
    """Returns the mean of losses over all rows; where the state at the horizon is unknown any number does."""
    amounts = rows.weights(horizon) * losses
    mean = float(amounts.mean())
    return Measured(mean, amounts - mean + rows.of_censoring(amounts, horizon))


def brier(rows: Censored, surviving: Floats, horizon: float) -> Measured:
    """Returns the Brier score at a time (Graf and others 1999; Gerds and Schumacher 2006, Biom. J. 48:1029).

    Args:
        rows: what was seen.
        surviving: predicted probability of no event by the horizon, shape (n,).
        horizon: that time.
    """
    outlasted = ~rows.happened(horizon)
    return weighted_mean(rows, (outlasted - surviving) ** 2, horizon)


def integrated_brier(rows: Censored, surviving: Floats, grid: Floats) -> Measured:
    """Returns the Brier score averaged over time from the first to the last time of a grid, by trapezoids.

    Args:
        rows: what was seen.
        surviving: predicted probability of no event by each time of the grid, shape (n, T).
        grid: rising times, shape (T,).
    """
    shares = np.zeros(len(grid))
    shares[1:] += np.diff(grid) / 2
    shares[:-1] += np.diff(grid) / 2
    shares = shares / shares.sum() if len(grid) > 1 else np.ones(1)
    each = [brier(rows, surviving[:, place], float(time)) for place, time in enumerate(grid)]
    estimate = sum(share * one.estimate for share, one in zip(shares, each, strict=True))
    influence = sum(share * one.influence for share, one in zip(shares, each, strict=True))
    return Measured(float(estimate), np.asarray(influence))


def calibration_in_the_large(rows: Censored, surviving: Floats, horizon: float) -> Measured:
    """Returns the observed risk at a time less the mean predicted one; observed is one less Kaplan-Meier."""
    observed = weighted_mean(rows, rows.happened(horizon).astype(np.float64), horizon)
    predicted = 1 - surviving
    mean = float(predicted.mean())
    return Measured(observed.estimate - mean, observed.influence - (predicted - mean))


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Pairs of a case and a row that outlasts it.

    Attributes:
        risk: higher speaks for an earlier event, shape (n,).
        weights: of the cases, 0 for other rows, shape (n,).
        after: what a row must outlast to be compared with each case, shape (n,).
        until: how long each row lasts, shape (n,).
    """

    risk: Floats
    weights: Floats
    after: Floats
    until: Floats

    def chunks(self) -> Iterator[tuple[Index, Flags, Floats]]:
        """Cases, which of their pairs count, and 1, ½ or 0 as the risk is higher, equal or lower."""
        cases = np.flatnonzero(self.weights)
        size = max(1, CHUNK // len(self.risk))
        for start in range(0, len(cases), size):
            some = cases[start : start + size]
            own, risk = self.risk[some, None], self.risk[None, :]
            yield some, self.until[None, :] > self.after[some, None], (own > risk) + 0.5 * (own == risk)


def uno_c(rows: Censored, risk: Floats, tau: float) -> Measured:
    """Returns the probability that of two rows the one with the earlier event has the higher risk.

    Of pairs whose earlier event comes before τ; equal risks count one half (Uno, Cai, Pencina, D'Agostino and
    Wei 2011, Statistics in Medicine 30:1105). NaN without such a pair.

    Args:
        rows: what was seen.
        risk: higher speaks for an earlier event, shape (n,).
        tau: the time.
    """
    weights = np.where(rows.events & (rows.times < tau), rows.weights(tau) ** 2, 0.0)
    # each pair is divided by the square of the curve that both must be seen through, so it moves it twice
    return _concordance(rows, _Pairs(risk, weights, rows.times, rows.times), tau, power=2)


def area_at(rows: Censored, risk: Floats, horizon: float) -> Measured:
    """Returns the area under the ROC curve of who has had the event by a time against who has not.

    Cumulative cases, dynamic controls (Uno and others 2007, JASA 102:527; its variance as in Blanche and
    others 2013, Statistics in Medicine 32:5381). NaN without a case or a control.

    Args:
        rows: what was seen.
        risk: higher speaks for an earlier event, shape (n,).
        horizon: the time.
    """
    happened = rows.happened(horizon)
    weights = np.where(happened, rows.weights(horizon), 0.0)
    until = np.where(rows.known(horizon) & ~happened, np.inf, 0.0)
    # the controls' weights are equal, and cancel
    return _concordance(rows, _Pairs(risk, weights, np.zeros(len(risk)), until), horizon, power=1)


def _concordance(rows: Censored, pairs: _Pairs, horizon: float, power: int) -> Measured:
    count, wins = np.zeros(len(pairs.risk)), np.zeros(len(pairs.risk))
    for some, counted, won in pairs.chunks():
        count[some], wins[some] = counted.sum(axis=1), (counted * won).sum(axis=1)
    every = float(pairs.weights @ count)
    if not every:
        return Measured(nan, np.full(len(pairs.risk), nan))
    share = float(pairs.weights @ wins) / every
    as_case = pairs.weights * (wins - share * count)
    moved = as_case + power * rows.of_censoring(as_case, horizon)
    for some, counted, won in pairs.chunks():
        moved += pairs.weights[some] @ (counted * (won - share))
    return Measured(share, moved * len(pairs.risk) / every)
