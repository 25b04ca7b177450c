"""Paired tests of 'the candidate is no better than its null control', from losses or influences of each row.

Each returns (gain, one-sided p-value), with a gain above 0 where the candidate is better. Rows of one group
change sides together. `controls` has those of two classes.
"""

from math import exp

import numpy as np
from scipy import stats

from toolbox.arrays.types import Floats, Ints
from toolbox.stats.controls import flip_signs
from toolbox.stats.groups import kish_size
from toolbox.stats.influence import spread

Measured = tuple[float, Floats]
"""A statistic, and each row's influence on it."""


def compare_losses(candidate: Floats, control: Floats, groups: Ints) -> tuple[float, float]:
    """Compares two mean losses by random exchange in every group; see `controls.flip_signs`.

    Args:
        candidate: loss of each row, shape (rows,).
        control: likewise.
        groups: whole numbers from 0, shape (rows,).
    """
    gains = control - candidate
    return float(gains.mean()), flip_signs(gains, groups) if np.any(gains) else 1.0


def compare_influences(candidate: Measured, control: Measured, groups: Ints) -> tuple[float, float]:
    """Compares two smooth statistics of which more is better, by Student's t of the rows' influences.

    Approximate. Where the difference does not vary at all, the p-value is Hoeffding's for a mean of
    differences in [-1, 1].
    """
    gain = candidate[0] - control[0]
    error, freedom = spread(candidate[1] - control[1], groups)
    if error > 0:
        return gain, float(stats.t.sf(gain / error, freedom))
    return gain, exp(-kish_size(groups) * min(max(gain, 0.0), 1.0) ** 2 / 2)
