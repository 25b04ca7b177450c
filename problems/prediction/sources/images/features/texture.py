"""Texture by grey-level co-occurrence: how often pixels of two levels lie beside each other.

Haralick, Shanmugam and Dinstein (1973), IEEE Trans. Syst. Man Cybern. SMC-3:610. Sixteen levels over each
picture's own range; pairs in four directions, both ways, summed.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from problems.prediction.sources.images.features.intensity import entropy_bits, over_own_range
from toolbox.arrays.types import Floats

LEVELS = 16
DISTANCES = (1, 2)
_PROPERTIES = ("contrast", "dissimilarity", "homogeneity", "energy", "correlation", "entropy")


def names() -> list[str]:
    """Of the columns of `texture`."""
    return [f"texture {name} at {distance} px" for distance in DISTANCES for name in _PROPERTIES]


def texture(pictures: Floats) -> Floats:
    """Returns six properties of the co-occurrences at distances of 1 and 2 pixels.

    Contrast, dissimilarity, homogeneity, energy (root of the angular second moment), correlation (1 where all
    pixels are equal) and entropy (bits).

    Args:
        pictures: of shape (n, height, width), at least 3 pixels either way.

    Returns:
        Of shape (n, 12).
    """
    levels = np.minimum((over_own_range(pictures) * LEVELS).astype(np.intp), LEVELS - 1)
    return np.hstack([_properties(cooccurrence(levels, distance)) for distance in DISTANCES])


def cooccurrence(levels: NDArray[np.intp], distance: int) -> Floats:
    """Returns the shares of pairs of levels, symmetric.

    Args:
        levels: from 0 below `LEVELS`, of shape (n, height, width).
        distance: in pixels, along each axis.

    Returns:
        Of shape (n, LEVELS, LEVELS), each summing to 1.
    """
    count, height, width = levels.shape
    offset = np.arange(count)[:, None, None] * LEVELS**2
    found = np.zeros(count * LEVELS**2)
    for down, right in ((0, distance), (distance, distance), (distance, 0), (distance, -distance)):
        left, beyond = max(0, -right), width - max(0, right)
        first = levels[:, : height - down, left:beyond]
        second = levels[:, down:, left + right : beyond + right]
        found += np.bincount((offset + first * LEVELS + second).ravel(), minlength=len(found))
    pairs = found.reshape(count, LEVELS, LEVELS)
    pairs = pairs + pairs.transpose(0, 2, 1)
    return np.asarray(pairs / pairs.sum(axis=(1, 2), keepdims=True))


def _summed(shares: Floats, weights: NDArray[Any]) -> Floats:
    return np.asarray(np.sum(shares * weights, axis=(1, 2)))


def _properties(shares: Floats) -> Floats:
    level = np.arange(LEVELS)
    apart = np.abs(level[:, None] - level[None, :])
    marginal = shares.sum(axis=2)
    mean = np.sum(marginal * level, axis=1)
    variance = np.sum(marginal * level**2, axis=1) - mean**2
    product = _summed(shares, np.outer(level, level)) - mean**2
    spread = variance > 1e-12
    return np.column_stack(
        [
            _summed(shares, apart**2),
            _summed(shares, apart),
            _summed(shares, 1 / (1 + apart**2)),
            np.sqrt(np.sum(shares**2, axis=(1, 2))),
            np.where(spread, product / np.where(spread, variance, 1), 1),
            entropy_bits(shares.reshape(len(shares), -1)),
        ]
    )
