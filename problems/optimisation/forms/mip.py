"""MIPs: what HiGHS solves, and what dual bounds are proven on.

Minimise `cost·x + offset` subject to `lower ≤ A x ≤ upper`, `0 ≤ x ≤ top`, x integer; all data are integers,
so that a dual bound can be checked in exact arithmetic (see `problems.optimisation.proofs`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from problems.optimisation.model.points import Point

Ints = NDArray[np.int64]
FREE = np.iinfo(np.int64).max
"""`upper` of a row without an upper limit; `-FREE` is a missing lower one."""


@dataclass(frozen=True, eq=False)
class Mip:
    """An MIP of one instance, and the way between its vectors and the instance's points.

    Attributes:
        cost: int64, shape (columns,).
        offset: added to every cost.
        matrix: int64 sparse rows, shape (rows, columns).
        lower: int64, shape (rows,); -FREE is none.
        upper: int64, shape (rows,); FREE is none.
        top: int64, shape (columns,), at least 1; lower limits of columns are 0.
        point_of: reads a feasible integer vector as a point of the instance, of the same cost or a lower one
            (a product column may sit above or below its product, where that only costs).
        vector_of: writes a feasible point as a vector, with the same cost.
    """

    cost: Ints
    offset: int
    matrix: csr_array
    lower: Ints
    upper: Ints
    top: Ints
    point_of: Callable[[Ints], Point]
    vector_of: Callable[[Point], Ints]

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.lower)

    @property
    def columns(self) -> int:
        """Number of columns."""
        return len(self.cost)

    @cached_property
    def transposed(self) -> csr_array:
        """The matrix by columns, shape (columns, rows)."""
        return csr_array(self.matrix.T)
