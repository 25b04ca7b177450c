"""New samples for a model of an omics: the same features by name, on the same scale, none screened out."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from escalation.model.errors import BadInput
from problems.prediction.sources.new_data import Learnt
from problems.prediction.sources.omics.joining import join
from problems.prediction.sources.omics.matrix import read_new_matrix
from problems.prediction.sources.omics.measured import Matrix
from problems.prediction.sources.omics.plink import read_plink
from problems.prediction.sources.omics.reading import (
    columns_of,
    people_of,
    read_one,
    units_of,
)
from problems.prediction.sources.omics.spec import MATRICES, OmicsSpec, ends
from problems.prediction.sources.omics.units import in_logarithms
from toolbox.arrays.types import Index
from toolbox.tables.raw import Numbers, RawTable, Texts


def read_new(spec: OmicsSpec, folder: Path, learnt: Learnt) -> RawTable:
    """See `SourceDescriptor.read_new`; a new file stands for the one in its place, whatever its name."""
    assert isinstance(learnt.spec, OmicsSpec)
    old = [_stem(path) for path in learnt.spec.paths]
    if len(spec.paths) != len(old):
        raise BadInput(
            f"expected {len(old)} files, as the model was learnt from ({', '.join(old)}), got "
            f"{len(spec.paths)}: list them in this order in a YAML file, under `omics`"
        )
    several = len(old) > 1
    read = [
        replace(_read(spec, folder / path, _own(learnt.features, name if several else "")), name=name)
        for path, name in zip(spec.paths, old, strict=True)
    ]
    people = people_of(spec, folder) if spec.samples is not None else None
    ids = people.ids if people else tuple(dict.fromkeys(each for one in read for each in one.samples))
    joined = join(ids, read, in_all=spec.people == "in_all")
    columns: dict[str, Texts | Numbers] = {}
    for name, values in (people.columns if people else read[0].about).items():
        if people or read[0].samples == ids:
            columns[name] = _at(values, joined.rows)
    blocks = {}
    remarks = [*joined.remarks, *_of_totals(learnt, spec, read)]
    for each, unit in zip(joined.omics, units_of(spec, read), strict=True):
        found = each if unit is None else in_logarithms(each, unit)
        names = tuple(f"{found.name}.{name}" if several else name for name in found.features)
        columns |= dict(zip(names, columns_of(found), strict=True))
        blocks[found.name] = names
        remarks += found.remarks
    where = tuple(f"sample {ids[row]}" for row in joined.rows)
    if people is None:
        return RawTable(columns, where, {}, remarks=tuple(remarks), blocks=blocks)
    return RawTable(
        columns,
        where,
        {},
        decimal=people.decimal,
        commas=people.commas,
        remarks=(*people.remarks, *remarks),
        blocks=blocks,
    )


def _stem(path: str) -> str:
    """What a file's omics was called."""
    name = Path(path).name
    return name.split(".vcf")[0] if ends(name, (".vcf.gz", ".vcf.bgz")) else Path(name).stem


def _own(features: Collection[str], name: str) -> list[str]:
    start = f"{name}." if name else ""
    return [each[len(start) :] for each in features if each.startswith(start)]


def _read(spec: OmicsSpec, path: Path, features: Collection[str]) -> Matrix:
    if ends(path.name, (".bed",)):
        return read_plink(path, features)
    if ends(path.name, MATRICES) and spec.samples_in is None:
        return read_new_matrix(path, features, tuple(map(str, spec.na_values)))
    return read_one(spec, path, ())


def _of_totals(learnt: Learnt, spec: OmicsSpec, read: list[Matrix]) -> list[str]:
    """Counts are put in relation to their sample's total: over other features it is another one."""
    measured = learnt.source.get("made", {}).get("measured", ())
    units = units_of(spec, read)
    return [
        f"{each.name}: the totals of {len(each.features)} features, where the model's were of {then}: counts "
        "per million may differ"
        for each, unit, then in zip(read, units, measured, strict=False)
        if unit == "counts" and then != len(each.features)
    ]


def _at(values: Texts | Numbers, rows: Index) -> Texts | Numbers:
    return [values[row] for row in rows] if isinstance(values, list) else values[rows]
