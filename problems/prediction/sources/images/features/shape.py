"""Shape by moments of the brightness: Hu's seven, and the magnitudes of Zernike's.

Hu (1962), IRE Trans. Inf. Theory 8:179: unchanged by shift, size and rotation; given as sign · log10 of their
magnitude, since they span many powers of ten. Zernike's (Teague 1980, J. Opt. Soc. Am. 70:920) are taken on
the disc in the middle of the picture, divided by its brightness; their magnitudes do not change by rotation.
"""

from functools import lru_cache
from math import factorial

import numpy as np
from numpy.typing import NDArray

from problems.prediction.sources.images.features.intensity import over_own_range
from toolbox.arrays.types import Floats

ORDERS = tuple((n, m) for n in range(2, 9) for m in range(n % 2, n + 1, 2))
"""Order and repetition; those of order 0 and 1 say brightness and where its middle is."""
_LEAST = 1e-30


def names() -> list[str]:
    """Of the columns of `shape`."""
    return [f"shape Hu {place}" for place in range(1, 8)] + [f"shape Zernike {n},{m}" for n, m in ORDERS]


def shape(pictures: Floats) -> Floats:
    """Returns Hu's moments and Zernike's, of each picture over its own range.

    Args:
        pictures: of shape (n, height, width).

    Returns:
        Of shape (n, 7 + 23).
    """
    own = over_own_range(pictures)
    hu = hu_moments(own)
    logs = np.sign(hu) * np.abs(np.log10(np.maximum(np.abs(hu), _LEAST)))
    return np.hstack([np.where(np.abs(hu) > _LEAST, logs, 0), zernike(own)])


def hu_moments(pictures: Floats) -> Floats:
    """Returns Hu's seven moments, 0 for a picture that is all black; shape (n, 7)."""
    eta = _normalised(pictures)
    n20, n02, n11, n30, n03, n21, n12 = (
        eta[:, p, q] for p, q in ((2, 0), (0, 2), (1, 1), (3, 0), (0, 3), (2, 1), (1, 2))
    )
    a, b, c, d = n30 + n12, n21 + n03, n30 - 3 * n12, 3 * n21 - n03
    return np.column_stack(
        [
            n20 + n02,
            (n20 - n02) ** 2 + 4 * n11**2,
            c**2 + d**2,
            a**2 + b**2,
            c * a * (a**2 - 3 * b**2) + d * b * (3 * a**2 - b**2),
            (n20 - n02) * (a**2 - b**2) + 4 * n11 * a * b,
            d * a * (a**2 - 3 * b**2) - c * b * (3 * a**2 - b**2),
        ]
    )


def zernike(pictures: Floats) -> Floats:
    """Returns the magnitudes for `ORDERS`, 0 for a picture that is all black; shape (n, 23)."""
    basis, inside = _zernike_basis(*pictures.shape[1:])
    flat = np.ascontiguousarray(pictures.reshape(len(pictures), -1)[:, inside])
    total = flat.sum(axis=1)
    found = np.abs((flat[:, None, :] @ basis.T)[:, 0]) / np.where(total > 0, total, 1)[:, None]
    return np.asarray(found)


def _normalised(pictures: Floats) -> Floats:
    """Central moments of orders 0 to 3, divided so that they are free of size; shape (n, 4, 4)."""
    total = pictures.sum(axis=(1, 2))
    total = np.where(total > 0, total, 1)
    powers = []
    for axis, size in ((1, pictures.shape[1]), (2, pictures.shape[2])):
        place = np.arange(size, dtype=np.float64)
        middle = np.sum(pictures.sum(axis=3 - axis) * place, axis=1) / total
        powers.append((place - middle[:, None])[:, None, :] ** np.arange(4)[:, None])
    rows, columns = powers
    order = np.add.outer(np.arange(4), np.arange(4))
    return np.asarray(rows @ pictures @ columns.transpose(0, 2, 1) / total[:, None, None] ** (1 + order / 2))


@lru_cache(maxsize=16)
def _zernike_basis(height: int, width: int) -> tuple[NDArray[np.complex128], NDArray[np.bool_]]:
    """The conjugate polynomials at the pixels in the disc, shape (23, pixels), and which these are."""
    side = min(height, width)
    y = (np.arange(height) - (height - 1) / 2) / (side / 2)
    x = (np.arange(width) - (width - 1) / 2) / (side / 2)
    radius = np.hypot(y[:, None], x[None, :]).ravel()
    angle = np.arctan2(y[:, None], x[None, :]).ravel()
    inside = radius <= 1
    radius, angle = radius[inside], angle[inside]
    rows = [(n + 1) / np.pi * _radial(n, m, radius) * np.exp(-1j * m * angle) for n, m in ORDERS]
    return np.array(rows), inside


def _radial(n: int, m: int, radius: Floats) -> Floats:
    found = np.zeros_like(radius)
    for s in range((n - m) // 2 + 1):
        weight = (-1) ** s * factorial(n - s)
        found += (
            weight
            / (factorial(s) * factorial((n + m) // 2 - s) * factorial((n - m) // 2 - s))
            * (radius ** (n - 2 * s))
        )
    return found
