"""PNG, JPEG and TIFF: every colour model as grey or red, green and blue, the way a person would see it."""

import io
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from escalation.model.errors import BadInput
from problems.prediction.sources.images.decoded import MOST_SAID, Decoded, guarded, refuse_large

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "TIFF", "BMP")
MOST_PAGES = 4096
_DEEP = {"I;16", "I;16B", "I;16L", "I;16N"}


def decode(data: bytes, name: str, *, each_page: bool) -> Decoded:
    """Returns the pictures of a file: 8 and 16 bits between 0 and 1, other numbers as they are.

    Args:
        data: of the file.
        name: of it, for complaints.
        each_page: all pages of a TIFF file, instead of the first.

    Raises:
        BadInput: on a file that is none, is broken, or claims more pixels than are taken.
    """
    from PIL import Image, UnidentifiedImageError

    def decoded() -> Decoded:
        try:
            return _decode(data, name, each_page=each_page)
        except UnidentifiedImageError:
            raise BadInput(
                f"{name}: expected a picture (PNG, JPEG, TIFF or BMP), got none of these"
            ) from None
        except Image.DecompressionBombError:  # Pillow's own limit, which is higher
            raise BadInput(f"{name}: {MOST_SAID}, got far more: make the picture smaller") from None

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of metadata that nobody looks at; sizes are refused here
        return guarded(name, "a picture (PNG, JPEG, TIFF or BMP)", decoded)


def _decode(data: bytes, name: str, *, each_page: bool) -> Decoded:
    from PIL import Image

    with Image.open(io.BytesIO(data), formats=FORMATS) as file:
        refuse_large(name, file.height, file.width)
        pages = getattr(file, "n_frames", 1) if file.format == "TIFF" else 1
        if pages > MOST_PAGES:
            raise BadInput(f"{name}: expected at most {MOST_PAGES} pages, got {pages}")
        taken = pages if each_page else 1
        pictures, notes, seen = [], set[str](), 0
        for page in range(taken):
            if pages > 1:
                file.seek(page)
            seen += file.height * file.width
            refuse_large(name, file.height, file.width)
            refuse_large(name, seen)
            picture, said = _picture(file)
            pictures.append(picture)
            notes |= said
    if pages > taken:
        notes.add("only the first of several pages was taken")
    places = tuple(f"page {page}" for page in range(1, taken + 1)) if taken > 1 else ("",)
    return Decoded(tuple(pictures), places, tuple(sorted(notes)))


def _picture(image: "Image") -> tuple[NDArray[np.float32], set[str]]:
    from PIL import ImageOps

    notes = set()
    if image.getexif().get(0x0112, 1) not in (0, 1):
        image = ImageOps.exif_transpose(image)
        notes.add("turned as the camera noted (EXIF orientation)")
    if image.mode in _DEEP:
        return _scaled(image, 65535), notes
    if image.mode in ("I", "F"):
        return np.array(image, dtype=np.float32), notes
    if image.mode in ("1", "L"):
        return _scaled(image.convert("L"), 255), notes
    if image.mode == "P":
        notes.add("colours looked up in the palette")
    if _has_alpha(image):
        image, transparent = _over_black(image)
        if transparent:
            notes.add("transparent parts laid over black")
    elif image.mode in ("CMYK", "YCbCr", "LAB", "HSV"):
        notes.add(f"converted from {image.mode}")
    colour = _scaled(image.convert("RGB"), 255)
    grey = np.array_equal(colour[..., 0], colour[..., 1]) and np.array_equal(colour[..., 1], colour[..., 2])
    return (np.ascontiguousarray(colour[..., 0]) if grey else colour), notes


def _scaled(image: "Image", most: int) -> NDArray[np.float32]:
    return (np.asarray(image).astype(np.float32) / np.float32(most)).astype(np.float32)


def _has_alpha(image: "Image") -> bool:
    return image.mode in ("LA", "RGBA", "PA", "La", "RGBa") or "transparency" in image.info


def _over_black(image: "Image") -> tuple["Image", bool]:
    """The picture without its transparency, and whether it had any."""
    from PIL import Image

    layered = image.convert("RGBA")
    least: Any = layered.getchannel("A").getextrema()
    if least[0] == 255:
        return layered.convert("RGB"), False
    black = Image.new("RGBA", layered.size, (0, 0, 0, 255))
    return Image.alpha_composite(black, layered).convert("RGB"), True
