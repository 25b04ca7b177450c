"""Zero-half and mod-3 cuts: sums of rows, divided by two or three and rounded, which an answer x breaks.

Of rows `A x ≤ b` of whole numbers, a sum loses by division and rounding what is left over of its limit, and
wins what is left over of its coefficients times x, or the rows' slacks: where the limit has more left over,
x breaks the cut (Caprara & Fischetti 1996, Math. Program. 74, 221; Caprara, Fischetti & Letchford 2000, Math.
Program. 87, 37). A column near its top is counted from there, which rounds its coefficient up. Sums with
little left over but of their limits are found by elimination modulo the divisor, dearest columns first
(Koster, Zymolka & Kutschka 2009, Algorithmica 55, 375), in several random orders.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from problems.optimisation.forms.mip import Ints
from toolbox.arrays.types import Floats

Bits = NDArray[np.bool_]
Small = NDArray[np.int8]

ORDERS = {2: 3, 3: 1}
"""Divisors, and how many eliminations for each; primes, so that every pivot has an inverse."""
LEAST = 0.01
"""By how much a cut is broken."""
_WHOLE = 1e-6
_NOISE = 0.3
"""Of losses, in the random orders: other orders find other cuts."""


@dataclass(frozen=True, eq=False)
class Sum:
    """Rows to be added up, as often as `weights` says, and to be divided by `divisor`."""

    rows: Ints
    weights: Ints
    divisor: int


@dataclass(frozen=True, eq=False)
class Tight:
    """Rows that x leaves little slack, over the columns that it puts between 0 and their top.

    Attributes:
        rows: which ones, shape (rows,).
        entries: coefficients, of the other sign where columns are counted from their tops, (rows, columns).
        limit: with those columns' tops taken off, shape (rows,).
        slack: shape (rows,).
        x: or what is left to the top, shape (columns,).
    """

    rows: Ints
    entries: Ints
    limit: Ints
    slack: Floats
    x: Floats


def tight(matrix: csr_array, limit: Ints, top: Ints, x: Floats) -> Tight:
    """What matters of rows for the cuts that x breaks; x obeys them and 0 ≤ x ≤ top."""
    slack = np.maximum(limit - matrix @ x, 0.0)
    # halved, a limit leaves a remainder of 1 at most, which more slack uses up (modulo 3 it may be 2: those
    # rows are passed up)
    rows = np.flatnonzero(slack < 1 - 2 * LEAST)
    near, up = matrix[rows], rounds_up(x, top)
    left = np.where(up, top - x, x)
    # remainders of coefficients cost nothing where x is at a limit, so those columns need no elimination
    between = np.flatnonzero(left > _WHOLE)
    entries = near[:, between].toarray() * np.where(up[between], -1, 1)
    return Tight(rows, entries, limit[rows] - near @ np.where(up, top, 0), slack[rows], left[between])


def rounds_up(x: Floats, top: Ints) -> Bits:
    """The columns whose coefficients are rounded up."""
    up: Bits = 2 * x > top
    return up


def separate(system: Tight, rng: np.random.Generator) -> list[Sum]:
    """Sums that x breaks once divided and rounded, each once."""
    sums: dict[bytes, Sum] = {}
    for divisor, times in ORDERS.items():
        for order in range(times):
            for parts in _eliminated(system, divisor, _NOISE if order else 0.0, rng):
                used = np.flatnonzero(parts)
                weighted_sum = Sum(system.rows[used], parts[used].astype(np.int64), divisor)
                sums.setdefault(parts.tobytes(), weighted_sum)
    return list(sums.values())


def _eliminated(system: Tight, divisor: int, noise: float, rng: np.random.Generator) -> Small:
    """The weights of rows in each of the sums that an elimination leaves and x breaks, shape (sums, rows)."""
    rows, columns = system.entries.shape
    # left over: of columns, then of the limit; then the weights of rows
    table = np.hstack([system.entries, system.limit[:, None], np.eye(rows, dtype=np.int64)]) % divisor
    table = table.astype(np.int8)
    slack, live = system.slack.copy(), np.ones(rows, dtype=np.bool_)
    dear = np.argsort(-system.x * (1 + noise * rng.uniform(-1, 1, columns)), kind="stable")
    for column in dear.tolist():
        having = np.flatnonzero((table[:, column] != 0) & live)
        if not len(having):
            continue
        # the pivot is added to the others, so it should bring them little slack and few remainders
        price = 10 * slack[having] + table[having, :columns] @ system.x + noise * rng.random(len(having))
        pivot = having[price.argmin()]
        others = having[having != pivot]
        _clear(table, column, int(pivot), others, divisor)
        slack[others] = table[others, columns + 1 :] @ system.slack
        live[pivot] = False
        live &= slack < divisor - 1  # remainders of limits reach no further: more slack, no violation
    # with remainders r modulo k: k · violation = r(limit) - r(coefficients) · x - slack of the sum
    lost = slack + table[:, :columns] @ system.x
    good: Small = table[table[:, columns] - lost > 2 * LEAST * divisor, columns + 1 :]
    return good


def _clear(table: Small, column: int, pivot: int, others: Ints, divisor: int) -> None:
    """Adds a row to others as often as takes what is left over of their column."""
    inverse = pow(int(table[pivot, column]), -1, divisor)
    times = -table[others, column] * inverse % divisor
    table[others] = (table[others] + times[:, None] * table[pivot]) % divisor
