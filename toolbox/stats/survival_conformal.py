"""Times that a row outlasts with a stated probability: conformal lower bounds from censored rows.

Split conformal prediction (Candès, Lei and Ren 2023, JRSS B 85:24, ask the same of type I censoring, where
every row's end of observation is known); here events until the horizon count by the inverse probability of
being seen, a new row by the largest of these weights (Tibshirani and others 2019, NeurIPS). Approximate as
far as the censoring distribution is estimated, and only where censoring has nothing to do with the event's
time. No time lies beyond the horizon.
"""

from dataclasses import dataclass

import numpy as np

from toolbox.arrays.types import Flags, Floats, Ints
from toolbox.stats.survival import Censored


@dataclass(frozen=True)
class Outlasted:
    """How predicted survival becomes a time that is outlasted.

    Attributes:
        coverage: probability that a new row outlasts its time.
        least: predicted survival down to which a time is promised; above 1 where nothing can be.
        rows: calibration rows.
        events: of them seen until the horizon.
    """

    coverage: float
    least: float
    rows: int
    events: int

    def times(self, surviving: Floats, grid: Floats) -> Floats:
        """See `times_outlasted`."""
        return times_outlasted(surviving, grid, self.least)


def times_outlasted(surviving: Floats, grid: Floats, least: float) -> Floats:
    """Returns the last time of the grid with at least that survival, 0 where there is none, shape (n,).

    Args:
        surviving: predicted probability of no event by each time of the grid, shape (n, T).
        grid: rising times, shape (T,).
        least: survival.
    """
    reached = np.sum(surviving >= least, axis=1)
    return np.asarray(np.append(0.0, grid)[reached])


def outlasted(
    rows: Censored, surviving: Floats, grid: Floats, coverage: float, groups: Ints | None = None
) -> Outlasted:
    """Calibrates on rows that the model of `surviving` has not seen.

    Args:
        rows: what was seen of them.
        surviving: predicted probability of no event by each time of the grid, shape (n, T).
        grid: rising times, shape (T,); the last is the horizon.
        coverage: that a new row is to outlast its time with, below 1.
        groups: see `conformal.promise`.
    """
    horizon = float(grid[-1])
    failed = rows.happened(horizon) & (rows.times < horizon)
    units, weights = len(rows.times), np.where(failed, rows.weights(horizon), 0.0)
    if groups is not None:
        own, sizes = np.unique(groups, return_inverse=True, return_counts=True)[1:]
        units, weights = len(sizes), weights / sizes[own]
    # a row fails where a time after its event is promised: where the first such has enough survival
    after = np.searchsorted(grid, rows.times[failed], side="right")
    scores = surviving[np.flatnonzero(failed), after]
    largest = 1 / float(rows.still_seen.before(np.array([horizon]))[0])
    most = (1 - coverage) * (units + 1) - largest
    order = np.argsort(-scores, kind="stable")
    failing = np.cumsum(weights[failed][order])
    kept = int(np.searchsorted(failing, most + 1e-9, side="right")) if most >= 0 else -1
    if kept < 0:
        least = 2.0
    elif kept == len(scores):
        least = 0.0
    else:
        least = float(np.nextafter(scores[order][kept], 2.0))
    return Outlasted(coverage, least, len(rows.times), int(failed.sum()))


def known_to_fail(rows: Censored, times: Floats) -> Flags:
    """Tells the rows that were seen to have the event before the time that they were to outlast, (n,)."""
    return np.asarray(rows.events & (rows.times < times), dtype=np.bool_)


def share_outlasting(rows: Censored, times: Floats) -> tuple[float, float]:
    """Returns the share of rows that outlast their times, and how much of a row each row is worth for it.

    Events before these times count by the inverse probability of being seen; where some count for more than
    others, rows tell as much as fewer without censoring would (Kish's effective size of the events).

    Args:
        rows: what was seen of them.
        times: to be outlasted, shape (n,).
    """
    failed = known_to_fail(rows, times)
    weights = 1 / rows.still_seen.before(rows.times[failed])
    if not weights.size:
        return 1.0, 1.0
    # in small samples the weights can say that more fail than there are rows
    share = max(0.0, 1.0 - float(weights.sum()) / len(rows.times))
    return share, float(weights.sum() / (weights @ weights))
