"""Local binary patterns: which neighbours of a pixel are as bright (Ojala et al. 2002, IEEE TPAMI 24:971).

The uniform patterns of eight neighbours, whatever the rotation: by how many neighbours are as bright as the
middle where these lie together, and all others as one. Pixels whose circle leaves the picture are left out.
"""

import numpy as np

from toolbox.arrays.types import Floats

NEIGHBOURS = 8
RADII = (1, 2)
_EVEN = 1e-9
"""Of the picture's range: interpolation between equal pixels is not exact."""


def names() -> list[str]:
    """Of the columns of `lbp`."""
    kinds = [f"{count} bright neighbours" for count in range(NEIGHBOURS + 1)] + ["other patterns"]
    return [f"{kind} at {radius} px" for radius in RADII for kind in kinds]


def lbp(pictures: Floats) -> Floats:
    """Returns the shares of the ten patterns at radii of 1 and 2 pixels.

    Args:
        pictures: of shape (n, height, width), at least 5 pixels either way.

    Returns:
        Of shape (n, 20).
    """
    return np.hstack([_shares(uniform_patterns(pictures, radius)) for radius in RADII])


def uniform_patterns(pictures: Floats, radius: int) -> Floats:
    """Returns the number of the pattern of each pixel but those at the border, as float64."""
    middle = pictures[:, radius:-radius, radius:-radius]
    even = _EVEN * np.ptp(pictures, axis=(1, 2), keepdims=True)
    bright = np.array([_at(pictures, radius, k) - middle >= -even for k in range(NEIGHBOURS)])
    changes = np.sum(bright != np.roll(bright, 1, axis=0), axis=0)
    return np.where(changes <= 2, bright.sum(axis=0), NEIGHBOURS + 1).astype(np.float64)


def _at(pictures: Floats, radius: int, k: int) -> Floats:
    """The brightness at the k-th of the neighbours on the circle, interpolated linearly both ways."""
    angle = 2 * np.pi * k / NEIGHBOURS
    down, right = round(-radius * np.sin(angle), 5), round(radius * np.cos(angle), 5)
    top, left = int(np.floor(down)), int(np.floor(right))
    v, h = down - top, right - left
    height, width = pictures.shape[1] - 2 * radius, pictures.shape[2] - 2 * radius
    found = np.zeros((len(pictures), height, width))
    for i, part in ((0, 1 - v), (1, v)):
        for j, share in ((0, 1 - h), (1, h)):
            if part * share > 0:
                r, c = radius + top + i, radius + left + j
                found += part * share * pictures[:, r : r + height, c : c + width]
    return found


def _shares(found: Floats) -> Floats:
    flat = found.reshape(len(found), -1)
    return np.column_stack([np.mean(flat == kind, axis=1) for kind in range(NEIGHBOURS + 2)])
