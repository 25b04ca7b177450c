"""What surrounds a pixel: mean and standard deviation over a square around it, missing values left out."""

from collections.abc import Mapping

import numpy as np

from toolbox.arrays.types import Floats


def patch_layers(layers: Mapping[str, Floats], side: int) -> dict[str, Floats]:
    """The layers, and with a side above 1 of each its mean and standard deviation around every pixel.

    Args:
        layers: by name, of shape (rows, columns), NaN where a value is missing.
        side: of the square, odd; at the scene's edge the part of it that lies within.
    """
    if side == 1:
        return dict(layers)
    found: dict[str, Floats] = {}
    for name, layer in layers.items():
        count, mean, spread = _around(layer, side)
        found[name] = layer
        found[f"{name}: mean of {side}"] = np.where(count > 0, mean, np.nan)
        found[f"{name}: sd of {side}"] = np.where(count > 1, spread, np.nan)
    return found


def _around(layer: Floats, side: int) -> tuple[Floats, Floats, Floats]:
    """How many values, their mean, their standard deviation (n - 1)."""
    present = ~np.isnan(layer)
    middle = float(np.median(layer[present])) if present.any() else 0.0
    values = np.where(present, layer - middle, 0.0)
    count, total, squares = (_sums(each, side) for each in (present.astype(np.float64), values, values**2))
    mean = total / np.maximum(count, 1)
    spread = np.sqrt(np.maximum(squares - count * mean**2, 0) / np.maximum(count - 1, 1))
    return count, mean + middle, spread


def _sums(values: Floats, side: int) -> Floats:
    """Sums over the square around each place, zero beyond the edge."""
    half = side // 2
    padded = np.pad(values, half)
    found = np.zeros_like(values)
    rows, columns = values.shape
    for down in range(side):
        for across in range(side):
            found += padded[down : down + rows, across : across + columns]
    return found
