"""Copies among pictures: pairs whose brightness is nearly one a linear function of the other's.

Pearson's correlation of the pixels, of all pairs, in blocks: 10,000 pictures of 64 × 64 are 50 million pairs
and need 170 MB and about half a minute. A chain of pairs is one group (union-find).
"""

import numpy as np
from numpy.typing import NDArray

from problems.prediction.sources.images.resampling import resample
from toolbox.arrays.types import Floats, Index
from toolbox.stats.splits import codes

MOST_SIDE = 64
"""Pixels either way at which pictures are compared; larger ones are reduced, copies stay copies."""
BLOCK = 1024
_ROUNDING = 1e-4
"""By which a correlation of float32 may be off: nearer the limit than that, float64 decides."""


def twin_groups(pictures: NDArray[np.generic], from_r: float) -> Index:
    """Returns the group of each picture, an integer from 0.

    Pictures of one brightness have no correlation: they are twins where this is the same.

    Args:
        pictures: grey, of shape (n, height, width).
        from_r: the correlation above which two are twins.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    exact = _standardised(pictures)
    flat = np.flatnonzero(~exact.any(axis=1))
    level = pictures[flat, 0, 0]
    first, second = _pairs(exact, from_r)
    order = np.argsort(level, kind="stable")
    same = np.flatnonzero(np.diff(level[order].astype(np.float64)) == 0)
    first = np.concatenate([first, flat[order[same]]])
    second = np.concatenate([second, flat[order[same + 1]]])
    edges = coo_array((np.ones(len(first)), (first, second)), shape=(len(pictures),) * 2)
    return codes(connected_components(edges, directed=False)[1].tolist())


def _standardised(pictures: NDArray[np.generic]) -> NDArray[np.float32]:
    """Pixels less their mean, of length 1; zeros for a picture of one brightness. Shape (n, pixels)."""
    height, width = (min(size, MOST_SIDE) for size in pictures.shape[1:])
    found = np.empty((len(pictures), height * width), dtype=np.float32)
    for start in range(0, len(pictures), BLOCK):
        block = pictures[start : start + BLOCK]
        found[start : start + BLOCK] = _unit(resample(block, height, width).reshape(len(block), -1))
    return found


def _unit(flat: Floats) -> Floats:
    centred = flat - flat.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    scale = np.abs(flat).max(axis=1, keepdims=True) * np.sqrt(flat.shape[1])
    varies = length > 1e-9 * scale
    return np.where(varies, centred / np.where(varies, length, 1), 0)


def _pairs(unit: NDArray[np.float32], from_r: float) -> tuple[Index, Index]:
    found = []
    for low in range(0, len(unit), BLOCK):
        for high in range(low, len(unit), BLOCK):
            near = unit[low : low + BLOCK] @ unit[high : high + BLOCK].T
            i, j = np.nonzero(near > from_r - _ROUNDING)
            upper = i + low < j + high
            i, j = i[upper] + low, j[upper] + high
            doubtful = near[i - low, j - high] < from_r + _ROUNDING
            keep = np.ones(len(i), dtype=bool)
            for place in np.flatnonzero(doubtful):
                a, b = _unit(unit[[i[place], j[place]]].astype(np.float64))
                keep[place] = float(a @ b) > from_r
            found.append((i[keep], j[keep]))
    first, second = (np.concatenate([pair[side] for pair in found]) for side in (0, 1))
    return first.astype(np.intp), second.astype(np.intp)
