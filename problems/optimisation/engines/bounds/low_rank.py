"""The basic semidefinite relaxation of large sparse matrices, by low rank: X = V Vᵀ with rows of length 1.

The factorisation keeps X semidefinite without m² numbers (Burer & Monteiro 2003, Math. Program. 95, 329).
Coordinate descent on the rows, the mixing method (Wang, Chang & Kolter 2017, arXiv:1706.00476), all rows of
one colour at once: vertices of one colour do not meet, so that their order does not matter. With r > √(2m)
columns it finds the optimum of the relaxation from almost every start (Boumal, Voroninski & Bandeira 2016).
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array
from scipy.sparse.linalg import ArpackError, eigsh

from problems.optimisation.forms.spins import SpinForm
from toolbox.arrays.types import Floats


def sparse_matrix(form: SpinForm) -> csr_array:
    """`form.matrix()` as a sparse one of floating numbers."""
    shift = 0 if form.symmetric else 1
    i, j = form.pairs.T + shift
    k = form.couplings
    if shift:
        spins = np.arange(1, form.size + 1)
        i, j = np.concatenate([i, 0 * spins]), np.concatenate([j, spins])
        k = np.concatenate([k, form.field])
    order = form.size + shift
    upper = csr_array((k.astype(np.float64), (i, j)), shape=(order, order))
    return csr_array(upper + upper.T)


def colours(matrix: csr_array) -> list[NDArray[np.int64]]:
    """Rows by colour, no two of one colour joined; greedily, those with most neighbours first."""
    size = np.diff(matrix.indptr)
    colour = np.full(len(size), -1, dtype=np.int64)
    for row in np.argsort(-size, kind="stable").tolist():
        used = set(colour[matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]].tolist())
        colour[row] = next(c for c in range(len(size)) if c not in used)
    return [np.flatnonzero(colour == c) for c in range(int(colour.max()) + 1)]


class LowRank:
    """Rows of V, and sweeps over them.

    Attributes:
        matrix: sparse, shape (m, m), zero diagonal.
        v: shape (m, r), rows of length 1.
        colours: how many of them a sweep goes through.
    """

    def __init__(self, matrix: csr_array, rng: np.random.Generator) -> None:
        order = matrix.shape[0]
        self.matrix = matrix
        v = rng.standard_normal((order, int(np.sqrt(2 * order)) + 2))
        self.v: Floats = v / np.linalg.norm(v, axis=1, keepdims=True)
        self._classes = [(rows, csr_array(matrix[rows])) for rows in colours(matrix)]
        self.colours = len(self._classes)

    def sweep(self) -> None:
        """Puts every row once where it costs least."""
        for rows, part in self._classes:
            # ½⟨K, V Vᵀ⟩ is linear in one row: least where that points against Σ_j K_ij v_j
            pull = part @ self.v
            length = np.linalg.norm(pull, axis=1, keepdims=True)
            self.v[rows] = np.where(length > 0, -pull / np.maximum(length, 1e-300), self.v[rows])

    def dual(self) -> Floats:
        """Multipliers u with K - Diag(u) ⪰ 0 up to rounding: those of the rows, less the least eigenvalue."""
        # at a fixed point of the sweeps K V = Diag(u) V with this u (stationarity); elsewhere the slack
        # matrix may have an eigenvalue below 0, by which a shift of the whole diagonal restores feasibility
        u = -np.linalg.norm(self.matrix @ self.v, axis=1)
        slack = csr_array(self.matrix - diags_array(u))
        least = _least_eigenvalue(slack)
        return np.asarray(u + min(least, 0.0) - 1e-9 * float(np.abs(u).max(initial=1.0)))


def _least_eigenvalue(matrix: csr_array) -> float:
    start = np.ones(matrix.shape[0])
    try:
        (value,) = eigsh(
            matrix, k=1, which="SA", tol=1e-6, v0=start, return_eigenvectors=False, maxiter=20_000
        )
    except ArpackError:  # Gershgorin's circles: weaker, but never above the least eigenvalue
        return float((matrix.diagonal() - abs(matrix - diags_array(matrix.diagonal())).sum(axis=1)).min())
    return float(value) - 1e-6 * abs(float(value))
