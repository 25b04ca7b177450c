"""The basic semidefinite relaxation, solved to any accuracy: min ⟨K, X⟩ with X_ii = 1 and X ⪰ 0.

Primal-dual interior points for just this problem (Helmberg, Rendl, Vanderbei & Wolkowicz 1996, SIAM J. Optim.
6, 342). Every iterate is feasible on both sides, so that it gives a bound at any time: K - Diag(u) ≻ 0.
"""

from collections.abc import Callable

import numpy as np

from toolbox.arrays.types import Floats

PRECISION = 1e-9
"""Of the gap, relative to the bound, beyond which the arithmetic has nothing to give."""
MOST_STEPS = 60
"""About 20 do; the rest is for matrices at the edge of what floating numbers can tell apart."""
_SHORTER = 0.8
"""Factor of a step that leaves the cone."""
_INSIDE = 0.95
"""Part of a shortened step that is taken, so that the iterate stays inside the cone."""


class Interior:
    """Iterates on one matrix.

    Attributes:
        u: shape (m,), the dual: K - Diag(u) is positive definite.
        x: shape (m, m), the primal: positive definite with diagonal 1.
    """

    def __init__(self, matrix: Floats) -> None:
        order = len(matrix)
        # diagonally dominant, so K - Diag(u) ≻ 0; with X = I both sides begin strictly feasible
        weight = np.abs(matrix).sum(axis=1)
        self.u = -1.1 * weight - max(float(weight.max(initial=0.0)), 1.0) * 1e-3
        self.x: Floats = np.eye(order)
        self._slack = matrix - np.diag(self.u)
        self._barrier = self.gap / (2 * order)

    @property
    def gap(self) -> float:
        """⟨K, X⟩ - Σ u, what is left between the two sides."""
        return float(np.vdot(self._slack, self.x))

    def closed(self, gap: float) -> bool:
        """Whether the gap is as small as asked for, or as floating numbers allow."""
        return self.gap <= max(gap, PRECISION * float(np.abs(self.u).sum()))

    def step(self) -> None:
        """One Newton step, about 20 m³ operations."""
        # Z = K - Diag(u), dZ = -Diag(du); Z X = μ I is linearised as X + dX = μ Z⁻¹ - Z⁻¹ dZ X. Its diagonal
        # is to be 1: (Z⁻¹ ∘ X) du = 1 - μ diag(Z⁻¹). dX is made symmetric afterwards (the HKM direction)
        inverse = np.linalg.inv(self._slack)
        inverse = (inverse + inverse.T) / 2
        du = np.linalg.solve(inverse * self.x, 1 - self._barrier * np.diag(inverse))
        dx = (inverse * du) @ self.x + self._barrier * inverse - self.x
        dx = (dx + dx.T) / 2
        primal, dual = _length(self.x, dx), _length(self._slack, np.diag(-du))
        self.x = self.x + primal * dx
        self.u = self.u + dual * du
        self._slack[np.diag_indices(len(du))] -= dual * du
        self._barrier = self.gap / (2 * len(du))
        if primal + dual > 1.8:  # nearly full steps: the central path is close, and μ may fall faster
            self._barrier /= 2


def _length(matrix: Floats, step: Floats) -> float:
    """How far one may go without leaving the cone; Cholesky's factorisation exists just inside it."""
    length = 1.0
    while length > 1e-12:
        try:
            np.linalg.cholesky(matrix + length * step)
        except np.linalg.LinAlgError:
            length *= _SHORTER
        else:
            return length if length == 1.0 else _INSIDE * length
    return 0.0


def solve(matrix: Floats, gap: float, halt: Callable[[], bool] = lambda: False) -> Interior:
    """Iterates until the gap is small, or as small as floating numbers allow, or until `halt()`."""
    iterate = Interior(matrix)
    for _ in range(MOST_STEPS):
        if iterate.closed(gap) or halt():
            break
        iterate.step()
    return iterate
