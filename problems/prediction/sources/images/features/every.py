"""The kinds of features by name, and the function that makes those that are chosen, chunk by chunk."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from problems.prediction.sources.images.features import (
    hog,
    intensity,
    lbp,
    pixels,
    shape,
    texture,
    wavelets,
)
from toolbox.arrays.types import Floats

LUMINANCE = (0.299, 0.587, 0.114)
"""Of red, green and blue in the brightness of a colour picture (ITU-R BT.601)."""
LEAST_SIDE = 8
"""Pixels either way that all kinds of features can be made of."""


@dataclass(frozen=True)
class GreyFeatures:
    """A kind of features of grey pictures."""

    names: Callable[[], list[str]]
    make: Callable[[Floats], Floats]


KINDS: Mapping[str, GreyFeatures] = {
    "intensity": GreyFeatures(intensity.names, intensity.intensity),
    "texture": GreyFeatures(texture.names, texture.texture),
    "shape": GreyFeatures(shape.names, shape.shape),
    "hog": GreyFeatures(hog.names, hog.hog),
    "lbp": GreyFeatures(lbp.names, lbp.lbp),
    "wavelets": GreyFeatures(wavelets.names, wavelets.wavelets),
}


def block_names(chosen: Sequence[str], side: int, *, in_colour: bool) -> dict[str, tuple[str, ...]]:
    """Returns the names of the columns by kind of feature, in the order of `features`."""
    found = {}
    for kind in chosen:
        own = pixels.names(side) if kind == "pixels" else KINDS[kind].names()
        more = intensity.colour_names() if kind == "intensity" and in_colour else []
        found[kind] = (*own, *more)
    return found


def features(chunk: Any, *, chosen: Sequence[str], side: int) -> Floats:
    """Returns the chosen kinds of features, one after the other; a pure function of each picture.

    To the last bit: sums go over one picture's axes. A product of matrices over several pictures would add in
    an order that depends on how many there are.

    Args:
        chunk: pictures of shape (n, height, width) or, in colour, (n, height, width, 3).
        chosen: `pixels` or names of `KINDS`.
        side: of the reduced picture of `pixels`.
    """
    given = cast(NDArray[Any], chunk).astype(np.float64)
    grey = grey_of(given)
    found = []
    for kind in chosen:
        found.append(pixels.pixels(grey, side) if kind == "pixels" else KINDS[kind].make(grey))
        if kind == "intensity" and given.ndim == 4:
            found.append(intensity.colour(given))
    return np.hstack(found)


def grey_of(pictures: Floats) -> Floats:
    """Returns the brightness of colour pictures; grey ones as they are."""
    return pictures if pictures.ndim == 3 else np.asarray(pictures @ np.array(LUMINANCE))
