"""Histograms of oriented gradients (Dalal and Triggs 2005, CVPR 1:886), as scikit-image computes them."""

import numpy as np

from toolbox.arrays.types import Floats

CELLS = 4
"""Along either side, whatever the size of the picture."""
BLOCK = 2
"""Cells along either side of a block, in which the histograms are normalised."""
ORIENTATIONS = 8
_EPS, _CLIP = 1e-5, 0.2


def names() -> list[str]:
    """Directions in degrees, cells and blocks by row and column from 1."""
    blocks = CELLS - BLOCK + 1
    return [
        f"edges at {(o + 0.5) * 180 / ORIENTATIONS:g}°, cell {r + i + 1},{c + j + 1} in block {r + 1},{c + 1}"
        for r in range(blocks)
        for c in range(blocks)
        for i in range(BLOCK)
        for j in range(BLOCK)
        for o in range(ORIENTATIONS)
    ]


def hog(pictures: Floats) -> Floats:
    """Returns histograms of gradients by direction, in blocks of 2 × 2 of 4 × 4 cells (norm L2-Hys).

    Args:
        pictures: of shape (n, height, width), at least 4 pixels either way; what is over after division into
            4 cells is left out at the lower and right border.

    Returns:
        Of shape (n, 288).
    """
    cells = _cells(pictures)
    blocks = [
        _normalised(cells[:, r : r + BLOCK, c : c + BLOCK].reshape(len(pictures), -1))
        for r in range(CELLS - BLOCK + 1)
        for c in range(CELLS - BLOCK + 1)
    ]
    return np.hstack(blocks)


def _cells(pictures: Floats) -> Floats:
    """Mean magnitude of the gradients of each direction in each cell, shape (n, cells, cells, directions)."""
    count, height, width = pictures.shape
    down, right = np.zeros_like(pictures), np.zeros_like(pictures)
    down[:, 1:-1] = pictures[:, 2:] - pictures[:, :-2]
    right[:, :, 1:-1] = pictures[:, :, 2:] - pictures[:, :, :-2]
    magnitude = np.hypot(down, right)
    degrees = np.rad2deg(np.arctan2(down, right)) % 180
    direction = np.minimum((degrees * (ORIENTATIONS / 180)).astype(np.intp), ORIENTATIONS - 1)
    tall, wide = height // CELLS, width // CELLS
    found = np.empty((count, CELLS, CELLS, ORIENTATIONS))
    for o in range(ORIENTATIONS):
        own = np.where(direction == o, magnitude, 0)[:, : tall * CELLS, : wide * CELLS]
        found[..., o] = own.reshape(count, CELLS, tall, CELLS, wide).mean(axis=(2, 4))
    return found


def _normalised(block: Floats) -> Floats:
    """Divided by its length, cut off, divided again."""
    cut = np.minimum(block / np.sqrt(np.sum(block**2, axis=1, keepdims=True) + _EPS**2), _CLIP)
    return np.asarray(cut / np.sqrt(np.sum(cut**2, axis=1, keepdims=True) + _EPS**2))
