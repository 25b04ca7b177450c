"""The brightness of a reduced picture, pixel by pixel."""

import numpy as np

from problems.prediction.sources.images.resampling import resample
from toolbox.arrays.types import Floats


def names(side: int) -> list[str]:
    """Rows and columns from 1."""
    return [f"pixel {row},{column} of {side}" for row in range(1, side + 1) for column in range(1, side + 1)]


def pixels(pictures: Floats, side: int) -> Floats:
    """Returns the reduced pictures as rows.

    Args:
        pictures: of shape (n, height, width).
        side: of the reduced picture.

    Returns:
        Of shape (n, side²), in the pictures' unit.
    """
    return np.asarray(resample(pictures, side, side).reshape(len(pictures), -1))
