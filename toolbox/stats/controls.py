"""Paired tests of 'the candidate is no better than its null control' on the same untouched rows.

Each test gives a one-sided p-value. Rows of one group change sides together.
"""

from collections.abc import Callable, Mapping
from functools import partial
from math import exp, sqrt

import numpy as np
from scipy import stats

from toolbox.arrays.types import Floats, Ints
from toolbox.stats import auc
from toolbox.stats.bounds import decisions
from toolbox.stats.groups import group_sums, kish_size

PERMUTATIONS = 9_999
CHUNK = 99  # arrangements tried at a time, to bound memory
SMALLEST_VARIANCE = 1e-12  # below it a variance of placements is rounding
SEED = 20_260_119  # fixed, so that a certificate can be made again

Comparison = Callable[[Ints, Floats, Floats, Ints], tuple[float, float]]


def compare_areas(labels: Ints, candidate: Floats, control: Floats, groups: Ints) -> tuple[float, float]:
    """Compares two correlated areas (DeLong 1988; Obuchowski 1997 for groups), with Student's t.

    Where the estimated variance is zero (each of the two separates or ties everything alike), the p-value is
    Hoeffding's bound for two-sample U-statistics (1963, JASA 58:13, §5b), which always holds.
    """
    first, second = auc.placements(labels, candidate), auc.placements(labels, control)
    gain = first.auc - second.auc
    influences = first.positive - second.positive - gain, first.negative - second.negative - gain
    spread, freedom = auc.variance(labels, influences, groups)
    if spread > SMALLEST_VARIANCE:
        return gain, float(stats.t.sf(gain / sqrt(spread), freedom))
    effective = min(kish_size(groups[labels == label]) for label in (0, 1))
    # the difference of two placement kernels lies in [-1, 1]: exp(-2 k t² / 2²) with k the smaller sample
    return gain, exp(-effective * max(gain, 0.0) ** 2 / 2)


def compare_decisions(labels: Ints, candidate: Floats, control: Floats, groups: Ints) -> tuple[float, float]:
    """Compares two shares of right decisions: exact one-sided test of McNemar (1947), Psychometrika 12:153.

    For groups of dependent rows `flip_signs` on the groups' sums.
    """
    gains = (decisions(candidate) == labels).astype(np.float64) - (decisions(control) == labels)
    if len(np.unique(groups)) < len(groups):
        return float(gains.mean()), flip_signs(gains, groups)
    won, lost = int((gains > 0).sum()), int((gains < 0).sum())
    return float(gains.mean()), float(stats.binom.sf(won - 1, won + lost, 0.5)) if won else 1.0


def compare_balanced(labels: Ints, candidate: Floats, control: Floats, groups: Ints) -> tuple[float, float]:
    """Compares two means of sensitivity and specificity by `flip_signs`."""
    gains = (decisions(candidate) == labels).astype(np.float64) - (decisions(control) == labels)
    weighted = np.where(labels == 1, gains / (2 * (labels == 1).sum()), gains / (2 * (labels == 0).sum()))
    return float(weighted.sum()), flip_signs(weighted, groups)


def compare_brier(labels: Ints, candidate: Floats, control: Floats, groups: Ints) -> tuple[float, float]:
    """Compares two mean squared errors of probability by `flip_signs`; a positive gain is a lesser error."""
    gains = (control - labels) ** 2 - (candidate - labels) ** 2
    return float(gains.mean()), flip_signs(gains, groups)


def flip_signs(gains: Floats, groups: Ints) -> float:
    """Returns the p-value of a positive mean under random exchange of candidate and control in every group.

    Fisher's randomisation test for pairs (The Design of Experiments, 1935, §21), by Monte Carlo with the
    observed arrangement counted in (Phipson and Smyth 2010, so never 0): exact where differences are
    symmetric about nothing, else for many groups.
    """
    numbers = np.unique(groups, return_inverse=True)[1]
    sums = group_sums(gains, numbers, int(numbers.max()) + 1)
    sums = sums[sums != 0]
    rng = np.random.default_rng(SEED)
    tolerance = 1e-12 * float(np.abs(sums).sum())
    reached = 0
    for _ in range(PERMUTATIONS // CHUNK):
        signs = rng.integers(0, 2, size=(CHUNK, sums.size), dtype=np.int8) * 2.0 - 1.0
        reached += int((signs @ sums >= sums.sum() - tolerance).sum())
    return (1 + reached) / (1 + PERMUTATIONS)


def _in_class(
    label: int, labels: Ints, candidate: Floats, control: Floats, groups: Ints
) -> tuple[float, float]:
    rows = labels == label
    return compare_decisions(labels[rows], candidate[rows], control[rows], groups[rows])


COMPARISONS: Mapping[str, Comparison] = {
    "roc_auc": compare_areas,
    "accuracy": compare_decisions,
    "balanced_accuracy": compare_balanced,
    "sensitivity": partial(_in_class, 1),
    "specificity": partial(_in_class, 0),
    "brier": compare_brier,
}


def compare(
    metric: str, labels: Ints, candidate: Floats, control: Floats, groups: Ints
) -> tuple[float, float]:
    """Returns (difference, p-value): how much better the candidate is, and the test that it is no better.

    Args:
        metric: a key of `toolbox.stats.bounds.METRICS`.
        labels: 0 or 1, shape (rows,).
        candidate: probabilities of 1, shape (rows,).
        control: likewise.
        groups: whole numbers; rows of one number depend on each other, shape (rows,).
    """
    numbers = np.unique(groups, return_inverse=True)[1]
    gain, p_value = COMPARISONS[metric](labels.astype(np.int64), candidate, control, numbers)
    return gain, min(max(p_value, 0.0), 1.0)
