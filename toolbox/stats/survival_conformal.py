"""Times that a row outlasts with a stated probability: conformal lower bounds from censored rows.

Split conformal prediction (Candès, Lei and Ren 2023, JRSS B 85:24, ask the same of type I censoring, where
every row's end of observation is known); here events until the horizon count by the inverse probability of
being seen, a new row by the largest of these weights (Tibshirani and others 2019, NeurIPS). Approximate as
far as the censoring distribution is estimated, and only where censoring has nothing to do with the event's
time. No time lies beyond the horizon.
"""

from dataclasses import dataclass

import numpy as np

from toolbox.arrays.types import Floats
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
        """Returns the last time of the grid with at least that survival, 0 where there is none, shape (n,).

        Args:
            surviving: predicted probability of no event by each time of the grid, shape (n, T).
            grid: rising times, shape (T,).
        """
        reached = np.sum(surviving >= self.least, axis=1)
        return np.asarray(np.append(0.0, grid)[reached])


def outlasted(rows: Censored, surviving: Floats, grid: Floats, coverage: float) -> Outlasted:
    """Calibrates on rows that the model of `surviving` has not seen.

    Args:
        rows: what was seen of them.
        surviving: predicted probability of no event by each time of the grid, shape (n, T).
        grid: rising times, shape (T,); the last is the horizon.
        coverage: that a new row is to outlast its time with, below 1.
    """
    horizon = float(grid[-1])
    failed = rows.happened(horizon) & (rows.times < horizon)
    weights = np.where(failed, rows.weights(horizon), 0.0)
    # a row fails where a time after its event is promised: where the first such has enough survival
    after = np.searchsorted(grid, rows.times[failed], side="right")
    scores = surviving[np.flatnonzero(failed), after]
    largest = 1 / float(rows.still_seen.before(np.array([horizon]))[0])
    most = (1 - coverage) * (len(rows.times) + 1) - largest
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
