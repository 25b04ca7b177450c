"""Triangle inequalities of cuts: a s_i s_j + b s_i s_k + c s_j s_k ≥ -1 for signs with a·b·c = 1.

The three terms multiply to 1, so that an even number of them is -1: the sum is 3 or -1. They are facets of
the cut polytope (Barahona & Mahjoub 1986, Math. Program. 36, 157).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolbox.arrays.types import Floats

Ints = NDArray[np.int64]

TOLERANCE = 1e-3
"""Of what counts as broken: less is the error of an approximate X."""
_CHUNK = 500
SIGNS = np.array([(1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)], dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Triangles:
    """Triangles of an order-m matrix.

    Attributes:
        order: m.
        corners: int64, shape (t, 3), i < j < k.
        signs: int64, shape (t, 3), of the pairs ij, ik, jk.
    """

    order: int
    corners: Ints
    signs: Ints

    def __len__(self) -> int:
        return len(self.corners)

    def values(self, x: Floats) -> Floats:
        """The left sides for X instead of s sᵀ, shape (t,)."""
        i, j, k = self.corners.T
        a, b, c = self.signs.T
        return np.asarray(a * x[i, j] + b * x[i, k] + c * x[j, k], dtype=np.float64)

    def spread(self, t: Floats) -> Floats:
        """Σ t (a E_ij + b E_ik + c E_jk), shape (m, m)."""
        i, j, k = self.corners.T
        flat = np.concatenate([i * self.order + j, i * self.order + k, j * self.order + k])
        weights = (self.signs.T * t).ravel()
        upper = np.bincount(flat, weights=weights, minlength=self.order**2).reshape(self.order, self.order)
        return np.asarray(upper + upper.T, dtype=np.float64)

    def only(self, rows: Ints | NDArray[np.bool_]) -> "Triangles":
        """Some of them."""
        return Triangles(self.order, self.corners[rows], self.signs[rows])

    def joined(self, other: "Triangles") -> "Triangles":
        """These, then the others that are not among them."""
        new = other.only(~np.isin(other.keys(), self.keys()))
        corners, signs = (self.corners, new.corners), (self.signs, new.signs)
        return Triangles(self.order, np.concatenate(corners), np.concatenate(signs))

    def keys(self) -> Ints:
        """A number for each triangle, shape (t,); the third sign follows from the other two."""
        i, j, k = self.corners.T
        a, b, _ = self.signs.T
        return np.asarray(((i * self.order + j) * self.order + k) * 4 + (1 - a) + (1 - b) // 2)


def no_triangles(order: int) -> Triangles:
    """None yet."""
    none = np.zeros((0, 3), dtype=np.int64)
    return Triangles(order, none, none)


def violated(x: Floats, most: int, pairs: Ints | None = None) -> Triangles:
    """The triangles that X breaks most, the worst first.

    Args:
        x: shape (m, m).
        most: how many at most.
        pairs: shape (p, 2), i < j: only triangles with one of these sides; without them all m³/6 are tried.
            Where they are the couplings, that is enough for every inequality of a cycle, which triangles that
            fan out from one of its vertices add up to (Barahona & Mahjoub 1986, Math. Program. 36, 157).
    """
    order = len(x)
    by_side = [_broken(x, i, j) for i, j in (_chunks(pairs) if pairs is not None else _rows(order))]
    corners, signs, amounts = (np.concatenate(parts) for parts in zip(*by_side, strict=True))
    # a triangle comes up once for each of its sides that is tried
    _, first = np.unique(Triangles(order, corners, signs).keys(), return_index=True)
    worst = first[np.argsort(amounts[first], kind="stable")[:most]]
    return Triangles(order, corners[worst], signs[worst])


def _rows(order: int) -> Iterator[tuple[Ints, Ints]]:
    """All pairs, by their first."""
    for i in range(order - 1):
        rest = np.arange(i + 1, order, dtype=np.int64)
        yield np.full_like(rest, i), rest


def _chunks(pairs: Ints) -> Iterator[tuple[Ints, Ints]]:
    for first in range(0, len(pairs), _CHUNK):
        i, j = pairs[first : first + _CHUNK].T
        yield i, j


def _broken(x: Floats, i: Ints, j: Ints) -> tuple[Ints, Ints, Floats]:
    """Corners, signs and left sides of what X breaks among the triangles on some sides."""
    side, one, other = x[i, j][:, None], x[i], x[j]
    corners, signs, amounts = [], [], []
    for a, b, c in SIGNS.tolist():
        left = a * side + b * one + c * other
        p, k = np.nonzero(left < -1 - TOLERANCE)
        apart = (k != i[p]) & (k != j[p])
        p, k = p[apart], k[apart]
        near = np.column_stack([i[p], j[p], k])
        order = np.argsort(near, axis=1)
        # a side's sign goes with the corner opposite to it; corners sorted, these are jk, ik, ij: reversed
        opposite = np.column_stack([np.full(len(p), c), np.full(len(p), b), np.full(len(p), a)])
        corners.append(np.take_along_axis(near, order, axis=1))
        signs.append(np.take_along_axis(opposite, order, axis=1)[:, ::-1])
        amounts.append(left[p, k])
    return np.concatenate(corners), np.concatenate(signs), np.concatenate(amounts)
