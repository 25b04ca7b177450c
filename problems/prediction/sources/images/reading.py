"""Pictures as rows: features of each, outcome and groups beside them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalation.inputs import user_files
from escalation.model.errors import BadInput
from escalation.model.identity import digest_bytes
from escalation.text.nearest import did_you_mean
from problems.prediction.sources.images.features.every import block_names
from problems.prediction.sources.images.gathering import Pictures, gather, of_one_size
from problems.prediction.sources.images.grouping import KEPT_TOGETHER, grouped
from problems.prediction.sources.images.listing import listing
from problems.prediction.sources.images.npz import Archive
from problems.prediction.sources.images.npz import read as read_archive
from problems.prediction.sources.images.spec import ImagesSpec
from problems.prediction.sources.making import FeatureWork, make_features
from problems.prediction.stated.spec import ColumnsSpec
from toolbox.arrays.types import Index
from toolbox.stats.splits import codes
from toolbox.tables.missing import Missing
from toolbox.tables.raw import Numbers, RawTable, Texts

FEATURES = "problems.prediction.sources.images.features.every:features"
CHUNK_BYTES = 4 * 2**20
"""Of pictures at their final size, at most in one chunk of features."""
CHUNK_PICTURES = 64
"""At most: some of the features take as long for a small picture."""
SEALED_PART = "test"


@dataclass(frozen=True)
class PictureRows:
    """Pictures and what is said of each."""

    pictures: Pictures
    where: tuple[str, ...]
    columns: Mapping[str, Texts | Numbers]
    files: Index
    persons: Index | None
    parts: tuple[str, ...] | None
    source: Mapping[str, Any]
    remarks: tuple[str, ...]
    decimal: str = "."
    commas: bool = False
    features: Mapping[str, Texts | Numbers] = field(default_factory=dict)


def read(spec: ImagesSpec, folder: Path, seed: int) -> tuple[RawTable, ColumnsSpec]:
    """See `SourceDescriptor.read`; chance plays no part."""
    rows = _of_archive(spec, folder) if spec.npz is not None else _of_folder(spec, folder)
    if spec.split == "file" and rows.parts is None:
        raise BadInput("split: expected parts train and test in the data, got none: leave `split` out")
    together = grouped(
        rows.pictures,
        rows.columns[spec.group] if spec.group is not None else None,
        rows.persons,
        rows.files,
        spec.twins_from if spec.twins == "grouped" else None,
    )
    group = spec.group or (KEPT_TOGETHER if together.values is not None else None)
    blocks = block_names(spec.features, _side(spec, rows.pictures), in_colour=rows.pictures.ndim == 4)
    work = feature_work(spec, _side(spec, rows.pictures))
    columns = features_of(work, rows.pictures, blocks)
    _refusetaken(columns, (*rows.columns, KEPT_TOGETHER))
    columns |= dict(rows.columns)
    if group is not None and together.values is not None:
        columns[group] = together.values
    roles = {spec.target, group, spec.time, *spec.columns}
    table = RawTable(
        columns,
        rows.where,
        {**rows.source, "made": _made(work, rows.pictures)},
        decimal=rows.decimal,
        commas=rows.commas,
        remarks=(*rows.remarks, *together.remarks),
        blocks=blocks,
        sealed=_sealed(spec, rows),
    )
    drop = tuple(name for name in rows.columns if name not in roles)
    return table, _columns_spec(spec, group, drop)


def _columns_spec(spec: ImagesSpec, group: str | None, drop: tuple[str, ...]) -> ColumnsSpec:
    """What is asked of rows stays as it is; columns are named."""
    shared = {
        name: getattr(spec, name) for name in ColumnsSpec.model_fields if name in ImagesSpec.model_fields
    }
    own = {"group": group, "drop": drop, "na_values": ()}
    return ColumnsSpec.model_construct(_fields_set=spec.model_fields_set | {"target"}, **(shared | own))


def feature_work(spec: ImagesSpec, side: int) -> FeatureWork:
    """The work that makes the features, with `side` pixels either way of the reduced picture."""
    return FeatureWork(FEATURES, params={"chosen": list(spec.features), "side": side})


def _made(work: FeatureWork, pictures: Pictures) -> dict[str, Any]:
    """What new pictures have to be brought to."""
    shape = [int(size) for size in pictures.shape[1:3]]
    return {"shape": shape, "colour": pictures.ndim == 4, "side": work.params["side"], "work": work.identity}


def features_of(
    work: FeatureWork, pictures: Pictures, blocks: Mapping[str, tuple[str, ...]]
) -> dict[str, Texts | Numbers]:
    """The features by name, in the order of the blocks."""
    rows = max(1, min(CHUNK_PICTURES, CHUNK_BYTES // pictures[0].nbytes))
    made = make_features(work, pictures, what="features of pictures", chunk_rows=rows)
    names = [name for block in blocks.values() for name in block]
    return {name: np.ascontiguousarray(made[:, place]) for place, name in enumerate(names)}


def _side(spec: ImagesSpec, pictures: Pictures) -> int:
    return min(spec.pixels, *map(int, pictures.shape[1:3]))


def _sealed(spec: ImagesSpec, rows: PictureRows) -> NDArray[np.bool_] | None:
    if spec.split == "ignored" or rows.parts is None:
        return None
    return np.array([part == SEALED_PART for part in rows.parts])


def _of_folder(spec: ImagesSpec, folder: Path) -> PictureRows:
    listed = listing(spec, folder)
    found = gather(listed, spec, folder)
    persons = None
    if found.persons:  # a file that does not say whose it is stands alone
        names = [found.persons.get(place, f"\0{place}") for place in found.file_of.tolist()]
        persons = codes(names)
    table = listed.table
    return PictureRows(
        found.pictures,
        found.where,
        {name: taken(values, found.file_of) for name, values in listed.columns.items()},
        codes(found.file_of.tolist()),
        persons,
        None if listed.parts is None else tuple(listed.parts[place] for place in found.file_of),
        {"pictures": Path(str(spec.folder)).name, "sha256": found.digest, "files": len(listed.names)},
        (*listed.remarks, *found.remarks),
        decimal="." if table is None else table.decimal,
        commas=table is not None and table.commas,
    )


def _of_archive(spec: ImagesSpec, folder: Path) -> PictureRows:
    path = folder / str(spec.npz)
    data = user_files.read_bytes(path, 2 * user_files.MOST_BYTES)
    archive = read_archive(data, path)
    pictures = in_unit(archive.pictures)
    sizes: Counter[tuple[int, ...]] = Counter(
        {(int(pictures.shape[1]), int(pictures.shape[2])): len(pictures)}
    )
    made, remarks = of_one_size(pictures, sizes, spec.size)
    wanted = (spec.target, spec.group, spec.time, *spec.columns, *spec.subgroups)
    columns = {name: column_of(archive, name, path) for name in dict.fromkeys(wanted) if name is not None}
    return PictureRows(
        made,
        tuple(f"picture {place}" for place in range(1, len(made) + 1)),
        columns,
        np.arange(len(made), dtype=np.intp),
        None,
        archive.parts,
        {"pictures": path.name, "sha256": digest_bytes(data)},
        remarks,
    )


def in_unit(pictures: NDArray[Any]) -> Pictures:
    """8 and 16 bits between 0 and 1, as those of files; other numbers as they are."""
    scale = {"uint8": 255, "uint16": 65535}.get(str(pictures.dtype), 1)
    if scale == 1:
        return pictures.astype(np.float32)
    return np.asarray(np.divide(pictures, np.float32(scale), dtype=np.float32))


def column_of(archive: Archive, name: str, path: Path) -> Texts | Numbers:
    """An array with a value for each picture, as a column."""
    if name not in archive.columns:
        raise BadInput(
            f"{user_files.shown(path)}: expected an array {name!r} with a value for each picture, got "
            f"{', '.join(archive.columns) or 'none'}{did_you_mean(name, list(archive.columns))}"
        )
    values = archive.columns[name]
    if values.dtype.kind == "U":
        missing = Missing((), (), ".")
        return [None if not text.strip() or missing(text) else text.strip() for text in values.tolist()]
    return values.astype(np.float64)


def taken(values: Texts | Numbers, places: Index) -> Texts | Numbers:
    """The values at some places."""
    return values[places] if isinstance(values, np.ndarray) else [values[place] for place in places]


def _refusetaken(features: Mapping[str, object], names: tuple[str, ...]) -> None:
    for name in names:
        if name in features:
            raise BadInput(f"column {name!r} has the name of a feature of pictures: rename it")
