"""One-sided bounds of metrics of two classes whose rows carry weights, as simulated collisions do.

All take `labels` (0 or 1), `scores` (probability of 1), positive `weights`, and `groups` of dependent rows,
whole numbers from 0; each of shape (rows,).

Weighted rows are counted as those that are left when each is taken with probability weight / heaviest, which
are rows of one weight (rejection sampling): Σ weight / heaviest of them. `heaviest` is the largest weight
that rows of the class are known to have, among these or not. The number of Kish, (Σ w)² / Σ w², is larger,
and knows nothing of heavy rows that happen to be missing here: with two rows in a thousand of weight 100
bounds by it were wrong in 41 of 100 sets at 5 %. A weighted share is bounded at the number of rows that its
variance is worth (Korn and Graubard 1998; see `influence.share_lower`), at most at that number: approximate
where weights differ, see `bench/weighted_bounds.py`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from math import log, sqrt

import numpy as np

from toolbox.arrays.types import Floats, Ints
from toolbox.stats import influence
from toolbox.stats.auc import score_lower
from toolbox.stats.bounded_means import grouped
from toolbox.stats.bounds import Bound, clopper_pearson_lower, decisions
from toolbox.stats.groups import group_sums

REGULARISED = 10.0
"""Background events that the AMS adds, so that it does not rest on a region with next to none of them."""

NEAR = 0.1
"""Of the signal, to either side of an efficiency: where the slope of the curve is taken."""

Measured = tuple[float, Floats]
"""A metric, and each row's influence on it: it is off by about their sum."""


def worth(weights: Floats, groups: Ints, heaviest: float = 0.0) -> float:
    """Returns the number of independent rows of one weight that these are worth.

    Args:
        weights: 0 for rows that do not count, shape (rows,).
        groups: whole numbers from 0; rows of one number count as one of their weights' sum, shape (rows,).
        heaviest: the largest weight that such a row may have; that of these where it is less.
    """
    sums = group_sums(weights, groups, int(groups.max(initial=0)) + 1)
    return float(sums.sum() / max(heaviest, sums.max())) if weights.any() else 0.0


def weighted_share(hits: Floats, weights: Floats) -> Measured:
    """Returns the weighted mean of values in [0, 1] over rows, those of weight 0 left out."""
    total = float(weights.sum())
    share = min(float(weights @ hits) / total, 1.0)
    return share, np.asarray(weights * (hits - share) / total)


def _share_lower(found: Measured, rows: float, groups: Ints, alpha: float) -> float:
    """The bound of a share on rows that are worth so many."""
    error, freedom = influence.spread(found[1], groups)
    error = max(error, sqrt(max(found[0] * (1 - found[0]), 0.0) / rows))
    limit = influence.share_lower(found[0], error, min(freedom, max(rows - 1, 1.0)), alpha)
    return min(limit, clopper_pearson_lower(found[0] * rows, rows, alpha))


def _right(labels: Ints, scores: Floats) -> Floats:
    return np.asarray(decisions(scores) == labels, dtype=np.float64)


def accuracy(labels: Ints, scores: Floats, weights: Floats) -> Measured:
    """Returns the weighted share of rows that are called correctly."""
    return weighted_share(_right(labels, scores), weights)


def of_class(label: int, labels: Ints, scores: Floats, weights: Floats) -> Measured:
    """Returns the same among the rows of one class."""
    return weighted_share(_right(labels, scores), np.where(labels == label, weights, 0.0))


def balanced_accuracy(labels: Ints, scores: Floats, weights: Floats) -> Measured:
    """Returns the mean of sensitivity and specificity."""
    parts = [of_class(label, labels, scores, weights) for label in (0, 1)]
    return (parts[0][0] + parts[1][0]) / 2, (parts[0][1] + parts[1][1]) / 2


def brier(labels: Ints, scores: Floats, weights: Floats) -> Measured:
    """Returns the weighted mean squared difference of scores and labels."""
    return weighted_share((scores - labels) ** 2, weights)


def roc_auc(labels: Ints, scores: Floats, weights: Floats) -> Measured:
    """Returns the area under the ROC curve of weighted rows; with equal weights the variance is DeLong's."""
    up, down = (np.where(labels == label, weights, 0.0) for label in (1, 0))
    place = np.unique(scores, return_inverse=True)[1]
    at = [np.bincount(place, weights=each) for each in (up, down)]
    below, above = np.cumsum(at[1]) - at[1] / 2, at[0].sum() - np.cumsum(at[0]) + at[0] / 2
    totals = float(up.sum()), float(down.sum())
    area = float(up @ below[place]) / (totals[0] * totals[1])
    of_up = up * (below[place] / totals[1] - area) / totals[0]
    return area, of_up + down * (above[place] / totals[0] - area) / totals[1]


def background_rejection(labels: Ints, scores: Floats, weights: Floats, efficiency: float) -> Measured:
    """Returns the weighted share of background below the threshold that keeps so much signal.

    A signal row moves the threshold, and with it the background by as much as this has rows there for each of
    the signal's: the slope of the curve, from the rows within `NEAR` of the efficiency.
    """
    threshold = threshold_at(labels, scores, weights, efficiency)
    below = (scores < threshold).astype(np.float64)
    rejected, influences = weighted_share(below, np.where(labels == 0, weights, 0.0))
    of_signal = weighted_share(below, np.where(labels == 1, weights, 0.0))[1]
    low, high = (
        threshold_at(labels, scores, weights, each)
        for each in (min(efficiency + NEAR, 1.0), max(efficiency - NEAR, 1e-9))
    )
    between = ((scores >= low) & (scores < high)) * weights
    shares = [float(between[labels == label].sum() / weights[labels == label].sum()) for label in (0, 1)]
    slope = shares[0] / shares[1] if shares[1] > 0 else 0.0
    return rejected, influences - slope * of_signal


def threshold_at(labels: Ints, scores: Floats, weights: Floats, efficiency: float) -> float:
    """Returns the largest score from which on at least that share of the signal's weight lies."""
    distinct, kept = _kept(labels, scores, weights)
    return float(distinct[np.flatnonzero(kept >= efficiency * (1 - 1e-12))[-1]])


def _kept(labels: Ints, scores: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """The distinct scores, and the share of the signal's weight from each on; falling."""
    distinct, place = np.unique(scores, return_inverse=True)
    signal = np.bincount(place, weights=np.where(labels == 1, weights, 0.0))
    return distinct, np.asarray(np.cumsum(signal[::-1])[::-1] / signal.sum())


def rejection_lower(rows: "Weighted", scores: Floats, *, alpha: float, efficiency: float) -> float:
    """Bounds the background rejection at the true threshold of a signal efficiency from below.

    A threshold that lies, with 1 - α/2, below the true one (the largest at which Clopper and Pearson's lower
    bound of the efficiency reaches it: an order statistic of the signal), and at that threshold, which the
    background has no part in, their lower bound of the rejection at α/2. Exact for independent rows of equal
    weight; else with rows counted as above. No threshold is fixed beforehand.
    """
    labels, weights, (signal, background) = rows.labels, rows.weights, (rows.worth(1), rows.worth(0))
    distinct, kept = _kept(labels, scores, weights)
    # the largest threshold is found by halving: the bound falls with the share that is kept
    low, high = -1, len(distinct)
    while high - low > 1:
        middle = (low + high) // 2
        holds = clopper_pearson_lower(kept[middle] * signal, signal, alpha / 2) >= efficiency
        low, high = (middle, high) if holds else (low, middle)
    if low < 0:
        return 0.0
    own = labels == 0
    rejected = float(weights[own] @ (scores[own] < distinct[low])) / float(weights[own].sum())
    return clopper_pearson_lower(rejected * background, background, alpha / 2)


def ams(signal: float, background: float) -> float:
    """Returns the approximate median significance (Adam-Bourdarios and others 2015, PMLR 42:19, equation 7).

    Args:
        signal: expected signal events in the selected region.
        background: expected background events there.
    """
    expected = background + REGULARISED
    return sqrt(2 * ((signal + expected) * log(1 + signal / expected) - signal))


def ams_slope(signal: float, background: float) -> float:
    """Returns the derivative of the significance by the background events in the region, not above 0."""
    expected = background + REGULARISED
    value = ams(signal, background)
    return (log(1 + signal / expected) - signal / expected) / value if value > 0 else 0.0


MEASURES: Mapping[str, Callable[[Ints, Floats, Floats], Measured]] = {
    "roc_auc": roc_auc,
    "accuracy": accuracy,
    "balanced_accuracy": balanced_accuracy,
    "sensitivity": partial(of_class, 1),
    "specificity": partial(of_class, 0),
    "brier": brier,
}
"""Metrics that binary predictions without weights have as well."""

OF_REGION = ("background_rejection", "ams")
"""Metrics of the region that keeps a stated share of the signal."""


@dataclass(frozen=True, eq=False)
class Weighted:
    """Rows as they are judged, each of shape (rows,).

    Attributes:
        labels: 0 or 1.
        weights: positive.
        groups: whole numbers from 0; rows of one number depend on each other.
        heaviest: the largest weights known of rows of class 0 and 1, as far as they exceed those of these.
    """

    labels: Ints
    weights: Floats
    groups: Ints
    heaviest: tuple[float, float] = (0.0, 0.0)

    def of(self, label: int) -> Floats:
        """The weights of one class, 0 elsewhere."""
        return np.where(self.labels == label, self.weights, 0.0)

    def worth(self, label: int | None = None) -> float:
        """Independent rows of one weight that a class is worth, or both together."""
        if label is None:
            return worth(self.weights, self.groups, max(self.heaviest))
        return worth(self.of(label), self.groups, self.heaviest[label])


def bound(metric: str, rows: Weighted, scores: Floats, alpha: float) -> Bound:
    """Bounds a metric of `MEASURES` from one side.

    Args:
        metric: its name.
        rows: with both classes where the metric needs them.
        scores: probability of 1, shape (rows,).
        alpha: error allowed, above 0 and below 1.
    """
    found = MEASURES[metric](rows.labels, scores, rows.weights)
    method = _METHOD + grouped(rows.groups)
    if metric == "brier":
        # Korn and Graubard's erred in up to 8 % of sets at 5 %: few heavy rows with large losses
        step = sqrt(log(1 / alpha) / (2 * rows.worth()))
        said = f"Hoeffding's (1963, theorem 2) {_COUNTED}; approximate, by simulation"
        said += grouped(rows.groups)
        return Bound(found[0], min(1.0, found[0] + step), said)
    if metric == "balanced_accuracy":
        # Bonferroni, as without weights
        parts = [bound(each, rows, scores, alpha / 2).value for each in ("sensitivity", "specificity")]
        return Bound(found[0], sum(parts) / 2, f"mean of two bounds at α/2 each: {method}")
    if metric == "roc_auc":
        sizes = rows.worth(1), rows.worth(0)
        error, freedom = influence.spread(found[1], rows.groups)
        freedom = min(freedom, max(min(sizes) - 1, 1.0))
        lower = min(
            influence.share_lower(found[0], error, freedom, alpha), score_lower(found[0], *sizes, alpha)
        )
        return Bound(found[0], lower, f"lesser of weighted DeLong and Hanley-McNeil score bounds, {method}")
    label = {"sensitivity": 1, "specificity": 0}.get(metric)
    return Bound(found[0], _share_lower(found, rows.worth(label), rows.groups, alpha), method)


_COUNTED = "with rows counted by weight over the heaviest"
_METHOD = (
    "Clopper-Pearson at the rows that the variance is worth (Korn-Graubard), at most their weights over the "
    "heaviest; approximate, by simulation"
)


def region_bound(
    metric: str,
    rows: Weighted,
    scores: Floats,
    alpha: float,
    *,
    efficiency: float,
    yields: tuple[float, float] | None = None,
) -> Bound:
    """Bounds a metric of `OF_REGION` from below.

    Args:
        metric: its name.
        rows: with both classes.
        scores: probability of 1, shape (rows,).
        alpha: error allowed, above 0 and below 1.
        efficiency: share of the signal that the region keeps.
        yields: for the AMS the expected signal and background in all, before any selection.
    """
    estimate = background_rejection(rows.labels, scores, rows.weights, efficiency)[0]
    lower = rejection_lower(rows, scores, alpha=alpha, efficiency=efficiency)
    equal = bool(np.all(rows.weights == rows.weights[0])) and not grouped(rows.groups)
    rests = "exact" if equal else f"{_COUNTED}; approximate, by simulation"
    method = f"threshold by an order statistic of the signal, rejection by Clopper-Pearson, α/2 each; {rests}"
    method += grouped(rows.groups)
    if metric == "background_rejection":
        return Bound(estimate, lower, f"at a signal efficiency of {efficiency:g}: {method}")
    assert yields is not None  # the AMS counts events
    signal, background = yields
    # it falls with the background that is left, and the signal that is kept is what was asked for
    found, least = (ams(signal * efficiency, background * (1 - each)) for each in (estimate, lower))
    return Bound(found, least, f"by the background rejection at that efficiency; b_reg = 10; {method}")
