"""Linear relaxations over boxes, with multipliers, or with a ray where there is no answer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, hstack, vstack

from problems.optimisation.forms.mip import FREE, Ints, Mip
from toolbox.arrays.types import Floats

_solve: Callable[..., Any] = linprog
"""Its type stubs know no sparse matrices."""


@dataclass(frozen=True, eq=False)
class LinearSolution:
    """A relaxation's answer.

    Attributes:
        x: shape (columns,); None where there is no answer.
        duals: multipliers of the rows, shape (rows,); a ray where there is no answer.
        steps: of the simplex method.
    """

    x: Floats | None
    duals: Floats
    steps: int


class Linear:
    """A MIP without its integrality, prepared for many boxes; HiGHS's dual simplex solves it."""

    def __init__(self, mip: Mip) -> None:
        self._mip = mip
        same = mip.lower == mip.upper
        self._same = np.flatnonzero(same)
        self._below = np.flatnonzero(~same & (mip.upper != FREE))
        self._above = np.flatnonzero(~same & (mip.lower != -FREE))
        matrix = csr_array(mip.matrix.astype(np.float64))
        self._unequal = vstack([matrix[self._below], -matrix[self._above]], format="csr")
        upper = [mip.upper[self._below], -mip.lower[self._above]]
        self._most = np.concatenate(upper).astype(np.float64)
        self._equal, self._value = matrix[self._same], mip.lower[self._same].astype(np.float64)

    def solve(self, low: Ints, high: Ints, limit_s: float) -> LinearSolution | None:
        """The relaxation over a box; None where the solver had no time or no success.

        Args:
            low: shape (columns,).
            high: shape (columns,).
            limit_s: seconds that it may take.
        """
        bounds = np.column_stack([low, high]).astype(np.float64)
        cost = self._mip.cost.astype(np.float64)
        result = self._call(cost, self._unequal, self._equal, bounds, limit_s)
        if result.status == 0:
            return LinearSolution(result.x, self._multipliers(result), int(result.nit))
        return self._ray(bounds, limit_s) if result.status == 2 else None

    def _ray(self, bounds: Floats, limit_s: float) -> LinearSolution | None:
        """Multipliers of the least violation of all rows, which show that it is more than none.

        The phase-one (elastic) program: its optimal duals are a Farkas ray; `linprog` gives none.
        """
        unequal, equal = self._unequal.shape[0], self._equal.shape[0]
        more, exact = eye_array(unequal), eye_array(equal)
        columns, extra = self._mip.columns, unequal + 2 * equal
        nothing = csr_array(np.zeros((unequal, 2 * equal)))
        elastic = csr_array(hstack([self._unequal, -more, nothing]))
        equals = csr_array(hstack([self._equal, csr_array(np.zeros((equal, unequal))), exact, -exact]))
        cost = np.concatenate([np.zeros(columns), np.ones(extra)])
        limits = np.vstack([bounds, np.tile([0.0, np.inf], (extra, 1))])
        result = self._call(cost, elastic, equals, limits, limit_s)
        return (
            LinearSolution(None, self._multipliers(result), int(result.nit)) if result.status == 0 else None
        )

    def _call(
        self, cost: Floats, unequal: csr_array, equal: csr_array, bounds: Floats, limit_s: float
    ) -> Any:
        return _solve(
            cost,
            A_ub=unequal,
            b_ub=self._most,
            A_eq=equal,
            b_eq=self._value,
            bounds=bounds,
            method="highs-ds",
            options={"time_limit": max(limit_s, 0.01)},
        )

    def _multipliers(self, result: Any) -> Floats:
        # a marginal is the change of cost with a limit; lower limits went in negated, so theirs change sign
        duals = np.zeros(self._mip.rows)
        duals[self._same] = result.eqlin.marginals
        most, least = np.split(result.ineqlin.marginals, [len(self._below)])
        duals[self._below] += most
        duals[self._above] -= least
        return duals
