"""New pictures for a model of pictures: brought to the size and colours of those, described alike."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from escalation.inputs import user_files
from escalation.text.wording import counted
from problems.prediction.sources.images.features.every import block_names, grey_of
from problems.prediction.sources.images.gathering import Pictures, gather, resampled, to_size
from problems.prediction.sources.images.listing import unlabelled
from problems.prediction.sources.images.npz import read as read_archive
from problems.prediction.sources.images.reading import (
    column_of,
    feature_work,
    features_of,
    in_unit,
    taken,
)
from problems.prediction.sources.images.spec import ImagesSpec
from problems.prediction.sources.making import changed
from problems.prediction.sources.new_data import Learnt
from toolbox.tables.any_file import PARQUET
from toolbox.tables.raw import Numbers, RawTable, Texts

ARCHIVE, TABLE = ".npz", (".csv", *PARQUET)


@dataclass(frozen=True)
class _Found:
    pictures: Pictures
    where: tuple[str, ...]
    columns: dict[str, Texts | Numbers]
    remarks: tuple[str, ...]
    decimal: str = "."
    commas: bool = False


def read_new(spec: ImagesSpec, folder: Path, learnt: Learnt) -> RawTable:
    """See `SourceDescriptor.read_new`: an archive, a folder, one file, or a table that names them."""
    made = learnt.made()
    height, width = made["shape"]
    path = str(spec.npz or spec.folder)
    if path.lower().endswith(ARCHIVE):
        found = _of_archive(spec, folder / path, (height, width))
    else:
        found = _of_files(spec, folder, path, (height, width))
    pictures, said = _in_colours(found.pictures, in_colour=made["colour"])
    blocks = block_names(spec.features, made["side"], in_colour=made["colour"])
    work = feature_work(spec, made["side"])
    return RawTable(
        found.columns | features_of(work, pictures, blocks),
        found.where,
        {},
        decimal=found.decimal,
        commas=found.commas,
        remarks=(*found.remarks, *said, *changed(work, made["work"])),
        blocks=blocks,
    )


def _of_archive(spec: ImagesSpec, path: Path, shape: tuple[int, int]) -> _Found:
    archive = read_archive(user_files.read_bytes(path, 2 * user_files.MOST_BYTES), path)
    pictures = in_unit(archive.pictures)
    sizes: Counter[tuple[int, ...]] = Counter(
        {(int(pictures.shape[1]), int(pictures.shape[2])): len(pictures)}
    )
    where = tuple(f"picture {place}" for place in range(1, len(pictures) + 1))
    columns = {name: column_of(archive, name, path) for name in spec.columns}
    return _Found(to_size(pictures, *shape), where, columns, resampled(sizes, shape))


def _of_files(spec: ImagesSpec, folder: Path, path: str, shape: tuple[int, int]) -> _Found:
    kind = next((name for name in ("dicom", "nifti") if getattr(spec, name) is not None), "images")
    named = path.lower().endswith(TABLE)
    own = {"labels": path, kind: str(Path(path).parent)} if named else {kind: path}
    spec = spec.model_copy(update={"npz": None, **own})
    listed = unlabelled(spec, folder)
    found, table = gather(listed, spec, folder, shape), listed.table
    return _Found(
        found.pictures,
        found.where,
        {name: taken(values, found.file_of) for name, values in listed.columns.items()},
        (*listed.remarks, *found.remarks),
        decimal="." if table is None else table.decimal,
        commas=table is not None and table.commas,
    )


def _in_colours(pictures: Pictures, *, in_colour: bool) -> tuple[Pictures, tuple[str, ...]]:
    """Pictures in colour or grey, as those that were learnt from."""
    if in_colour == (pictures.ndim == 4):
        return pictures, ()
    count = counted(len(pictures), "picture", "pictures")
    if in_colour:
        said = f"{count} without colours, unlike those that were learnt from"
        return np.repeat(pictures[..., None], 3, axis=3), (said,)
    grey = grey_of(pictures.astype(np.float64)).astype(np.float32)
    return grey, (f"{count} in colour taken by their brightness, as the model learnt from grey ones",)
