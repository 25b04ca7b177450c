"""Triangles of a node, handed on to its children."""

import numpy as np
from numpy.typing import NDArray

from problems.optimisation.engines.bounds.triangles import Triangles
from toolbox.arrays.types import Floats

Ints = NDArray[np.int64]

FRONT = -1
"""The name of the spin that is always 1; the others are named by their place in the instance."""


def names_of(size: int, fixed: dict[int, int], front: bool) -> Ints:
    """The names of a matrix's rows, shape (m,): the front spin where there is one, then what is not fixed."""
    free = np.array([i for i in range(size) if i not in fixed], dtype=np.int64)
    return np.concatenate([[FRONT], free]) if front else free


def inherited(
    triangles: Triangles, t: Floats, names: Ints, fixed: tuple[int, int], child: Ints
) -> tuple[Triangles, Floats]:
    """The triangles as a child's.

    Its fixed spin becomes the front one or its mirror image. What then has two corners at the front says
    nothing any more, and so does what has the front where the child has none.

    Args:
        triangles: the parent's.
        t: their multipliers.
        names: of the rows of the parent's matrix.
        fixed: which spin is fixed, to bit 0 or 1.
        child: the names of the rows of the child's matrix.
    """
    spin, sign = fixed[0], 2 * fixed[1] - 1
    corners, signs = names[triangles.corners], triangles.signs.copy()
    for place, order in ((1, (0, 2, 1)), (2, (1, 2, 0))):
        here = corners[:, place] == spin
        others = [p for p in range(3) if p != place]
        corners[here] = corners[here][:, [place, *others]]
        signs[here] = signs[here][:, order]
    at_front = corners[:, 0] == spin
    keep = ~(at_front & (corners == FRONT).any(axis=1))
    corners[at_front, 0] = FRONT
    signs[at_front, :2] *= sign
    rows = np.searchsorted(child, corners).clip(max=len(child) - 1)
    keep &= (child[rows] == corners).all(axis=1)
    merged, first = _merged(Triangles(len(child), rows[keep], signs[keep]))
    weights = np.bincount(first, weights=t[keep], minlength=len(merged))
    return merged, weights.astype(np.float64)


def _merged(triangles: Triangles) -> tuple[Triangles, Ints]:
    """Each triangle once, and for every one which it became."""
    _, first, back = np.unique(triangles.keys(), return_index=True, return_inverse=True)
    return triangles.only(first), np.asarray(back, dtype=np.int64)
