"""Sums in pairs, the same bits on any number of ranks, and numbers that go down such trees."""

from collections.abc import Sequence

import numpy as np

from backends.statevector_mpi.kernels import Floats, Whole


def in_pairs(values: Floats) -> list[Floats]:
    """Sums along the last axis, of length a power of two, in pairs: all levels, the values first."""
    levels = [values]
    while levels[-1].shape[-1] > 1:
        levels.append(levels[-1][..., 0::2] + levels[-1][..., 1::2])
    return levels


def descend(levels: Sequence[Floats], node: Whole, numbers: Floats) -> tuple[Whole, Floats]:
    """Follows numbers down a tree of sums: left where they are smaller than the sum there.

    Returns:
        Where they end among the lowest level, and what of them is left there.
    """
    for level in reversed(levels[:-1]):
        left = level[2 * node]
        right = (numbers >= left) & (level[2 * node + 1] > 0)
        numbers, node = np.where(right, numbers - left, numbers), 2 * node + right
    return node, numbers
