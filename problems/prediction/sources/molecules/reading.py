"""From SMILES or SDF to one table: standardised, described, equal molecules and scaffolds kept together."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from escalation.model.complaints import apart, settle, so_far
from escalation.model.errors import BadInput
from escalation.text.nearest import did_you_mean
from escalation.text.wording import counted, listed
from problems.prediction.sources.making import FeatureWork, make_features
from problems.prediction.sources.molecules import features
from problems.prediction.sources.molecules.sdf import read_sdf
from problems.prediction.sources.molecules.spec import BITS, RADIUS, SDF, MoleculesSpec, check_fields
from problems.prediction.sources.molecules.standard import Molecule, UnreadableMolecule, standard, version
from problems.prediction.stated.spec import ColumnsSpec
from problems.prediction.tables.column_types import as_texts
from toolbox.arrays.types import Floats, Index
from toolbox.stats.splits import codes, merge_groups
from toolbox.tables.any_file import read_any
from toolbox.tables.raw import Numbers, RawTable, Texts

GROUP = "scaffold"
SHOWN = 5
"""Broken molecules that are named one by one."""
_FEATURES = "problems.prediction.sources.molecules.features"


def read(spec: MoleculesSpec, folder: Path, seed: int) -> tuple[RawTable, ColumnsSpec]:
    """Reads molecules and what a table says of them, a row for each.

    Raises:
        BadInput: with one line, which names the file and the molecule.
    """
    check_fields(spec)
    rdkit = version()
    table, molecules, told = molecules_of(spec, folder)
    columns = dict(table.columns)
    grouped, columns, more = _grouped(spec, molecules, columns)
    blocks, left = {}, 0
    for name, (names, values) in described(spec, [each.smiles for each in molecules], rdkit).items():
        varying = np.flatnonzero(~_constant(values))
        left += len(names) - len(varying)
        blocks[name] = tuple(names[place] for place in varying)
        columns |= {names[place]: np.ascontiguousarray(values[:, place]) for place in varying}
    constant = (
        (f"{counted(left, 'feature is', 'features are')} left out: the same for all molecules",)
        if left
        else ()
    )
    return (
        RawTable(
            columns,
            table.where,
            {**table.source, "rdkit": rdkit},
            decimal=table.decimal,
            commas=table.commas,
            remarks=(*told, *more, *constant),
            blocks=blocks,
        ),
        grouped,
    )


def molecules_of(spec: MoleculesSpec, folder: Path) -> tuple[RawTable, list[Molecule], tuple[str, ...]]:
    """Returns the rows of molecules that can be read, with the table's other columns, and what is to be said.

    Raises:
        BadInput: with one line, which names the file and the molecule.
    """
    path = folder / spec.molecules
    texts, table = read_sdf(path, spec.na_values) if path.suffix.lower() == SDF else _table(path, spec)
    found = [_standard(text) for text in texts]
    rows, told = _readable(path, spec, table.where, texts, found)
    molecules = [each for each in found if isinstance(each, Molecule)]
    columns = {name: _taken(values, rows) for name, values in table.columns.items()}
    where = tuple(table.where[row] for row in rows)
    return (
        replace(table, columns=columns, where=where),
        molecules,
        (*table.remarks, *told, *_changed(molecules)),
    )


def _table(path: Path, spec: MoleculesSpec) -> tuple[Sequence[str | None], RawTable]:
    table = read_any(path, spec.na_values)
    names = list(table.columns)
    name = spec.smiles or next((each for each in names if "smiles" in each.lower()), None)
    if name is None or name not in names:
        got = did_you_mean(str(name), names) if name else ": name it as `smiles`"
        raise BadInput(f"{path}: expected a column {name or 'smiles'!r}, got {listed(names)}{got}")
    rest = {each: values for each, values in table.columns.items() if each != name}
    source = {"molecules": path.name, "sha256": table.source["sha256"]}
    return as_texts(table.columns[name]), RawTable(
        rest, table.where, source, table.decimal, commas=table.commas, remarks=table.remarks
    )


def _standard(text: str | None) -> Molecule | UnreadableMolecule:
    if text is None:
        return UnreadableMolecule("a missing value")
    try:
        return standard(text)
    except UnreadableMolecule as error:
        return error


def _readable(
    path: Path,
    spec: MoleculesSpec,
    where: Sequence[str],
    texts: Sequence[str | None],
    found: Sequence[Molecule | UnreadableMolecule],
) -> tuple[Index, tuple[str, ...]]:
    """Rows of the molecules that can be read.

    Raises:
        BadInput: naming those that cannot be, unless they are to be left out.
    """
    broken = [row for row, each in enumerate(found) if isinstance(each, UnreadableMolecule)]
    rows = np.array([row for row, each in enumerate(found) if isinstance(each, Molecule)], dtype=np.intp)
    if not broken:
        return rows, ()
    if spec.broken == "refused" or not len(rows):
        since = so_far()
        for row in broken[:SHOWN]:
            with apart():
                raise BadInput(_complaint(path, where[row], texts[row], found[row], len(broken)))
        settle(since)
    shown = listed([where[row] for row in broken])
    many = counted(len(broken), "molecule that cannot be read is", "molecules that cannot be read are")
    return rows, (f"{many} left out: {shown}",)


def _complaint(
    path: Path, where: str, text: str | None, found: Molecule | UnreadableMolecule, many: int
) -> str:
    got = "" if text is None or "\n" in text else f" {text[:80]!r}"
    more = f" ({many} such molecules)" if many > 1 else ""
    return (
        f"{path}, {where}: expected a molecule, got{got}: {found}{more}: mend it, or write `broken: left_out`"
    )


def _taken(values: Texts | Numbers, rows: Index) -> Texts | Numbers:
    return values[rows] if isinstance(values, np.ndarray) else [values[row] for row in rows]


def _changed(molecules: Sequence[Molecule]) -> tuple[str, ...]:
    """What was standardised, counted."""
    fragments = sum(each.fragments for each in molecules)
    neutral = sum(each.neutralised for each in molecules)
    said = []
    if fragments:
        said.append(
            f"{counted(fragments, 'molecule is', 'molecules are')} cut to the largest "
            "fragment (salts, solvents)"
        )
    if neutral:
        said.append(f"{counted(neutral, 'molecule is', 'molecules are')} neutralised")
    return tuple(said)


def _grouped(
    spec: MoleculesSpec, molecules: Sequence[Molecule], columns: dict[str, Texts | Numbers]
) -> tuple[ColumnsSpec, dict[str, Texts | Numbers], tuple[str, ...]]:
    """The column whose equal values stay together: scaffolds or equal molecules, joined with a named group.

    Molecules without rings have no scaffold in common: of them equal ones alone stay together.
    """
    flat = [each.flat for each in molecules]
    own = [each.scaffold or each.flat for each in molecules] if spec.split == "scaffold" else flat
    remarks = []
    repeated = len(flat) - len(set(flat))
    if repeated:
        outcomes = as_texts(columns[spec.target]) if spec.target in columns else flat
        unlike = _unlike(flat, outcomes)
        remarks.append(
            f"{counted(repeated, 'molecule is', 'molecules are')} equal to an earlier one (stereo not "
            f"compared): kept together{f'; with different outcomes: {unlike}' if unlike else ''}"
        )
    if spec.split == "scaffold":
        rings = len({each.scaffold for each in molecules} - {""})
        without = sum(not each.scaffold for each in molecules)
        remarks.append(
            f"{counted(rings, 'scaffold', 'scaffolds')} (Bemis-Murcko, no stereo): molecules of one "
            "stay together"
            + (
                f"; {counted(without, 'molecule', 'molecules')} without rings by themselves"
                if without
                else ""
            )
        )
    name = spec.group or GROUP
    if spec.group is None and GROUP in columns:
        raise BadInput(
            f"column {GROUP!r}: the name is needed for the molecules' scaffolds: rename it, or name a `group`"
        )
    if spec.group in columns:
        named = as_texts(columns[str(spec.group)])
        if None in named:
            return spec, columns, tuple(remarks)  # refused with its row, as in any table
        joined = merge_groups(codes(named), codes(own))
        own = [str(named[first]) for first in np.unique(joined, return_index=True)[1]]
        own = [own[group] for group in joined]
    elif spec.group is not None:
        return spec, columns, tuple(remarks)  # likewise a name that is missing
    return spec.model_copy(update={"group": name}), columns | {name: list(own)}, tuple(remarks)


def _unlike(flat: Sequence[str], outcomes: Texts | Sequence[str]) -> int:
    """How many different molecules occur with different outcomes."""
    seen: dict[str, set[str | None]] = {}
    for molecule, outcome in zip(flat, outcomes, strict=True):
        seen.setdefault(molecule, set()).add(outcome)
    return sum(len(found) > 1 for found in seen.values())


def described(spec: MoleculesSpec, smiles: list[str], rdkit: str) -> dict[str, tuple[list[str], Floats]]:
    """Names and values of the columns, by block."""
    found = {}
    if "descriptors" in spec.features:
        work = FeatureWork(f"{_FEATURES}:descriptors", params={"rdkit": rdkit})
        values = make_features(work, smiles, what="descriptors of molecules")
        found["descriptors"] = (list(features.descriptor_names()), values)
    if "fingerprints" in spec.features:
        radius = RADIUS if spec.radius is None else spec.radius
        bits = BITS if spec.bits is None else spec.bits
        params = {"rdkit": rdkit, "radius": radius, "bits": bits}
        work = FeatureWork(f"{_FEATURES}:fingerprints", params=params)
        values = make_features(work, smiles, what="fingerprints of molecules")
        found["fingerprints"] = ([f"morgan{place}" for place in range(bits)], values)
    return found


def _constant(values: Floats) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Columns of one present value at most."""
    known = ~np.isnan(values)
    least = np.where(known, values, np.inf).min(axis=0)
    return np.asarray(least >= np.where(known, values, -np.inf).max(axis=0))
