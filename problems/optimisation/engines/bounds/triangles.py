"""Triangle inequalities of cuts: a s_i s_j + b s_i s_k + c s_j s_k ≥ -1 for signs with a·b·c = 1."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

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
        """A number for each triangle, shape (t,)."""
        i, j, k = self.corners.T
        a, b, _ = self.signs.T
        return np.asarray(((i * self.order + j) * self.order + k) * 4 + (1 - a) + (1 - b) // 2)


def no_triangles(order: int) -> Triangles:
    """None yet."""
    none = np.zeros((0, 3), dtype=np.int64)
    return Triangles(order, none, none)


def violated(x: Floats, most: int, tolerance: float = 1e-3) -> Triangles:
    """The triangles that X breaks most, the worst first; all m³/6 are tried."""
    order = len(x)
    corners, signs, amounts = [], [], []
    for i in range(order - 2):
        row, block = x[i, i + 1 :], x[i + 1 :, i + 1 :]
        for sign in SIGNS:
            left = np.triu(sign[0] * row[:, None] + sign[1] * row[None, :] + sign[2] * block, 1)
            j, k = np.nonzero(left < -1 - tolerance)
            if j.size:
                corners.append(np.column_stack([np.full(j.size, i), j + i + 1, k + i + 1]))
                signs.append(np.broadcast_to(sign, (j.size, 3)))
                amounts.append(left[j, k])
    if not corners:
        return no_triangles(order)
    worst = np.argsort(np.concatenate(amounts), kind="stable")[:most]
    return Triangles(order, np.concatenate(corners)[worst].astype(np.int64), np.concatenate(signs)[worst])
