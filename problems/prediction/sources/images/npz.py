"""Pictures in a NumPy archive, as MedMNIST has them: pictures, labels, and the parts they are in."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalation.model.errors import BadInput
from escalation.text.nearest import did_you_mean
from toolbox.arrays import npy
from toolbox.tables.packed import refuse_bomb

MOST_BYTES = 4 * 2**30
"""Of all arrays, unpacked."""
PARTS = ("train", "val", "test")
OPEN = ("train", "val")


@dataclass(frozen=True)
class Archive:
    """What an archive holds, a row a picture.

    Attributes:
        pictures: of shape (n, height, width) or (n, height, width, 3).
        columns: arrays of one value a picture, by name.
        parts: `train`, `val` or `test` of each; None where the archive does not say.
    """

    pictures: NDArray[Any]
    columns: Mapping[str, NDArray[Any]]
    parts: tuple[str, ...] | None


def read(data: bytes, path: Path) -> Archive:
    """Reads an archive: `images` and columns, or MedMNIST's `train_images`, `train_labels`, `test_…`.

    A column `split` of `images` says the part by name, or by number: 0 train, 1 val, 2 test.

    Raises:
        BadInput: on a file that is none, unpacks to more than `MOST_BYTES`, holds pickled objects, or whose
            arrays do not fit one another.
    """
    arrays = _arrays(data, path)
    if "images" in arrays:
        given = _pictures(path, "images", arrays.pop("images"))
        columns = {name: _column(path, name, found, len(given)) for name, found in arrays.items()}
        return Archive(given, columns, _parts(path, columns.pop("split")) if "split" in columns else None)
    present = [part for part in PARTS if f"{part}_images" in arrays]
    if not present:
        raise BadInput(
            f"{path}: expected an array `images`, or `train_images` and `test_images`, got "
            f"{', '.join(sorted(arrays)[:10]) or 'no array'}"
        )
    pictures = [_pictures(path, f"{part}_images", arrays[f"{part}_images"]) for part in present]
    if len({found.shape[1:] for found in pictures}) > 1:
        raise BadInput(
            f"{path}: expected pictures of one size in all parts, got {[p.shape[1:] for p in pictures]}"
        )
    names = {name.partition("_")[2] for name in arrays if name.partition("_")[0] in present} - {"images"}
    columns = {}
    for name in sorted(names):
        found = []
        for part, own in zip(present, pictures, strict=True):
            if f"{part}_{name}" not in arrays:
                raise BadInput(
                    f"{path}: expected an array `{part}_{name}` beside those of other parts, got none"
                )
            found.append(_column(path, f"{part}_{name}", arrays[f"{part}_{name}"], len(own)))
        columns["label" if name == "labels" else name] = np.concatenate(found)
    parts = tuple(part for part, own in zip(present, pictures, strict=True) for _ in range(len(own)))
    return Archive(np.concatenate(pictures), columns, parts if len(present) > 1 else None)


def _arrays(data: bytes, path: Path) -> dict[str, NDArray[Any]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            refuse_bomb(path, archive.infolist(), MOST_BYTES)
            return {
                member.filename.removesuffix(".npy"): _array(archive, member, path)
                for member in archive.infolist()
                if member.filename.endswith(".npy")
            }
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise BadInput(
            f"{path}: expected a NumPy archive (.npz), got a file that cannot be read: {error}"
        ) from None


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> NDArray[Any]:
    """What a member unpacks to is read no further than it claims, which was counted."""
    with archive.open(member) as file:
        content = file.read(member.file_size + 1)
    try:
        return npy.load(content, what=f"{path}, array {member.filename.removesuffix('.npy')!r}")
    except ValueError as error:
        raise BadInput(str(error)) from None


def _pictures(path: Path, name: str, found: NDArray[Any]) -> NDArray[Any]:
    if found.ndim == 4 and found.shape[3] == 1:
        found = found[..., 0]
    if found.ndim not in (3, 4) or (found.ndim == 4 and found.shape[3] != 3) or 0 in found.shape:
        raise BadInput(
            f"{path}: expected {name!r} of shape (pictures, height, width), or with three colours behind it, "
            f"got {found.shape}"
        )
    if found.dtype.kind not in "biuf":
        raise BadInput(f"{path}: expected {name!r} of numbers, got {found.dtype}")
    if found.dtype.kind == "f" and not np.isfinite(found).all():
        row = int(np.flatnonzero(~np.isfinite(found).reshape(len(found), -1).all(axis=1))[0])
        raise BadInput(
            f"{path}, picture {row + 1} of {name!r}: expected finite brightness, got NaN or infinity"
        )
    return found


def _column(path: Path, name: str, found: NDArray[Any], rows: int) -> NDArray[Any]:
    flat = found[:, 0] if found.ndim == 2 and found.shape[1] == 1 else found
    if flat.ndim != 1 or len(flat) != rows:
        raise BadInput(
            f"{path}: expected {name!r} to hold one value for each of {rows} pictures, got one of shape "
            f"{found.shape}"
        )
    if flat.dtype.kind not in "biufU":
        raise BadInput(f"{path}: expected {name!r} of numbers or texts, got {flat.dtype}")
    return flat


def _parts(path: Path, found: NDArray[Any]) -> tuple[str, ...]:
    said = [PARTS[int(v)] if str(v) in ("0", "1", "2") else str(v) for v in found.tolist()]
    for row, part in enumerate(said):
        if part not in PARTS:
            raise BadInput(
                f"{path}, picture {row + 1}: expected `split` as train, val or test (0, 1, 2), got {part!r}"
                f"{did_you_mean(part, PARTS)}"
            )
    return tuple(said)
