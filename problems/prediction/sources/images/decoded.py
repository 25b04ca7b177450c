"""What a file of pictures holds, whatever its format."""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalation.model.errors import BadInput, TierwiseError, first_line
from escalation.text.visible import visible

MOST_PIXELS = 64 * 2**20
"""Of all pictures of a file, before anything is unpacked: a file of kilobytes can claim billions."""
MOST_SAID = f"expected at most {MOST_PIXELS // 2**20} million pixels"


@dataclass(frozen=True)
class Decoded:
    """The pictures of one file.

    Attributes:
        pictures: each of shape (height, width) or (height, width, 3), float32, finite.
        places: how each is told from the others of its file: `page 2`; empty where there is but one.
        notes: what was done to them that a reader should know, the same words for files of a kind.
        person: what the file itself says of whose pictures these are; never shown or kept.
        tags: names of the file's fields that say who somebody is, of which nothing was kept.
    """

    pictures: tuple[NDArray[np.float32], ...]
    places: tuple[str, ...] = ("",)
    notes: tuple[str, ...] = ()
    person: str | None = None
    tags: tuple[str, ...] = ()


def refuse_large(name: str, *counts: int) -> None:
    """Refuses a file that claims more pixels than `MOST_PIXELS`.

    Raises:
        BadInput: that names it.
    """
    if min(counts) < 1:
        raise BadInput(f"{name}: expected a picture, got one of {' × '.join(map(str, counts))} pixels")
    if prod(counts) > MOST_PIXELS:
        raise BadInput(
            f"{name}: {MOST_SAID}, got {' × '.join(map(str, counts))}: "
            "make the picture smaller, or give fewer pages"
        )


def _of_library(error: Exception) -> str:
    return visible(first_line(error, typed=not str(error)))[:200]


def guarded(name: str, kind: str, decode: Callable[[], Decoded], *, private: bool = False) -> Decoded:
    """Decodes a file; whatever a library makes of a broken one is one line that names it.

    Raises:
        BadInput: that names the file.
    """
    try:
        found = decode()
    except TierwiseError:
        raise
    except Exception as error:  # a broken file can raise nearly anything
        # of DICOM no word of a library: it may quote what a tag holds, a patient's name among them
        said = "its values are not what they should be" if private else _of_library(error)
        raise BadInput(f"{name}: expected {kind}, got a file that cannot be read: {said}") from None
    for picture, place in zip(found.pictures, found.places, strict=True):
        if not np.isfinite(picture).all():
            raise BadInput(
                f"{name}{place and f', {place}'}: expected finite brightness, got {_odd(picture)}: "
                "mend the picture"
            )
    return found


def _odd(picture: NDArray[Any]) -> str:
    count = int(np.sum(~np.isfinite(picture)))
    return f"{count} pixels that are infinite or not a number"
