"""A metric site by site, and a bound on what holds at a new site: the sites are the units, not their rows.

Where rows come from few large sites (hospitals), a bound over rows speaks of new rows of the same sites. What
a new site will show varies as the sites do, so leave sites out whole and count each of them once
(internal-external validation: Royston, Parmar and Sylvester 2004, Statistics in Medicine 23:907; Steyerberg
and Harrell 2016, Journal of Clinical Epidemiology 69:245). With few sites, bootstraps over sites and
t-intervals of their mean err too often where sites differ unevenly (`bench/site_bounds.py` counts it); the
ranks of limits that each site has by itself do not.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil, log

import numpy as np
from scipy import stats

from toolbox.arrays.types import Flags, Floats, Ints
from toolbox.stats import auc
from toolbox.stats.bounds import METRICS, Bound, bound, decisions

LEAST_ROWS = 10
"""Rows of a site that counts."""
LEAST_OF_CLASS = 5
"""Rows of each class that the metric needs in a site that counts: fewer say next to nothing."""

GAMMA = 0.1
"""Error of each site's own limit, γ: a larger one needs more sites, a smaller one widens the limits."""
BELOW = (1 - GAMMA) / 2
"""Probability, at least, that a site's limit is on the safe side of the median."""


@dataclass(frozen=True)
class SiteValue:
    """A metric in one site.

    Attributes:
        site: its number.
        rows: in it.
        positives: among them.
        value: the metric; None where the site is too small to count.
        variance: of the value over other rows of the same site, smoothed so that it is never 0.
        limit: one-sided bound of the site's own metric, with error γ.
    """

    site: int
    rows: int
    positives: int
    value: float | None
    variance: float | None
    limit: float | None


def least_sites(alpha: float) -> int:
    """Returns the number of sites below which no bound of the median holds, whatever the sites show."""
    return ceil(log(alpha) / log(1 - BELOW) - 1e-9)


def rank(sites: int, alpha: float) -> int:
    """Returns which of the sites' limits from the worst on, from 1, bounds the median; 0 where none does.

    The largest r with P(Binomial(K, p) < r) ≤ α. A site's true value is no better than the median with
    probability 1/2 at least, and its limit no better than its value with 1 - γ, so that its limit is on the
    safe side of the median with p = (1 - γ)/2, independently of other sites. With limits that are values
    (γ = 0) this is the sign test's interval (Thompson 1936, Annals of Mathematical Statistics 7:122).
    """
    return int(np.sum(stats.binom.cdf(np.arange(sites), sites, BELOW) <= alpha * (1 + 1e-12)))


def site_values(metric: str, labels: Ints, scores: Floats, sites: Ints) -> tuple[SiteValue, ...]:
    """Returns the metric in each site, by the sites' numbers.

    Args:
        metric: a key of `bounds.METRICS`.
        labels: 0 or 1, shape (rows,).
        scores: probability of 1, shape (rows,).
        sites: number of each row's site, shape (rows,).
    """
    return tuple(
        _site_value(metric, int(site), labels[sites == site], scores[sites == site])
        for site in np.unique(sites)
    )


def counts(metric: str, labels: Ints) -> bool:
    """Tells whether a site is large enough to count, by its rows' labels."""
    enough = all(int(np.sum(labels == label)) >= LEAST_OF_CLASS for label in METRICS[metric].classes)
    return len(labels) >= LEAST_ROWS and enough


def site_bound(metric: str, labels: Ints, scores: Floats, sites: Ints, alpha: float) -> Bound | None:
    """Bounds the median over sites of a metric from one side; None with fewer than `least_sites` that count.

    The estimate is the median site, the bound the `rank`-th worst of the sites' own limits: as exact as these
    are, whatever the distribution of sites. Sites must be drawn independently of each other from those that
    the bound is about, and the rows of a site from it.

    Args:
        metric: a key of `bounds.METRICS`.
        labels: 0 or 1, shape (rows,).
        scores: probability of 1, shape (rows,).
        sites: number of each row's site, shape (rows,).
        alpha: error allowed, above 0 and below 1.
    """
    return bound_of(metric, site_values(metric, labels, scores, sites), alpha)


def bound_of(metric: str, sites: Sequence[SiteValue], alpha: float) -> Bound | None:
    """Returns `site_bound` from what the sites measured."""
    found = [(each.value, each.limit) for each in sites if each.value is not None and each.limit is not None]
    return median_bound(found, alpha, less_is_better=METRICS[metric].less_is_better)


def median_bound(found: Sequence[tuple[float, float]], alpha: float, *, less_is_better: bool) -> Bound | None:
    """Returns `site_bound` from the value and the limit of each site that counts."""
    place = rank(len(found), alpha)
    if not place:
        return None
    worst_first = sorted((limit for _, limit in found), reverse=less_is_better)
    method = (
        f"of the median site: number {place} from the worst of {len(found)} sites' own limits of "
        f"{100 * (1 - GAMMA):g} % (order statistics); approximate, by simulation"
    )
    return Bound(float(np.median([value for value, _ in found])), worst_first[place - 1], method)


def _site_value(metric: str, site: int, labels: Ints, scores: Floats) -> SiteValue:
    size = len(labels), int(labels.sum())
    if not counts(metric, labels):
        return SiteValue(site, *size, None, None, None)
    limit = bound(metric, labels, scores, np.arange(len(labels)), GAMMA).value
    return SiteValue(site, *size, *_MEASURES[metric](labels, scores), limit)


def _share(hits: Flags) -> tuple[float, float]:
    """A share, and its variance at (hits + 1) / (rows + 2)."""
    smoothed = (float(hits.sum()) + 1) / (len(hits) + 2)
    return float(hits.mean()), smoothed * (1 - smoothed) / len(hits)


def _accuracy(labels: Ints, scores: Floats) -> tuple[float, float]:
    return _share(decisions(scores) == labels)


def _of_class(label: int, labels: Ints, scores: Floats) -> tuple[float, float]:
    return _accuracy(labels[labels == label], scores[labels == label])


def _balanced(labels: Ints, scores: Floats) -> tuple[float, float]:
    parts = [_of_class(label, labels, scores) for label in (0, 1)]
    return sum(value for value, _ in parts) / 2, sum(variance for _, variance in parts) / 4


def _area(labels: Ints, scores: Floats) -> tuple[float, float]:
    """The area, and Hanley and McNeil's variance as if one more pair of rows were no better than chance."""
    area = auc.placements(labels, scores).auc
    sizes = float(labels.sum()), float(len(labels) - labels.sum())
    smoothed = (area * min(sizes) + 0.5) / (min(sizes) + 1)
    both = (auc.hanley_mcneil_variance(smoothed, *each) for each in (sizes, sizes[::-1]))
    return area, float(max(both))


def _brier(labels: Ints, scores: Floats) -> tuple[float, float]:
    losses = (scores - labels) ** 2
    spread = (float(np.sum((losses - losses.mean()) ** 2)) + 0.25) / len(losses)
    return float(losses.mean()), spread / len(losses)


_MEASURES: Mapping[str, Callable[[Ints, Floats], tuple[float, float]]] = {
    "roc_auc": _area,
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced,
    "sensitivity": partial(_of_class, 1),
    "specificity": partial(_of_class, 0),
    "brier": _brier,
}


SITE_METRICS = tuple(_MEASURES)
"""Metrics that `site_values` knows."""


def measured(found: Sequence[SiteValue]) -> list[tuple[float, float]]:
    """Returns (value, variance) of the sites that count."""
    return [(each.value, each.variance) for each in found if each.value is not None and each.variance]
