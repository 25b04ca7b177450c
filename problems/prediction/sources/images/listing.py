"""Which files there are and what is said of them: by the sub-folders they are in, or by a table of labels."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from escalation.inputs import user_files
from escalation.model.errors import BadInput
from escalation.text.visible import visible
from escalation.text.wording import counted
from problems.prediction.sources.images.npz import PARTS
from problems.prediction.sources.images.spec import ImagesSpec
from toolbox.tables.any_file import read_any
from toolbox.tables.raw import Numbers, RawTable, Texts

SUFFIXES: Mapping[str, tuple[str, ...]] = {
    "images": (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp"),
    "dicom": (".dcm", ".dicom", ".ima", ""),
    "nifti": (".nii", ".nii.gz"),
}
"""Of the names of files that are pictures, by the field that names their folder."""
_PARTS = {"training": "train", "valid": "val", "validation": "val", "testing": "test"} | {p: p for p in PARTS}
CLASS = "label"


@dataclass(frozen=True)
class Listing:
    """Files, in order, and columns of one value a file.

    Attributes:
        names: relative to the folder.
        where: how each is named to people; of patients' files by no name.
        columns: by name.
        parts: `train`, `val` or `test` of each; None where the folders do not say.
        table: the table of labels, if there is one.
        remarks: what a reader should know.
    """

    names: tuple[str, ...]
    where: tuple[str, ...]
    columns: Mapping[str, Texts | Numbers]
    parts: tuple[str, ...] | None = None
    table: RawTable | None = None
    remarks: tuple[str, ...] = ()


def listing(spec: ImagesSpec, folder: Path) -> Listing:
    """Lists the files of the folder that a problem names.

    Raises:
        BadInput: on a missing folder, no file of the kind, a file beside the classes' folders, a table that
            names a file twice or outside the folder, or lacks a column.
    """
    if spec.labels is None:
        return _by_folders(spec, folder)
    wanted = (spec.file, spec.target, spec.group, spec.time, *spec.columns, *spec.subgroups)
    return _by_table(spec, folder, wanted)


def unlabelled(spec: ImagesSpec, folder: Path) -> Listing:
    """Lists the files of which nothing has to be known: those of a folder, a single one, or those of a table.

    Raises:
        BadInput: on a missing folder, or no file of the kind.
    """
    if spec.labels is not None:
        return _by_table(spec, folder, (spec.file, *spec.columns))
    kind, root = kind_of(spec), folder / str(spec.folder)
    present = (".",) if root.is_file() else user_files.names_below(root)
    names = [name for name in present if name == "." or is_picture(kind, name)]
    if not names:
        raise BadInput(f"{user_files.shown(root)}: expected {_kinds(kind)} files, got none")
    shown = [root.name if name == "." else name for name in names]
    return Listing(tuple(names), _where(kind, shown), {}, remarks=_others(present, names))


def kind_of(spec: ImagesSpec) -> str:
    """The field that names the folder."""
    return next(name for name in SUFFIXES if getattr(spec, name) is not None)


def is_picture(kind: str, name: str) -> bool:
    """Whether a file's name is that of a picture of the kind."""
    base = PurePosixPath(name).name.lower()
    if kind == "nifti":
        return base.endswith(SUFFIXES[kind])
    suffix = PurePosixPath(base).suffix
    numbered = suffix[1:].isdigit() or base.replace(".", "").isdigit()  # 1.2.840.…: named by their UID
    return base != "dicomdir" and (suffix in SUFFIXES[kind] or (kind == "dicom" and numbered))


def _by_folders(spec: ImagesSpec, folder: Path) -> Listing:
    kind, root = kind_of(spec), folder / str(spec.folder)
    present = user_files.names_below(root)
    names = [name for name in present if is_picture(kind, name)]
    shown = user_files.shown(root)
    if not names:
        raise BadInput(f"{shown}: expected {_kinds(kind)} files in sub-folders, one a class, got none")
    tops = [PurePosixPath(name).parts for name in names]
    loose = next((name for name, parts in zip(names, tops, strict=True) if len(parts) < 2), None)
    if loose is not None:
        raise BadInput(
            f"{shown}: expected every file in a sub-folder that is its class, got {visible(loose)} beside "
            "them: give a table of `labels`, or move it"
        )
    split = {parts[0].lower() for parts in tops} <= set(_PARTS) and all(len(parts) > 2 for parts in tops)
    classes: Texts = [parts[1] if split else parts[0] for parts in tops]
    parts = tuple(_PARTS[each[0].lower()] for each in tops) if split else None
    where = _where(kind, names)
    return Listing(tuple(names), where, {CLASS: classes}, parts, remarks=_others(present, names))


def _by_table(spec: ImagesSpec, folder: Path, wanted: tuple[str | None, ...]) -> Listing:
    path = folder / str(spec.labels)
    shown = user_files.shown(path)
    table = read_any(path, spec.na_values)
    for name in wanted:
        if name is not None and name not in table.columns:
            raise BadInput(f"{shown}: expected a column {name!r}, got {', '.join(list(table.columns)[:20])}")
    given = table.columns[spec.file]
    if isinstance(given, np.ndarray):
        raise BadInput(f"{shown}: column {spec.file!r}: expected names of files, got numbers")
    names, seen = [], dict[str, str]()
    for name, place in zip(given, table.where, strict=True):
        names.append(_inside(name, f"{shown}, {place}"))
        if names[-1] in seen:
            raise BadInput(
                f"{shown}, {place}: {visible(names[-1])} is named twice, first in {seen[names[-1]]}"
            )
        seen[names[-1]] = place
    kept = {name: table.columns[name] for name in dict.fromkeys(wanted) if name not in (None, spec.file)}
    columns = {str(name): values for name, values in kept.items()}
    hidden = kind_of(spec) != "images"
    where = [
        place if hidden else f"{place} ({visible(name)})"
        for name, place in zip(names, table.where, strict=True)
    ]
    return Listing(tuple(names), tuple(where), columns, table=table, remarks=table.remarks)


def _inside(name: str | None, place: str) -> str:
    """A name in the folder, however it is spelt."""
    if name is None:
        raise BadInput(f"{place}: expected the name of a file, got a missing value")
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise BadInput(f"{place}: expected the name of a file in the folder, got {visible(name)}")
    return str(path)


def _where(kind: str, names: list[str]) -> tuple[str, ...]:
    """Names of patients' files are often those of patients."""
    if kind != "images":
        return tuple(f"picture {place}" for place in range(1, len(names) + 1))
    return tuple(f"picture {visible(name)}" for name in names)


def _others(present: tuple[str, ...], names: list[str]) -> tuple[str, ...]:
    count = len(present) - len(names)
    return (f"{counted(count, 'file', 'files')} of other kinds left out",) if count else ()


def _kinds(kind: str) -> str:
    return ", ".join(suffix for suffix in SUFFIXES[kind] if suffix)
