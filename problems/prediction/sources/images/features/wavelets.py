"""Detail at three scales: energies of Haar's wavelets (Mallat 1989, IEEE TPAMI 11:674)."""

import numpy as np

from toolbox.arrays.types import Floats

SCALES = 3


def names() -> list[str]:
    """Of the columns of `wavelets`."""
    return [
        f"detail {way} at {2**scale} px" for scale in range(SCALES) for way in ("down", "across", "diagonal")
    ]


def wavelets(pictures: Floats) -> Floats:
    """Returns the root mean square of the coefficients of each scale and direction.

    `down` is detail between rows (pywt's cH), `across` between columns (cV). A last odd row or column of a
    scale is left out.

    Args:
        pictures: of shape (n, height, width), at least 8 pixels either way.

    Returns:
        Of shape (n, 9), in the pictures' unit.
    """
    found = []
    for _ in range(SCALES):
        height, width = (size // 2 * 2 for size in pictures.shape[1:])
        a, b = pictures[:, 0:height:2, 0:width:2], pictures[:, 0:height:2, 1:width:2]
        c, d = pictures[:, 1:height:2, 0:width:2], pictures[:, 1:height:2, 1:width:2]
        for detail in (a + b - c - d, a - b + c - d, a - b - c + d):
            found.append(np.sqrt(np.mean((detail / 2) ** 2, axis=(1, 2))))
        pictures = (a + b + c + d) / 2
    return np.column_stack(found)
