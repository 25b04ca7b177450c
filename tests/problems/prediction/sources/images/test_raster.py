"""PNG, JPEG and TIFF as brightness; each case is made by Pillow here, its values by hand."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from escalation.model.errors import BadInput
from problems.prediction.sources.images import raster

GREY = np.array([[0, 51, 102], [153, 204, 255]], dtype=np.uint8)


def saved(image: Any, kind: str = "PNG", **how: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **how)
    return buffer.getvalue()


def decode(data: bytes, **how: Any) -> Any:
    return raster.decode(data, "a.png", each_page=how.get("each_page", True))


@pytest.mark.parametrize(
    ("image", "kind", "values"),
    [
        (Image.fromarray(GREY), "PNG", GREY / 255),
        (Image.fromarray(GREY), "BMP", GREY / 255),
        (Image.fromarray(GREY.astype(np.uint16) * 257), "PNG", GREY / 255),
        (Image.fromarray(GREY.astype(np.uint16) * 257), "TIFF", GREY / 255),
        (Image.fromarray((GREY > 100).astype(bool)), "PNG", (GREY > 100) * 1.0),
        (Image.fromarray(GREY.astype(np.float32) * 3 - 7), "TIFF", GREY * 3.0 - 7),
        (Image.fromarray(GREY.astype(np.int32) * 250), "TIFF", GREY * 250.0),
        (Image.fromarray(GREY.astype(np.int32) * 300), "TIFF", GREY * 300.0),
        (Image.fromarray(GREY).convert("RGB"), "PNG", GREY / 255),
        (Image.fromarray(GREY).convert("P"), "PNG", GREY / 255),
    ],
)
def test_grey_of_every_depth_is_the_same_brightness(image: Any, kind: str, values: Any) -> None:
    found = decode(saved(image, kind))
    assert len(found.pictures) == 1
    assert found.pictures[0].dtype == np.float32
    assert found.pictures[0] == pytest.approx(values, abs=1e-6)


def test_colours_of_a_palette_and_transparency_are_what_a_person_sees() -> None:
    paletted = Image.fromarray(np.array([[0, 1]], dtype=np.uint8), mode="P")
    paletted.putpalette([255, 0, 0, 0, 0, 255])
    found = decode(saved(paletted))
    assert found.pictures[0].tolist() == [[[1, 0, 0], [0, 0, 1]]]
    assert found.notes == ("colours looked up in the palette",)
    half = Image.fromarray(np.array([[[255, 255, 255, 255], [255, 255, 255, 0]]], dtype=np.uint8))
    found = decode(saved(half))
    assert found.pictures[0].tolist() == [[1, 0]]
    assert found.notes == ("transparent parts laid over black",)


def test_a_picture_is_turned_as_the_camera_noted() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90° clockwise
    for kind in ("PNG", "TIFF"):
        found = decode(saved(Image.fromarray(GREY), kind, exif=exif))
        assert found.pictures[0] == pytest.approx(np.rot90(GREY, -1) / 255)
        assert "EXIF" in found.notes[0]


def test_each_page_is_a_picture_or_the_first_alone() -> None:
    pages = [Image.fromarray(GREY), Image.fromarray(255 - GREY)]
    data = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    found = decode(data)
    assert found.places == ("page 1", "page 2")
    assert found.pictures[1] == pytest.approx(1 - GREY / 255)
    first = decode(data, each_page=False)
    assert first.places == ("",)
    assert first.notes == ("only the first of several pages was taken",)


def claims(width: int, height: int) -> bytes:
    """A PNG file of a few bytes that says it is as large as that."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    head = struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return b"\x89PNG\r\n\x1a\n" + head + struct.pack(">I", 2) + b"IDAT\0\0" + bytes(4)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "a.png: expected a picture (PNG, JPEG, TIFF or BMP), got none of these"),
        (
            b"GIF89a" + bytes(50),
            "a.png: expected a picture (PNG, JPEG, TIFF or BMP), got none of these",
        ),
        (saved(Image.fromarray(GREY.repeat(40, 1)), "JPEG")[:-60], "a.png: expected a picture"),
        (claims(40000, 40000), "a.png: expected at most 64 million pixels, got far more"),
        (claims(10000, 9000), "a.png: expected at most 64 million pixels, got 9000 × 10000"),
    ],
)
def test_what_is_broken_or_claims_too_much_is_one_line_with_its_name(data: bytes, said: str) -> None:
    with pytest.raises(BadInput) as error:
        decode(data)
    assert str(error.value).startswith(said)
    assert "\n" not in str(error.value)


def test_brightness_that_is_no_number_is_refused() -> None:
    odd = np.array([[1, np.nan]], dtype=np.float32)
    with pytest.raises(BadInput, match=r"^a\.png: expected finite brightness, got 1 pixels"):
        decode(saved(Image.fromarray(odd), "TIFF"))
