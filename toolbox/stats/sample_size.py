"""How many untouched rows a bound would need to reach its target, if the rows stayed as these are."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import ceil, floor, log10, sqrt

import numpy as np

from toolbox.arrays.types import Floats, Ints
from toolbox.stats.bounds import Bound, bound

Bounding = Callable[[str, Ints, Floats, Ints, float], Bound]

MOST_ROWS = 200_000
"""Rows beyond which nobody is told a number."""


@dataclass(frozen=True)
class Judged:
    """A metric on untouched rows, as `bound` takes it; `by` bounds it, whatever labels are to it."""

    metric: str
    labels: Ints
    scores: Floats
    groups: Ints
    alpha: float
    by: Bounding = bound

    def repeated(self, times: int) -> Bound:
        """The bound on the rows so many times over; every repetition has groups of its own."""
        numbers = np.unique(self.groups, return_inverse=True)[1]
        shift = np.repeat(np.arange(times), len(numbers)) * (numbers.max() + 1)
        labels, scores = (np.concatenate([each] * times) for each in (self.labels, self.scores))
        rows = labels, scores, np.tile(numbers, times) + shift
        return self.by(self.metric, *rows, self.alpha)


def rows_needed(judged: Judged, limit: float, reached: Callable[[float], bool]) -> int | None:
    """Returns about how many rows like these, in groups as large, would bring the bound to the limit.

    The sample is repeated as a whole, which leaves the estimate as it is, and bounded by the very same bound;
    between two numbers of repetitions the bound is taken to go with one over the root of the rows, as its
    asymptotic form does (the plug-in principle, Efron and Tibshirani 1993, chapter 4). As often as not the
    estimate of other rows will be worse than this one's.

    Args:
        judged: what is known.
        limit: what is to be reached.
        reached: whether a value reaches it.

    Returns:
        None where the limit is out of reach: the estimate misses it, or 200 000 rows do.
    """
    rows = len(judged.labels)
    most = max(1, MOST_ROWS // rows)

    @cache
    def value(times: int) -> float:
        return judged.repeated(times).value

    if not reached(judged.repeated(1).estimate) or not reached(value(most)):
        return None
    short, enough = 0, 1
    while not reached(value(enough)):
        short, enough = enough, min(2 * enough, most)
    while enough - short > 1:
        middle = (short + enough) // 2
        short, enough = (short, middle) if reached(value(middle)) else (middle, enough)
    if not short:
        return rows
    share = (limit - value(short)) / (value(enough) - value(short))
    root = (1 - share) / sqrt(short) + share / sqrt(enough)
    return round_up(rows / root**2)


def round_up(rows: float) -> int:
    """To two digits: more would promise more than is known."""
    unit: int = 10 ** max(0, floor(log10(rows)) - 1)
    return ceil(rows / unit) * unit
