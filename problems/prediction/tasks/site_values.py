"""What a metric of any task comes to at each site, with its variance; see `toolbox.stats.site_bounds`."""

from collections.abc import Callable
from dataclasses import asdict
from math import isfinite
from typing import Any

import numpy as np

from problems.prediction.tasks import time_to_event
from problems.prediction.tasks.task import Asking, Outcomes, TaskMetric, task
from toolbox.arrays.types import Flags, Floats, Index
from toolbox.stats import site_bounds
from toolbox.stats.bounds import Bound
from toolbox.stats.site_bounds import GAMMA, LEAST_OF_CLASS, LEAST_ROWS, SiteValue
from toolbox.stats.survival_bounds import METRICS

BLOCKS = 50
"""Of a site's rows, each of which is left out in turn."""


def counts(rows: Outcomes, metric: str, asked: Asking) -> bool:
    """Tells whether a site is large enough to count, by its rows and those of the kinds that are needed."""
    needed = task(asked.task).needed(metric, rows, asked).values()
    return len(rows) >= LEAST_ROWS and all(int(each.sum()) >= LEAST_OF_CLASS for each in needed)


def alone(rows: Outcomes, own: Flags | Index) -> Outcomes:
    """Some rows of one site: drawn independently of each other, given the site."""
    inside = rows.take(own)
    return Outcomes(inside.values, inside.events, inside.weights)


def site_values(metric: str, rows: Outcomes, predictions: Floats, asked: Asking) -> tuple[SiteValue, ...]:
    """Returns the metric in each site, by the sites' numbers.

    Args:
        metric: of the task.
        rows: their groups are the sites.
        predictions: of them, as the task has them.
        asked: what is asked.
    """
    if asked.task == "binary" and rows.weights is None and metric in site_bounds.SITE_METRICS:
        labels = np.asarray(rows.values, dtype=np.int64)
        return site_bounds.site_values(metric, labels, predictions, rows.grouped)
    sites = rows.grouped
    return tuple(
        _site(int(site), metric, alone(rows, sites == site), predictions[sites == site], asked)
        for site in np.unique(sites)
    )


def stated(each: SiteValue, asked: Asking) -> dict[str, Any]:
    """A site's value as notes have it."""
    told = asdict(each)
    if asked.task not in ("binary", "time_to_event"):
        del told["positives"]
    return told


def _site(site: int, metric: str, rows: Outcomes, predictions: Floats, asked: Asking) -> SiteValue:
    counted = rows.values if asked.task == "binary" else rows.events
    events = 0 if counted is None else int(counted.sum())
    if not counts(rows, metric, asked):
        return SiteValue(site, len(rows), events, None, None, None)
    each = task(asked.task)
    found = each.bound(metric, rows, predictions, asked, GAMMA)
    if not isfinite(found.estimate):
        return SiteValue(site, len(rows), events, None, None, None)

    def estimate(kept: Index) -> float:
        return each.bound(metric, rows.take(kept), predictions[kept], asked, GAMMA).estimate

    if asked.task == "time_to_event":
        variance = _of_times(metric, rows, predictions, asked)
    else:
        variance = jackknife(estimate, len(rows))
    least = _least_variance(each.metrics[metric], found, len(rows))
    return SiteValue(site, len(rows), events, found.estimate, max(variance, least), found.value)


def _counted(rows: Outcomes, asked: Asking) -> Flags:
    """Rows of the class to predict, or with the event; none of other tasks."""
    if rows.events is not None:
        return rows.events
    return np.asarray(rows.values == 1) & (asked.task == "binary")


def jackknife(estimate: Callable[[Index], float], rows: int) -> float:
    """Returns the variance of an estimate by leaving out blocks of rows.

    Shao and Wu (1989), Annals of Statistics 17:1176.

    Args:
        estimate: from the places of the rows that are kept.
        rows: how many there are, more than one.
    """
    blocks = min(BLOCKS, rows)
    # in the order of the table neighbours may be alike: blocks are of every 50th row
    place = np.arange(rows) % blocks
    found = np.array([estimate(np.flatnonzero(place != block)) for block in range(blocks)])
    known = found[np.isfinite(found)]
    return float((blocks - 1) * np.mean((known - known.mean()) ** 2)) if len(known) > 1 else 0.0


def _of_times(metric: str, rows: Outcomes, predictions: Floats, asked: Asking) -> float:
    """From the influence of each row, which is known."""
    found = METRICS[metric].measure(time_to_event.predicted(rows, predictions, asked))
    return float(np.sum((found.influence / len(rows)) ** 2))


def _least_variance(metric: TaskMetric, found: Bound, rows: int) -> float:
    """Of a share of right answers that at one row more and less right, so that it is never 0."""
    if metric.side != "at_least" or metric.low != 0 or metric.high != 1:
        return 0.0
    smoothed = (rows * max(found.estimate, 0.0) + 1) / (rows + 2)
    return smoothed * (1 - smoothed) / rows
