"""Bounds of a metric at a new site, whatever the task; see `toolbox.stats.site_bounds`."""

import numpy as np

from problems.prediction.tasks.site_values import alone, counts
from problems.prediction.tasks.task import Asking, Outcomes, task
from toolbox.arrays.types import Floats
from toolbox.stats.bounds import Bound
from toolbox.stats.site_bounds import GAMMA, median_bound


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
            bound = each.bound(metric, alone(rows, own), predictions[own], asked, GAMMA)
            found.append((bound.estimate, bound.value))
    return median_bound(found, alpha, less_is_better=each.metrics[metric].side == "at_most")
