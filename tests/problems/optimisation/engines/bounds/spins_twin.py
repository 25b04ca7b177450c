"""Small maximum cuts with known bounds, and random forms."""

import numpy as np
from numpy.typing import NDArray

from problems.optimisation.forms.spins import SpinForm, spin_form
from problems.optimisation.model.models import MaxCut

Floats = NDArray[np.float64]


def cycle(n: int) -> SpinForm:
    edges = sorted((min(i, (i + 1) % n), max(i, (i + 1) % n), 1) for i in range(n))
    return spin_form(MaxCut(vertices=n, edges=tuple(edges)))


def complete(n: int) -> SpinForm:
    edges = tuple((i, j, 1) for i in range(n) for j in range(i + 1, n))
    return spin_form(MaxCut(vertices=n, edges=edges))


def random_form(n: int, seed: int, density: float = 0.5, fields: bool = True) -> SpinForm:
    rng = np.random.default_rng(seed)
    pairs = np.array([(i, j) for i in range(n) for j in range(i + 1, n) if rng.random() < density])
    field = rng.integers(-9, 10, n) if fields else np.zeros(n, dtype=np.int64)
    return SpinForm(int(rng.integers(-9, 10)), field, pairs, rng.integers(1, 10, len(pairs)))


def correlation(order: int, seed: int) -> Floats:
    """A positive matrix with diagonal 1."""
    v = np.random.default_rng(seed).standard_normal((order, 3))
    v /= np.linalg.norm(v, axis=1, keepdims=True)
    return np.asarray(v @ v.T)
