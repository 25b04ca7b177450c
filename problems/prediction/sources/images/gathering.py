"""Pictures of many files, of one size in the end, and what is to be said of how they came to it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalation.inputs import user_files
from escalation.model.complaints import apart, settle, so_far
from escalation.model.errors import BadInput
from escalation.model.identity import digest_bytes, digest_json
from escalation.text.wording import counted
from problems.prediction.sources.images import dicom, nifti, raster
from problems.prediction.sources.images.decoded import Decoded
from problems.prediction.sources.images.features.every import LEAST_SIDE
from problems.prediction.sources.images.listing import Listing, kind_of
from problems.prediction.sources.images.resampling import resample
from problems.prediction.sources.images.spec import ImagesSpec

MOST_SIDE = 128
"""Pixels either way where nothing is said of the size and pictures differ, or are larger."""
MOST_BYTES = 256 * 2**20
"""Of one file."""
MOST_GATHERED = 4 * 2**30
"""Bytes of all pictures at their final size."""

Pictures = NDArray[np.float32]


@dataclass
class Gathered:
    """Rows of pictures.

    Attributes:
        pictures: of shape (n, height, width) or (n, height, width, 3).
        file_of: the place of each picture's file in the listing, shape (n,).
        where: how each is named to people.
        persons: by place of a file, whom it says it is of; to be numbered, never shown.
        digest: of all files, in order.
        remarks: what a reader should know.
    """

    pictures: Pictures
    file_of: NDArray[np.intp]
    where: tuple[str, ...]
    persons: dict[int, str]
    digest: str
    remarks: tuple[str, ...]


@dataclass
class _Found:
    """What the files gave so far."""

    pictures: list[Pictures] = field(default_factory=list)
    sizes: Counter[tuple[int, ...]] = field(default_factory=Counter)
    file_of: list[int] = field(default_factory=list)
    where: list[str] = field(default_factory=list)
    persons: dict[int, str] = field(default_factory=dict)
    digests: list[str] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)
    tags: Counter[str] = field(default_factory=Counter)
    bytes: int = 0


def gather(listed: Listing, spec: ImagesSpec, folder: Path, shape: tuple[int, int] | None = None) -> Gathered:
    """Reads all files.

    Args:
        listed: the files.
        spec: how they are read.
        folder: where paths start.
        shape: height and width that are wanted of all pictures, whatever `spec` says of their size.

    Raises:
        BadInput: that names the first file that is broken, or of which there would be too much.
    """
    found, since = _Found(), so_far()
    for place, name in enumerate(listed.names):
        with apart():
            path = folder / str(spec.folder) / name
            data = user_files.read_bytes(path, MOST_BYTES)
            found.digests.append(digest_bytes(data))
            decoded = _decoded(data, user_files.shown(path), spec)
            _add(found, place, listed.where[place], decoded, shape or spec.size)
    settle(since)
    if shape is None:
        pictures, said = of_one_size(found.pictures, found.sizes, spec.size)
    else:
        pictures, said = _stacked(found.pictures, *shape), resampled(found.sizes, shape)
    return Gathered(
        pictures,
        np.array(found.file_of, dtype=np.intp),
        tuple(found.where),
        found.persons,
        digest_json(found.digests),
        (*_notes(found, len(listed.names)), *said),
    )


def _decoded(data: bytes, name: str, spec: ImagesSpec) -> Decoded:
    kind = kind_of(spec)
    if kind == "dicom":
        return dicom.decode(data, name, window=spec.window, each_page=spec.pages == "each")
    if kind == "nifti":
        return nifti.decode(data, name, axis=spec.axis, slices=spec.slices)
    return raster.decode(data, name, each_page=spec.pages == "each")


def _add(found: _Found, place: int, where: str, decoded: Decoded, size: int | tuple[int, int] | None) -> None:
    side = size or MOST_SIDE
    wanted = (side, side) if isinstance(side, int) else side
    for picture, which in zip(decoded.pictures, decoded.places, strict=True):
        height, width = picture.shape[:2]
        found.sizes[height, width] += 1
        # what is reduced in any case is so at once: 10,000 pictures of a megapixel would fill the memory
        reduced = size is not None or max(height, width) > MOST_SIDE
        found.pictures.append(to_size(picture[None], *wanted)[0] if reduced else picture)
        found.bytes += found.pictures[-1].nbytes
        if found.bytes > MOST_GATHERED:
            raise BadInput(
                f"{where}: expected at most {MOST_GATHERED // 2**30} GiB of pictures, got more: "
                "state a smaller `size`"
            )
        found.file_of.append(place)
        found.where.append(f"{where}, {which}" if which else where)
    found.notes.update(decoded.notes)
    found.tags.update(decoded.tags)
    if decoded.person is not None:
        found.persons[place] = decoded.person


def of_one_size(
    pictures: list[Pictures] | Pictures, sizes: Counter[tuple[int, ...]], size: int | None
) -> tuple[Pictures, tuple[str, ...]]:
    """Returns pictures of one size, all in colour if one is, and what is said of that.

    Raises:
        BadInput: when they are too small for their features.
    """
    alike = len(sizes) == 1
    height, width = next(iter(sizes))
    if size is None and alike and max(height, width) <= MOST_SIDE:
        if min(height, width) < LEAST_SIDE:
            raise BadInput(
                f"expected pictures of at least {LEAST_SIDE} pixels either way, got {height} × {width}: "
                "state a `size`"
            )
        return _stacked(pictures, height, width), ()
    side = size or MOST_SIDE
    made = _stacked(pictures, side, side)
    if alike and (height, width) == (side, side):
        return made, ()
    least, most = (f"{h} × {w}" for h, w in (min(sizes), max(sizes)))
    shown = least if alike else f"{len(sizes)} sizes, {least} to {most},"
    stretched = sum(count for (h, w), count in sizes.items() if h != w)
    square = f"; {counted(stretched, 'picture was', 'pictures were')} not square and changed proportions"
    return made, (f"pictures of {shown} resampled to {side} × {side} pixels{square if stretched else ''}",)


def resampled(sizes: Counter[tuple[int, ...]], shape: tuple[int, int]) -> tuple[str, ...]:
    """What is said of pictures of other sizes than the wanted one."""
    others = sum(count for size, count in sizes.items() if size != shape)
    height, width = shape
    made = counted(others, "picture of another size was", "pictures of other sizes were")
    return (f"{made} resampled to {height} × {width} pixels",) if others else ()


def to_size(pictures: NDArray[Any], height: int, width: int) -> Pictures:
    """Resamples pictures of shape (n, …, …) or (n, …, …, 3)."""
    if pictures.shape[1:3] == (height, width):
        return pictures.astype(np.float32, copy=False)
    if pictures.ndim == 3:
        return resample(pictures, height, width).astype(np.float32)
    return np.stack([to_size(pictures[..., c], height, width) for c in range(3)], axis=-1)


def _stacked(pictures: list[Pictures] | Pictures, height: int, width: int) -> Pictures:
    if isinstance(pictures, np.ndarray):
        return to_size(pictures, height, width)
    colour = any(picture.ndim == 3 for picture in pictures)
    shape = (len(pictures), height, width, *((3,) if colour else ()))
    made = np.empty(shape, dtype=np.float32)
    for place, picture in enumerate(pictures):
        fitted = to_size(picture[None], height, width)[0]
        made[place] = fitted[..., None] if colour and fitted.ndim == 2 else fitted
    return made


def _notes(found: _Found, files: int) -> Iterator[str]:
    for note, count in sorted(found.notes.items()):
        yield f"{counted(count, 'file', 'files')} of {files}: {note}"
    if found.tags:
        shown = ", ".join(f"{tag} ({count})" for tag, count in sorted(found.tags.items()))
        yield f"tags that say who somebody is were passed over, and nothing of them is kept: {shown}"
    if found.persons:
        people = len(set(found.persons.values()))
        yield f"{counted(people, 'patient', 'patients')} told apart by PatientID, which is not kept"
