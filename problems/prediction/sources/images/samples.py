"""Small pictures in every kind of file, and what each field beside them changes."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from escalation.testing.sources import Source
from problems.prediction.sources.images.spec import ImagesSpec
from problems.prediction.sources.stating import of_two_classes
from toolbox.arrays.types import Bits

ROWS = 60
SIDE = 10
_SHORT: dict[str, Any] = {
    "features": ["wavelets", "pixels"],
    "pixels": 2,
    "target": "ill",
    "columns": ["ward"],
}
_EVERYWHERE = of_two_classes("detail down at 1 px") | {
    "positive": 0,
    "subgroups": ["ward"],
    "group": "patient",
    "time": "seen",
    "categorical": ["ward"],
    "size": 12,
    "twins": "ignored",
    "twins_from": 0.6,
}
_OF_FILES = {"file": "other", "na_values": [2]}
_OWN: Mapping[str, dict[str, Any]] = {
    "images": {"pages": "first"},
    "dicom": {"pages": "first", "window": "none"},
    "nifti": {"axis": "coronal", "slices": "all"},
}
_SUFFIXES = {"images": "tif", "dicom": "dcm", "nifti": "nii"}


def samples(folder: Path) -> tuple[Source, ...]:
    """Writes an archive, and folders of TIFF, DICOM and NIfTI files with a table of labels."""
    pictures, columns = _pictures(), _columns()
    split = np.repeat(["train", "val", "test"], [30, 4, ROWS - 34])
    np.savez(folder / "p.npz", images=pictures, split=split, **columns)
    archive = {"npz": f"{folder.name}/p.npz", **_SHORT}
    found = [Source("npz", ImagesSpec, archive, _EVERYWHERE | {"split": "file"})]
    for kind, own in _OWN.items():
        _write(folder, kind, pictures, columns)
        given = {kind: f"{folder.name}/{kind}", "labels": f"{folder.name}/{kind}.csv", **_SHORT}
        found.append(Source(kind, ImagesSpec, given, _EVERYWHERE | _OF_FILES | own))
    return tuple(found)


def _write(folder: Path, kind: str, pictures: Bits, columns: Mapping[str, Any]) -> None:
    names = [f"{place}.{_SUFFIXES[kind]}" for place in range(ROWS)]
    (folder / kind).mkdir()
    for place, (name, picture) in enumerate(zip(names, pictures, strict=True)):
        data = {"images": _tiff, "dicom": dicom_file, "nifti": _nifti}[kind](picture, twice=place == 0)
        (folder / kind / name).write_bytes(data)
    lines = [f"file,other,{','.join(columns)},note"]
    for place, row in enumerate(zip(*columns.values(), strict=True)):
        marked = [str(value) for value in row]
        lines.append(f"{names[place]},{names[place - 1]},{','.join(marked)},")
    (folder / f"{kind}.csv").write_text("\n".join(lines) + "\n")


def _columns() -> dict[str, Any]:
    rng = np.random.default_rng(2)
    return {
        "ill": np.arange(ROWS) % 2,
        "patient": np.r_[np.arange(12) // 2, 12:ROWS],
        "seen": np.arange(ROWS) * 7 % ROWS,
        "ward": rng.integers(1, 5, ROWS),
    }


def _pictures() -> Bits:
    """A few pairs are twins, many pictures are alike."""
    rng = np.random.default_rng(1)
    base = rng.uniform(0, 200, size=(ROWS, SIDE, SIDE))
    base[1:40:2] = 0.8 * base[0:40:2] + 0.4 * base[1:40:2]
    base[-2] = base[-1] * 0.9
    return base.round().astype(np.uint8)


def _tiff(picture: Bits, *, twice: bool) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    more = [Image.fromarray(picture[::-1].copy())] if twice else []
    Image.fromarray(picture).save(buffer, "TIFF", save_all=True, append_images=more)
    return buffer.getvalue()


def dicom_file(picture: Bits, *, twice: bool = False, **tags: Any) -> bytes:
    """A picture of 8 bits with a window, and what else is to be said of it; two frames where `twice`."""
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "1.2.3"
    found = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    found.Rows, found.Columns = picture.shape
    found.SamplesPerPixel, found.PhotometricInterpretation = 1, "MONOCHROME2"
    found.BitsAllocated = found.BitsStored = 8
    found.HighBit, found.PixelRepresentation = 7, 0
    found.WindowCenter, found.WindowWidth = "100", "150"
    found.PixelData = picture.tobytes() + (picture[::-1].tobytes() if twice else b"")
    if twice:
        found.NumberOfFrames = "2"
    for name, value in tags.items():
        setattr(found, name, value)
    buffer = io.BytesIO()
    found.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _nifti(picture: Bits, *, twice: bool) -> bytes:
    import nibabel

    volume = np.stack([picture, picture.T, picture[::-1]], axis=2) if not twice else picture[:, :, None]
    data: bytes = nibabel.Nifti1Image(
        np.ascontiguousarray(np.resize(volume, (SIDE, SIDE, 8))), np.eye(4)
    ).to_bytes()
    return data
