"""Area under the ROC curve: estimate, variance and bounds, independent rows or rows in groups.

DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44:837, in the O(n log n) form of Sun and Xu (2014),
IEEE Signal Processing Letters 21:1389; for groups of dependent rows Obuchowski (1997), Biometrics 53:567.
"""

from dataclasses import dataclass
from math import inf, sqrt
from typing import Any

import numpy as np
from scipy import optimize, stats
from scipy.special import expit, logit, ndtri, stdtrit

from toolbox.arrays.types import Floats, Ints
from toolbox.stats.groups import group_sums

MANY = 1e9  # degrees of freedom from which on Student's t is the normal


@dataclass(frozen=True)
class Placements:
    """Where each row falls among the rows of the other class.

    Attributes:
        auc: the area, ties counted one half.
        positive: per positive row the share of negatives below it, shape (m,).
        negative: per negative row the share of positives above it, shape (n,).
    """

    auc: float
    positive: Floats
    negative: Floats


def placements(labels: Ints, scores: Floats) -> Placements:
    """Returns the placement values of Sun and Xu (2014) from three rankings with mid-ranks.

    Args:
        labels: 0 or 1, shape (rows,), both present.
        scores: higher speaks for 1, shape (rows,).
    """
    is_positive = labels == 1
    ranks = stats.rankdata(scores)
    above, below = scores[is_positive], scores[~is_positive]
    positive = (ranks[is_positive] - stats.rankdata(above)) / len(below)
    negative = 1.0 - (ranks[~is_positive] - stats.rankdata(below)) / len(above)
    return Placements(float(positive.mean()), positive, negative)


def variance(labels: Ints, influences: tuple[Floats, Floats], groups: Ints) -> tuple[float, float]:
    """Returns Obuchowski's variance of an area, and its degrees of freedom (Brunner and Munzel 2000).

    With one row a group this is DeLong's variance.

    Args:
        labels: 0 or 1, shape (rows,).
        influences: centred placements of the positives and of the negatives.
        groups: numbers from 0, shape (rows,).
    """
    is_positive = labels == 1
    sums = [group_sums(influences[0], groups[is_positive], groups.max() + 1)]
    sums.append(group_sums(influences[1], groups[~is_positive], groups.max() + 1))
    counts = [len(np.unique(groups[is_positive])), len(np.unique(groups[~is_positive]))]
    if min(counts) < 2:
        return inf, 1.0
    parts = [
        count / (count - 1) * float(total @ total) / size**2
        for count, total, size in zip(counts, sums, map(len, influences), strict=True)
    ]
    both = len(np.unique(groups))
    shared = both / (both - 1) * float(sums[0] @ sums[1]) / (len(influences[0]) * len(influences[1]))
    # Satterthwaite's degrees of freedom: each part counts by the units that its variance was estimated from
    spread = sum(part**2 / (count - 1) for part, count in zip(parts, counts, strict=True))
    freedom = sum(parts) ** 2 / spread if spread > 0 else inf
    return max(sum(parts) + 2 * shared, 0.0), freedom


def delong_lower(labels: Ints, scores: Floats, groups: Ints, alpha: float) -> float:
    """Returns DeLong's lower bound on the logit scale (Pepe 2003, §5.2), with Student's t.

    It says nothing where all rows are told apart: there it returns 1 (or 0), see `score_lower`.
    """
    placement = placements(labels, scores)
    auc = placement.auc
    if auc in (0.0, 1.0):
        return auc
    spread, freedom = variance(labels, (placement.positive - auc, placement.negative - auc), groups)
    if spread == inf:
        return 0.0
    # delta method: the logit's derivative is 1 / (auc (1 - auc)); on its scale the bound stays within 0 and 1
    step = -float(stdtrit(min(freedom, MANY), alpha)) * sqrt(spread) / (auc * (1 - auc))
    return float(expit(logit(auc) - step))


def hanley_mcneil_variance(auc: Any, positives: Any, negatives: Any) -> Any:
    """Returns the variance of an area under exponential scores (Hanley and McNeil 1982, Radiology 143:29).

    Args:
        auc: one area or an array of them.
        positives: positive rows, likewise.
        negatives: negative rows, likewise.
    """
    two_positives, two_negatives = auc / (2 - auc) - auc**2, 2 * auc**2 / (1 + auc) - auc**2
    shared = (positives - 1) * two_positives + (negatives - 1) * two_negatives
    return (auc * (1 - auc) + shared) / (positives * negatives)


def score_lower(auc: float, positives: float, negatives: float, alpha: float) -> float:
    """Returns the lower bound whose own variance explains the estimate; below 1 also where that is 1.

    A one-sided score interval, the smallest θ with auc - θ ≤ z √V(θ), as Newcombe (2006), Statistics in
    Medicine 25:559, advises. His method 5 puts the mean of both class sizes into V; where the smaller class
    has the wider scores that errs up to four times too often (simulated: 18 % for 5 %, 10 positives,
    100 negatives). So V is the larger of the two that the exponential model gives with the classes swapped.
    Together with DeLong's bound that held its error in simulations of normal scores (standard deviations 3:1
    to 1:3), exponential scores, ties, and a hidden share of positives, from 10 rows a class on. It does not
    hold against the worst case: a few rows of the smaller class that lie beyond all of the other class, too
    few of them to be drawn (up to 24 % for 5 %, simulated).

    Args:
        auc: the estimate.
        positives: number of independent positive rows.
        negatives: number of independent negative rows.
        alpha: error allowed.
    """
    z = -float(ndtri(alpha))
    sizes = max(positives, 1.0), max(negatives, 1.0)

    def excess(theta: Any) -> Any:
        one = hanley_mcneil_variance(theta, *sizes)
        worst = np.maximum(one, hanley_mcneil_variance(theta, *sizes[::-1]))
        return auc - theta - z * np.sqrt(np.maximum(worst, 0.0))

    thetas = auc * (1 - np.geomspace(1.0, 1e-9, 300))  # where the estimate is 1, so is a second root
    crossed = np.flatnonzero(excess(thetas) <= 0)
    if not crossed.size or crossed[0] == 0:
        return float(thetas[crossed[0]] if crossed.size else thetas[-1])
    return float(optimize.brentq(excess, thetas[crossed[0] - 1], thetas[crossed[0]]))
