"""Weak duality of a MIP over a box, in exact arithmetic.

For any y: cost·x = Σ_i y_i (Ax)_i + Σ_j (cost - yA)_j x_j, and each term is at least what it is at the better
end of its range (Neumaier & Shcherbina 2004, Math. Program. 99, 283: with bounded columns any y will do).
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from problems.optimisation.forms.mip import FREE, Ints, Mip
from problems.optimisation.proofs.reading import Faulty, fields, integers, shift_of

SAFE = 1 << 62
"""Sums whose terms cannot add up to this fit into 64 bits."""


@dataclass(frozen=True)
class ExactDual:
    """A MIP, prepared for bounds by many multipliers over many boxes.

    Sums are in 64-bit integers where the sizes of their terms show that they fit, in Python's otherwise.
    """

    mip: Mip

    def weigh(self, duals: Any, shift: int, low: Ints, high: Ints, priced: bool = True) -> int:
        """Returns 2**shift times the lower bound of cost over the box that multipliers give.

        Args:
            duals: one multiplier a row, multiples of 2**-shift.
            shift: binary places of the multipliers.
            low: int64, shape (columns,), not below 0.
            high: int64, shape (columns,), not below `low`.
            priced: False for cost and offset 0; then more than 0 means that the box holds no answer.

        Raises:
            Faulty: on a multiplier for a side that a row does not have, or other data than that.
        """
        y = integers(duals, "multipliers", self.mip.rows)
        total = self._rows(y) + self._columns(y, shift, low, high, priced)
        return total + (self.mip.offset << shift if priced else 0)

    def _rows(self, y: list[int]) -> int:
        values = np.array(y, dtype=np.int64)
        # y_i (Ax)_i is least at the lower side for y_i > 0, at the upper one for y_i < 0
        chosen = np.where(values > 0, self.mip.lower, self.mip.upper)
        used = values != 0
        missing = np.flatnonzero(used & (np.abs(chosen) == FREE))
        if missing.size:
            raise Faulty(f"the multiplier of row {missing[0]} is for a side that the row does not have")
        return _dot(values[used], chosen[used])

    def _columns(self, y: list[int], shift: int, low: Ints, high: Ints, priced: bool) -> int:
        reduced = self.reduced(y, shift, priced)
        return _dot(reduced, np.where(reduced > 0, low, high))

    def reduced(self, y: list[int], shift: int, priced: bool = True) -> Ints:
        """2**shift times cost - yA, shape (columns,); of Python's integers where 64 bits may not do."""
        largest = max(map(abs, y), default=0) * self._column_weight
        cost = self.mip.cost if priced else np.zeros_like(self.mip.cost)
        if largest + (_largest(cost) << shift) < SAFE:
            return np.asarray((cost << shift) - self.mip.transposed @ np.array(y, dtype=np.int64))
        return self._slowly(y, shift, cost.tolist())

    def _slowly(self, y: list[int], shift: int, cost: list[int]) -> Ints:
        reduced = [c << shift for c in cost]
        entries = self.mip.matrix.tocoo()
        rows, columns = (axis.tolist() for axis in entries.coords)
        for row, column, entry in zip(rows, columns, entries.data.tolist(), strict=True):
            reduced[column] -= y[row] * entry
        return np.array(reduced, dtype=object)

    @cached_property
    def _column_weight(self) -> int:
        """At least the largest sum of absolute entries of a column."""
        by_column = self.mip.transposed
        longest = int(np.diff(by_column.indptr).max(initial=0))
        return longest * _largest(by_column.data)


def _largest(values: Ints) -> int:
    return max(abs(int(values.max())), abs(int(values.min()))) if values.size else 0


def _dot(left: Ints, right: Ints) -> int:
    if _largest(left) * _largest(right) * len(left) < SAFE:
        return int(left @ right)
    return sum(a * b for a, b in zip(left.tolist(), right.tolist(), strict=True))


def rounded_up(scaled: int, shift: int) -> int:
    """The least integer that is not below scaled / 2**shift: costs are integers."""
    return -((-scaled) >> shift)


def strongest_dual(mip: Mip, duals: list[int], shift: int) -> int:
    """The best integer bound that multipliers prove; raises `Faulty` as `ExactDual.weigh`."""
    low = np.zeros_like(mip.top)
    return rounded_up(ExactDual(mip).weigh(duals, shift, low, mip.top), shift)


def check_dual(mip: Mip, data: Any, bound: int) -> None:
    """Checks a `mip_dual`; raises `Faulty` where it does not prove `bound`."""
    shift, duals = fields(data, ("shift", "duals"))
    proven = strongest_dual(mip, duals, shift_of(shift))
    if proven < bound:
        raise Faulty(f"the multipliers prove that no cost is below {proven}, not {bound}")
