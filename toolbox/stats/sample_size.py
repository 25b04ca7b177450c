"""How many untouched rows a bound would need to reach its target, if the rows stayed as these are."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import ceil, exp, floor, log, log10, sqrt

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

    estimate = judged.repeated(1).estimate
    if not reached(estimate):
        return None
    if reached(value(1)):
        return rows
    found = _neighbours(value, limit, reached, estimate, most=most)
    if found is None:
        return None
    short, enough = found
    share = (limit - value(short)) / (value(enough) - value(short))
    root = (1 - share) / sqrt(short) + share / sqrt(enough)
    return round_up(rows / root**2)


def _neighbours(
    value: Callable[[int], float],
    limit: float,
    reached: Callable[[float], bool],
    estimate: float,
    *,
    most: int,
) -> tuple[int, int] | None:
    """The number of repetitions that just falls short, and the next one; None where none up to `most` does.

    Few are tried, since each takes as long as it has rows: the bound nears the estimate as a power of the
    rows, first taken for their root.
    """

    def left(times: int) -> float:
        return abs(estimate - value(times)) or TINY

    goal = abs(estimate - limit) or TINY
    short, enough, power, trial = 1, 0, 0.5, 0
    while True:
        if enough and left(enough) < left(short):
            power = log(left(short) / left(enough)) / log(enough / short)
        foreseen = min(most + 1.0, short * exp(min(LARGE, log(left(short) / goal) / power)))
        if trial > FORESEEN:
            guess = (short + enough) // 2 if enough else 2 * short
        else:
            guess = floor(foreseen) + (0 if enough and trial % 2 else 1)
        guess = min(max(guess, short + 1), enough - 1 if enough else most)
        if guess <= short:
            return (short, enough) if enough else None
        if reached(value(guess)):
            enough = guess
        else:
            power = max(0.3, log(left(short) / left(guess)) / log(guess / short))
            short = guess
        trial += 1


TINY = 1e-300
LARGE = 700.0
"""Largest number of which the exponential is one."""

FORESEEN = 6
"""Guesses after which the rest is halved."""


def round_up(rows: float) -> int:
    """To two digits: more would promise more than is known."""
    unit: int = 10 ** max(0, floor(log10(rows)) - 1)
    return ceil(rows / unit) * unit
