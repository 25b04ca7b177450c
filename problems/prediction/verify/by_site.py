"""Bounds of a metric at a new site, whatever the task; see `toolbox.stats.site_bounds`."""

import numpy as np

from problems.prediction.tasks.task import Asking, Outcomes, task
from toolbox.arrays.types import Floats
from toolbox.stats.bounds import Bound
from toolbox.stats.site_bounds import GAMMA, LEAST_OF_CLASS, LEAST_ROWS, median_bound


def counts(rows: Outcomes, metric: str, asked: Asking) -> bool:
    """Tells whether a site is large enough to count, by its rows and those of the kinds that are needed."""
    needed = task(asked.task).needed(metric, rows, asked).values()
    return len(rows) >= LEAST_ROWS and all(int(each.sum()) >= LEAST_OF_CLASS for each in needed)


def bound_by_site(
    metric: str, rows: Outcomes, predictions: Floats, asked: Asking, alpha: float
) -> Bound | None:
    """Bounds the median over sites of a metric; None with fewer than `least_sites` that count.

    Args:
        metric: of the task.
        rows: their groups are the sites.
        predictions: of them, as the task has them.
        asked: what is asked.
        alpha: error allowed.
    """
    found, each = [], task(asked.task)
    for site in np.unique(rows.grouped):
        own = rows.grouped == site
        inside = rows.take(own)
        if counts(inside, metric, asked):
            # rows of one site are drawn independently of each other, given the site
            alone = Outcomes(inside.values, inside.events, inside.weights)
            bound = each.bound(metric, alone, predictions[own], asked, GAMMA)
            found.append((bound.estimate, bound.value))
    return median_bound(found, alpha, less_is_better=each.metrics[metric].side == "at_most")
