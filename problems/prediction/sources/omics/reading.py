"""From the files of an omics to one table: read, joined by the ids of samples, in logarithms, screened."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from escalation.model.errors import BadInput
from escalation.model.identity import digest_json
from escalation.text.nearest import did_you_mean
from escalation.text.wording import counted, listed
from problems.prediction.sources.omics.h5ad import read_h5ad
from problems.prediction.sources.omics.joining import JoinedOmics, join
from problems.prediction.sources.omics.matrix import read_matrix
from problems.prediction.sources.omics.measured import Matrix
from problems.prediction.sources.omics.plink import read_plink
from problems.prediction.sources.omics.screens import Screens, screened
from problems.prediction.sources.omics.spec import ANNDATA, GENOTYPES, RARE, OmicsSpec, check_fields, ends
from problems.prediction.sources.omics.units import Units, in_logarithms
from problems.prediction.sources.omics.vcf import read_vcf
from problems.prediction.stated.spec import ColumnsSpec
from problems.prediction.tables.column_types import as_texts
from toolbox.tables.any_file import read_any
from toolbox.tables.raw import Numbers, RawTable, Texts

FAMILY = "family"


@dataclass(frozen=True)
class People:
    """The table of samples.

    Attributes:
        ids: of its rows, no two alike.
        columns: the others, by name.
        sha256: of its file, by name; empty where an omics came with it.
        remarks: what was assumed.
        decimal: the mark that its numbers have.
    """

    ids: tuple[str, ...]
    columns: Mapping[str, Texts | Numbers]
    sha256: Mapping[str, str]
    remarks: tuple[str, ...] = ()
    decimal: str = "."
    commas: bool = False


def read(spec: OmicsSpec, folder: Path, seed: int) -> tuple[RawTable, ColumnsSpec]:
    """Reads the omics of some people and what the table of samples says of them, a row for each.

    Raises:
        BadInput: with one line, which names the file and, where there is one, the line or sample.
    """
    check_fields(spec)
    people = people_of(spec, folder) if spec.samples is not None else None
    found = [read_one(spec, folder / path, people.ids if people else ()) for path in spec.paths]
    people = people or _own(spec, found)
    joined = join(people.ids, found, in_all=spec.people == "in_all")
    units = units_of(spec, found)
    screens = Screens(
        spec.most_missing,
        RARE if spec.least_allele_frequency is None else spec.least_allele_frequency,
        spec.most_features,
    )
    kept = [
        screened(each if unit is None else in_logarithms(each, unit), screens)
        for each, unit in zip(joined.omics, units, strict=True)
    ]
    made = {"measured": [len(each.features) for each in found]}
    table, columns = _table(spec, people, joined, kept)
    return replace(table, source={**table.source, "made": made}), columns


def read_one(spec: OmicsSpec, path: Path, ids: tuple[str, ...]) -> Matrix:
    """Reads a file, by what its name ends with."""
    name = path.name
    if ends(name, ANNDATA):
        return read_h5ad(path, spec.layer)
    if ends(name, GENOTYPES):
        return read_plink(path) if ends(name, (".bed",)) else read_vcf(path)
    return read_matrix(path, ids, spec.samples_in, tuple(map(str, spec.na_values)))


def units_of(spec: OmicsSpec, found: list[Matrix]) -> list[Units | None]:
    """The unit of each file, None of genotypes."""
    numbers = sum(not each.genotypes for each in found)
    said = iter(spec.units if isinstance(spec.units, tuple) else (spec.units,) * numbers)
    return [None if each.genotypes else next(said) for each in found]


def people_of(spec: OmicsSpec, folder: Path) -> People:
    """Reads the table of samples.

    Raises:
        BadInput: when it has no ids, or one of them twice.
    """
    path = folder / str(spec.samples)
    table = read_any(path, spec.na_values)
    name, remarks = spec.sample_id, table.remarks
    if name is None:
        name = next((each for each, values in table.columns.items() if _distinct(values)), None)
        if name is None:
            raise BadInput(f"{path}: expected a column of distinct ids, got none: name one as `sample_id`")
        remarks = (*remarks, f"{path.name}: column {name!r} is taken for the ids of the samples")
    if name not in table.columns:
        known = list(table.columns)
        raise BadInput(
            f"sample_id: {path} has no column {name!r}: {listed(known)}{did_you_mean(name, known)}"
        )
    ids = as_texts(table.columns[name])
    _check_ids(path, name, ids, table.where)
    own = {name} - {spec.target, spec.group, spec.time, *spec.drop, *spec.subgroups, *spec.categorical}
    columns = {each: values for each, values in table.columns.items() if each not in own}
    sha256 = {path.name: str(table.source["sha256"])}
    return People(tuple(map(str, ids)), columns, sha256, remarks, table.decimal, table.commas)


def _distinct(values: Texts | Numbers) -> bool:
    texts = as_texts(values)
    return None not in texts and len(set(texts)) == len(texts)


def _check_ids(path: Path, name: str, ids: Texts, where: tuple[str, ...]) -> None:
    first: dict[str, str] = {}
    for place, text in zip(where, ids, strict=True):
        if text is None:
            raise BadInput(f"{path}, {place}, column {name!r}: expected the sample's id, got a missing value")
        if text in first:
            raise BadInput(
                f"{path}, {place}, column {name!r}: expected each sample once, got {text!r} also at "
                f"{first[text]}: "
                "give the samples of a person ids of their own, and name the person's column as `group`"
            )
        first[text] = place


def _own(spec: OmicsSpec, found: list[Matrix]) -> People:
    """The table that the first omics has which has one; without those whose outcome is unknown."""
    first = next(each for each, path in zip(found, spec.paths, strict=True) if ends(path, (*ANNDATA, ".bed")))
    if spec.target not in first.about:
        raise BadInput(
            f"target: expected a column that comes with {first.name}: "
            f"{listed(list(first.about)) or 'it has none'}; "
            f"got {spec.target!r}{did_you_mean(spec.target, list(first.about))}; or name a table as `samples`"
        )
    known = np.array([text is not None for text in as_texts(first.about[spec.target])])
    rows = np.flatnonzero(known)
    remarks: tuple[str, ...] = ()
    if lost := len(known) - len(rows):
        remarks = (f"{first.name}: {counted(lost, 'sample', 'samples')} without {spec.target} left out",)
    columns = {
        name: values[rows] if isinstance(values, np.ndarray) else [values[row] for row in rows]
        for name, values in first.about.items()
    }
    return People(tuple(first.samples[row] for row in rows), columns, {}, remarks)


def _table(
    spec: OmicsSpec, people: People, joined: JoinedOmics, kept: list[Matrix]
) -> tuple[RawTable, ColumnsSpec]:
    rows = joined.rows
    columns: dict[str, Texts | Numbers] = {
        name: values[rows] if isinstance(values, np.ndarray) else [values[row] for row in rows]
        for name, values in people.columns.items()
    }
    columns, spec, told = _families(columns, spec, kept)
    blocks = {}
    for each in kept:
        names = [f"{each.name}.{name}" if len(kept) > 1 else name for name in each.features]
        for name in names:
            if name in columns:
                raise BadInput(
                    f"{each.name}: feature {name!r} has the name of a column of the table of samples: "
                    "rename either"
                )
        columns |= dict(zip(names, columns_of(each), strict=True))
        blocks[each.name] = tuple(names)
    files = dict(people.sha256)
    for each in kept:
        files |= each.sha256
    source = {
        "omics": listed([Path(path).name for path in spec.paths]),
        "files": files,
        "sha256": digest_json(files),
    }
    remarks = (*people.remarks, *joined.remarks, *told, *(said for each in kept for said in each.remarks))
    where = tuple(f"sample {people.ids[row]}" for row in rows)
    return (
        RawTable(
            columns,
            where,
            source | ({"samples": Path(spec.samples).name} if spec.samples else {}),
            decimal=people.decimal,
            commas=people.commas,
            remarks=remarks,
            blocks=blocks,
        ),
        spec,
    )


def columns_of(found: Matrix) -> list[Numbers]:
    """The values of each feature, NaN where one is missing."""
    values = np.asarray(found.values, dtype=np.float64).T
    if found.genotypes:
        values = np.where(values < 0, np.nan, values)
    return list(np.ascontiguousarray(values))


def _families(
    columns: dict[str, Texts | Numbers], spec: OmicsSpec, kept: list[Matrix]
) -> tuple[dict[str, Texts | Numbers], OmicsSpec, tuple[str, ...]]:
    """Relatives stay together where genotypes say who they are and no group is named."""
    families = next((each.family for each in kept if each.family), ())
    repeated = len(families) - len(set(families))
    if spec.group is not None or not repeated or len(set(families)) == 1 or FAMILY in columns:
        return columns, spec, ()
    said = f"{counted(len(set(families)), 'family', 'families')} of the .fam file: relatives stay together"
    return columns | {FAMILY: list(families)}, spec.model_copy(update={"group": FAMILY}), (said,)
