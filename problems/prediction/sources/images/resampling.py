"""Pictures of one size: each new pixel is the mean of the area that it covers, none is invented."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from toolbox.arrays.types import Floats


def resample(pictures: NDArray[np.generic], height: int, width: int) -> Floats:
    """Returns the mean of the area that each new pixel covers; where an axis grows, it is interpolated.

    Args:
        pictures: of shape (…, old height, old width).
        height: of the new pictures, at least 1.
        width: likewise.

    Returns:
        Of shape (…, height, width).
    """
    rows, columns = _weights(pictures.shape[-2], height), _weights(pictures.shape[-1], width)
    return np.asarray(rows @ pictures.astype(np.float64) @ columns.T)


@lru_cache(maxsize=64)
def _weights(old: int, new: int) -> Floats:
    """What of each old pixel makes up each new one, shape (new, old); rows sum to 1."""
    if new == old:
        return np.eye(old)
    if new > old:
        return _linear(old, new)
    edges = np.linspace(0, old, new + 1)
    pixel = np.arange(old)
    covered = np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel)
    return np.asarray(np.clip(covered, 0, None) * (new / old))


def _linear(old: int, new: int) -> Floats:
    at = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
    below = np.minimum(at.astype(np.intp), max(old - 2, 0))
    weights = np.zeros((new, old))
    weights[np.arange(new), below] = 1 - (at - below)
    weights[np.arange(new), np.minimum(below + 1, old - 1)] += at - below
    return weights
