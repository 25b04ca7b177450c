"""Collects rows of a MIP, in order."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import coo_array, csr_array

from problems.optimisation.forms.mip import FREE, Ints


class ConstraintRows:
    """Rows under construction: `lower ≤ Σ values · x[columns] ≤ upper`, all integers."""

    def __init__(self) -> None:
        self._rows: list[Ints] = []
        self._columns: list[Ints] = []
        self._values: list[Ints] = []
        self._lower: list[Ints] = []
        self._upper: list[Ints] = []
        self.count = 0

    def add(
        self, columns: Sequence[int] | Ints, values: Sequence[int] | Ints | int, lower: int, upper: int
    ) -> None:
        """Adds one row; a single value stands for every column."""
        places = np.zeros(len(columns), dtype=np.int64)
        self.add_block(places, columns, values, [lower], [upper])

    def add_block(
        self,
        rows: Sequence[int] | Ints,
        columns: Sequence[int] | Ints,
        values: Sequence[int] | Ints | int,
        lower: Sequence[int] | Ints,
        upper: Sequence[int] | Ints,
    ) -> None:
        """Adds many rows at once, given as triples; `rows` count from the first new one."""
        places = np.asarray(rows, dtype=np.int64)
        self._rows.append(places + self.count)
        self._columns.append(np.asarray(columns, dtype=np.int64))
        self._values.append(np.broadcast_to(np.asarray(values, dtype=np.int64), places.shape))
        self._lower.append(np.asarray(lower, dtype=np.int64))
        self._upper.append(np.asarray(upper, dtype=np.int64))
        self.count += len(lower)

    def matrix(self, columns: int) -> csr_array:
        """The rows as an int64 matrix, shape (count, columns); entries given twice are summed."""
        places = (_joined(self._rows), _joined(self._columns))
        return csr_array(coo_array((_joined(self._values), places), shape=(self.count, columns)))

    def limits(self) -> tuple[Ints, Ints]:
        """Lower and upper limits, each of shape (count,)."""
        return _joined(self._lower), _joined(self._upper)


def at_most(rows: ConstraintRows, columns: Sequence[int] | Ints, upper: int) -> None:
    """Adds `Σ x[columns] ≤ upper`."""
    rows.add(columns, 1, -FREE, upper)


def _joined(parts: list[Ints]) -> Ints:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)
