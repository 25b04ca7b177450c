"""Good multipliers of triangles, by a smooth concave bound.

All spin matrices X = s sᵀ have ‖X‖ = m, so that for any α > 0 the minimum of ½⟨M, X⟩ + ½α (‖X‖² - m²) over
X ⪰ 0 bounds them too: with M = K - Diag(u) - Σ t (…), whose negative part is M₋, that is
F(u, t) = ½ Σ u - Σ t - ‖M₋‖² / 8α - ½ α m². It is differentiable, with the primal X = -M₋ / 2α (Malick &
Roupin 2013, Math. Program. 140, 99; BiqCrunch rests on it), and is optimum by L-BFGS-B here.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from problems.optimisation.engines.bounds.triangles import Triangles
from toolbox.arrays.types import Floats

Vector = np.ndarray[tuple[int], np.dtype[np.float64]]

_MEMORY = 20
"""Pairs of vectors that L-BFGS-B keeps."""


@dataclass(frozen=True, eq=False)
class Climbed:
    """Where a climb ended.

    Attributes:
        u: shape (m,).
        t: shape (triangles,), at least 0.
        x: shape (m, m), the primal there, positive semidefinite.
        value: F, in units of ½⟨K, X⟩.
        evaluations: eigenvalue decompositions that it took.
    """

    u: Floats
    t: Floats
    x: Floats
    value: float
    evaluations: int


class Regularised:
    """F for one matrix, some triangles and one α."""

    def __init__(self, matrix: Floats, triangles: Triangles, alpha: float) -> None:
        self._matrix, self._triangles, self._alpha = matrix, triangles, alpha
        self._order = len(matrix)

    def primal(self, u: Floats, t: Floats) -> tuple[Floats, float]:
        """X and F at multipliers."""
        slack = self._matrix - self._triangles.spread(t)
        slack[np.diag_indices(self._order)] -= u
        values, vectors = np.linalg.eigh(slack)
        count = int(np.searchsorted(values, 0.0))  # eigenvalues rise: the first ones make up M₋
        low, part = values[:count], vectors[:, :count]
        x = (part * (low / (-2 * self._alpha))) @ part.T
        lost = float(low @ low) / (8 * self._alpha) + self._alpha * self._order**2 / 2
        return x, float(u.sum() / 2 - t.sum() - lost)

    def climb(self, u: Floats, t: Floats, most: int, halt: Callable[[], bool]) -> Climbed:
        """Climbs from multipliers, at most `most` iterations, or until `halt()`."""

        def downhill(at: Vector) -> tuple[float, Floats]:
            x, value = self.primal(at[: self._order], at[self._order :])
            # the gradient of F is how far X is from feasible: its diagonal from 1, its triangles from -1
            slope = np.concatenate([(np.diag(x) - 1) / 2, 1 + self._triangles.values(x)])
            return -value, slope

        def watch(xk: Vector) -> None:
            if halt():
                raise StopIteration  # SciPy's way to end with the latest iterate

        bounds: list[tuple[float | None, None]] = [(None, None)] * self._order + [(0.0, None)] * len(t)
        optimum = minimize(
            downhill,
            np.concatenate([u, t]),
            method="L-BFGS-B",
            jac=True,
            bounds=bounds,
            callback=watch,
            options={"maxiter": most, "maxcor": _MEMORY, "ftol": 1e-12, "gtol": 1e-3},
        )
        u, t = optimum.x[: self._order], optimum.x[self._order :]
        x, value = self.primal(u, t)
        return Climbed(u, t, x, value, int(optimum.nfev) + 1)
