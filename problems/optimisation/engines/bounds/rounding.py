"""Points from a relaxation: random hyperplanes (Goemans & Williamson 1995, J. ACM 42, 1115), then descent."""

import numpy as np
from scipy.sparse import csr_array

from problems.optimisation.forms.vertex_sets import neighbours, repaired
from problems.optimisation.model.models import IndependentSet, SpinModel
from problems.optimisation.model.points import Point
from toolbox.arrays.types import Floats


def factor(x: Floats) -> Floats:
    """V with V Vᵀ close to X, rows near to length 1, shape (m, m)."""
    tiny = 1e-9
    while True:
        try:
            return np.asarray(np.linalg.cholesky(x + tiny * np.eye(len(x))))
        except np.linalg.LinAlgError:
            tiny *= 100


def hyperplanes(matrix: csr_array, v: Floats, count: int, rng: np.random.Generator) -> list[Floats]:
    """Spins of the matrix by random hyperplanes, each after one-flip descent; shape (m,), -1 or 1."""
    sides = np.where(v @ rng.standard_normal((v.shape[1], count)) < 0, -1.0, 1.0)
    return [descended(matrix, side) for side in sides.T]


def descended(matrix: csr_array, spins: Floats) -> Floats:
    """Turns the spin that gains most until none gains."""
    spins = spins.copy()
    pull = spins * (matrix @ spins)
    while True:
        best = int(pull.argmax())
        if pull[best] <= 0:
            return spins
        first, last = matrix.indptr[best], matrix.indptr[best + 1]
        others = matrix.indices[first:last]
        pull[others] -= 2 * matrix.data[first:last] * spins[best] * spins[others]
        spins[best], pull[best] = -spins[best], -pull[best]


class Reader:
    """Reads spins of a form's matrix as points of its instance."""

    def __init__(self, model: SpinModel) -> None:
        self._graph = neighbours(model) if isinstance(model, IndependentSet) else None

    def point(self, spins: Floats, front: bool) -> Point:
        """The point; `front` says that the first spin is the one that is always 1."""
        values = spins[0] * spins[1:] if front else spins
        bits = (values > 0).astype(np.int32)
        return bits if self._graph is None else repaired(bits, self._graph)
