"""Rows with equal features: copies of one another, or alike by chance.

Where no group is declared, nothing tells the two apart, and equal rows stay together. Where groups are
declared they are the units of independence: rows of different groups that are alike by chance (two patients
of one sex and ward) stay apart; only rows too alike for chance are taken for copies, and join their groups.

What is too alike depends on the whole table: of 600 patients who are each equal to another one with a chance
of 1 in 150, two pairs are expected, and to find one says nothing. So the pairs that were found are held
against those that chance would make (Benjamini and Hochberg 1995, J. R. Stat. Soc. B 57:289).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from toolbox.arrays.types import Index
from toolbox.stats.splits import merge_groups

if TYPE_CHECKING:
    import pandas as pd

CHANCE = 0.05
"""Other rows expected to equal a row by chance, from which on equal rows are no sign of a copy."""

ALONE = 0.01
"""Pairs that chance may be expected to make where one that is found is a copy. Small, for how rare a value is
is estimated from few rows, and those that seem the rarest seem so by chance too."""

SHARE = 0.05
"""Of further pairs that are taken for copies, those that chance may have made."""

MOST_DECIMALS = 9


@dataclass(frozen=True)
class Joined:
    """Groups after copies joined them.

    Attributes:
        groups: of each row, shape (n,).
        copies: rows that joined groups, each a copy of a row of another declared group.
        alike: rows that equal one of another group by chance, and stay apart.
    """

    groups: Index
    copies: int
    alike: int


def join_copies(features: "pd.DataFrame", same: Index, declared: Index) -> Joined:
    """Joins declared groups that share a row too alike for chance.

    Args:
        features: the feature columns, shape (n, columns).
        same: equal for rows of equal features, from 0, shape (n,).
        declared: the declared group of each row, from 0, shape (n,).
    """
    shared = _shared(same, declared)
    chance = shared & alike_by_chance(features, same, declared)
    # what stays apart gets a number of its own, so that it joins nothing
    apart = np.where(chance, same.max() + 1 + np.arange(len(same)), same)
    renumbered = np.unique(apart, return_inverse=True)[1]
    return Joined(merge_groups(declared, renumbered), int((shared & ~chance).sum()), int(chance.sum()))


def alike_by_chance(features: "pd.DataFrame", same: Index, groups: Index) -> NDArray[np.bool_]:
    """Tells rows that are so common that another one may equal them by chance, were the columns independent.

    A row is not common where fewer than `CHANCE` others are expected to equal it, and where of the pairs of
    different groups that are as rare as it or rarer, chance is expected to make few: `ALONE`, or the share
    `SHARE` of those found but one.

    Args:
        features: the feature columns, shape (n, columns).
        same: equal for rows of equal features, from 0, shape (n,).
        groups: of each row, from 0, shape (n,).
    """
    expected = _expected(features, same)
    order = np.argsort(expected, kind="stable")
    # a pair is expected once for either of its rows; of equal rows each further group is a pair found
    by_chance = np.cumsum(expected[order]) / 2
    found = np.cumsum(_further_groups(same, groups)[order])
    few = np.flatnonzero(by_chance <= np.maximum(ALONE, SHARE * (found - 1)))
    rarest = expected[order[few[-1]]] if len(few) else -1.0
    return np.asarray((expected > rarest) | (expected >= CHANCE))


def _further_groups(same: Index, groups: Index) -> NDArray[np.intp]:
    """For the first row of equal ones, in how many groups more they are; 0 for the others, shape (n,)."""
    pairs = np.unique(np.column_stack([same, groups]), axis=0)
    further = np.bincount(pairs[:, 0]) - 1
    values, first = np.unique(same, return_index=True)
    found = np.zeros(len(same), dtype=np.intp)
    found[first] = further[values]
    return found


def _expected(features: "pd.DataFrame", same: Index) -> NDArray[np.float64]:
    """How many other rows are expected to equal each row, were the columns independent.

    The chance that a row agrees with another one in a column is the share of rows with its value; of rows
    equal in all features one counts. A value that no other row has agrees at most as often as two different
    rows agree there at all, and at least as often as one in all values that could be written with the
    column's decimals. Missing values agree always: columns are often missing together.
    """
    import pandas as pd

    expected = np.full(len(features), float(len(features)))
    first = np.unique(same, return_index=True)[1]
    for name in features.columns:
        values = pd.factorize(features[name])[0]
        others = _others(values, same)
        rarely = min(1 / len(values), _collisions(values[first]))
        agree = np.where(others > 0, (others + 1) / len(values), max(rarely, 1 / _possible(features[name])))
        expected *= np.where(values < 0, 1.0, agree)
    return expected


def _others(values: Index, same: Index) -> NDArray[np.intp]:
    """How many rows share a row's value without being equal in all features; missing values are -1."""
    totals = np.bincount(values + 1)[values + 1]
    return np.asarray(totals - np.bincount(same)[same])


def _collisions(values: Index) -> float:
    """How often two different rows agree in a column, one agreement more than was seen."""
    counts = np.bincount(values[values >= 0], minlength=1)
    pairs = len(values) * (len(values) - 1) / 2
    return float((np.sum(counts * (counts - 1) / 2) + 1) / (pairs + 1))


def _possible(values: "pd.Series[Any]") -> float:
    """How many values a column could hold: its levels, or the numbers between its ends, so many decimals."""
    import pandas as pd

    if not pd.api.types.is_numeric_dtype(values.dtype):
        return float(max(values.nunique(), 1))
    numbers = values.dropna().to_numpy(dtype=np.float64)
    if not len(numbers):
        return 1.0
    decimals = next(
        (d for d in range(MOST_DECIMALS) if np.array_equal(numbers, numbers.round(d))), MOST_DECIMALS
    )
    return float(np.ptp(numbers) * 10.0**decimals + 1)


def _shared(same: Index, declared: Index) -> NDArray[np.bool_]:
    """Tells rows whose features occur in more than one declared group."""
    pairs = np.unique(np.column_stack([same, declared]), axis=0)
    return np.asarray(np.bincount(pairs[:, 0], minlength=int(same.max()) + 1)[same] > 1)
