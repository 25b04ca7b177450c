"""NIfTI: slices of a volume across one axis of the body, whichever way it was stored."""

import gzip
import io
import zlib
from math import prod
from typing import Literal

import numpy as np

from escalation.model.errors import BadInput
from problems.prediction.sources.images.decoded import MOST_PIXELS, Decoded, guarded, refuse_large
from problems.prediction.sources.images.dicom import GET

AXES = ("sagittal", "coronal", "axial")
Axis = Literal["sagittal", "coronal", "axial"]
Slices = Literal["middle", "all"] | tuple[int, ...]
MOST_BYTES = 8 * MOST_PIXELS
"""Of a volume, unpacked."""


def decode(data: bytes, name: str, *, axis: Axis, slices: Slices) -> Decoded:
    """Returns slices of a volume, in its unit, top or front up; to the left the person's left, or the back.

    Args:
        data: of a file `.nii` or `.nii.gz`.
        name: of it, for complaints.
        axis: across which the slices lie, after the volume is turned to right, front, top.
        slices: the one in the middle, all, or those of these numbers, from 0 on.

    Raises:
        BadInput: on a file that is none, is broken, is no single volume, lacks a slice, or unpacks to more
            than `MOST_BYTES`.
    """
    try:
        import nibabel  # noqa: F401
    except ImportError:
        raise BadInput(f"reading NIfTI needs nibabel: {GET}") from None
    return guarded(name, "a NIfTI file", lambda: _decode(_unpacked(data, name), name, axis, slices))


def _unpacked(data: bytes, name: str) -> bytes:
    if data[:2] != b"\x1f\x8b":
        return data
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            found = file.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise BadInput(f"{name}: expected a NIfTI file, got one whose gzip is broken: {error}") from None
    if len(found) > MOST_BYTES:
        raise BadInput(f"{name}: expected at most {MOST_BYTES // 2**20} MiB unpacked, got more")
    return found


def _decode(data: bytes, name: str, axis: Axis, slices: Slices) -> Decoded:
    import nibabel

    kind = (
        nibabel.Nifti2Image if data[:4] in (b"\x1c\x02\x00\x00", b"\x00\x00\x02\x1c") else nibabel.Nifti1Image
    )
    image = kind.from_bytes(data)
    shape = tuple(int(size) for size in image.shape)
    if len(shape) < 3 or prod(shape[3:]) != 1:
        raise BadInput(
            f"{name}: expected one volume of three dimensions, got shape {' × '.join(map(str, shape))}: "
            "give one volume a file"
        )
    refuse_large(name, *shape[:3])
    turned = nibabel.as_closest_canonical(image)
    volume = np.asarray(turned.dataobj, dtype=np.float32).reshape(turned.shape[:3])
    place = AXES.index(axis)
    count = volume.shape[place]
    wanted = {"middle": (count // 2,), "all": tuple(range(count))}.get(str(slices), slices)
    for number in wanted:
        if not 0 <= int(number) < count:
            raise BadInput(f"{name}: expected slices from 0 to {count - 1} ({axis}), got {number}")
    pictures = [np.ascontiguousarray(np.rot90(volume.take(int(number), axis=place))) for number in wanted]
    places = tuple(f"slice {number}" for number in wanted) if len(wanted) > 1 else ("",)
    return Decoded(tuple(pictures), places)
