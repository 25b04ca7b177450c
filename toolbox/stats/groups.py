"""Rows in groups that depend on each other: sums by group, and how many rows they are worth."""

import numpy as np

from toolbox.arrays.types import Floats, Ints


def group_sums(values: Floats, groups: Ints, count: int) -> Floats:
    """Returns the sum of `values` in each of the groups 0 … count - 1, shape (count,)."""
    return np.bincount(groups, weights=values, minlength=count).astype(np.float64)


def kish_size(groups: Ints) -> float:
    """Returns the number of independent rows that these are worth if groups repeat themselves entirely.

    (Σ nₖ)² / Σ nₖ², Kish (1965), Survey Sampling, §8.2: the number of rows where every group has one,
    the number of groups where all are of one size.
    """
    sizes = np.unique(groups, return_counts=True)[1].astype(np.float64)
    return float(sizes.sum() ** 2 / (sizes @ sizes)) if sizes.size else 0.0
