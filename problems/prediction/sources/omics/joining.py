"""Samples of several files as rows of one table, by their ids; who is missing where is said."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from escalation.model.errors import BadInput
from escalation.text.wording import counted, listed
from problems.prediction.sources.omics.measured import Matrix
from toolbox.arrays.types import Index


@dataclass(frozen=True, eq=False)
class JoinedOmics:
    """Omics whose rows are the same samples.

    Attributes:
        rows: of the table of samples, in its order.
        omics: in the order of the files, each with those rows; a sample that one lacks is missing throughout.
        remarks: who is missing where.
    """

    rows: Index
    omics: tuple[Matrix, ...]
    remarks: tuple[str, ...]


def join(ids: Sequence[str], omics: Sequence[Matrix], *, in_all: bool) -> JoinedOmics:
    """Joins by ids.

    Args:
        ids: of the table of samples, in its order, no two alike.
        omics: at least one, their names no two alike.
        in_all: whether a sample must be in all of them, rather than in any.

    Raises:
        BadInput: where no sample is left, or two omics have one name.
    """
    names = [each.name for each in omics]
    if len(set(names)) < len(names):
        raise BadInput(
            f"omics: expected files of different names, got {listed(names)}: each names its features"
        )
    present = np.array(
        [[sample in known for sample in ids] for known in (set(each.samples) for each in omics)]
    )
    chosen = present.all(axis=0) if in_all else present.any(axis=0)
    rows = np.flatnonzero(chosen)
    if not len(rows):
        raise BadInput(
            f"omics: expected samples of the table ({listed(ids, most=2)}) in {listed(names)}, got none"
            + ("" if len(omics) == 1 else " in all of them")
        )
    remarks = [said for each, there in zip(omics, present, strict=True) for said in _told(ids, each, there)]
    if lost := len(ids) - len(rows):
        remarks.append(
            f"{counted(lost, 'sample of the table is', 'samples of the table are')} left out for that"
        )
    return JoinedOmics(
        rows, tuple(_aligned([ids[row] for row in rows.tolist()], each) for each in omics), tuple(remarks)
    )


def _told(
    ids: Sequence[str], found: Matrix, there: "np.ndarray[tuple[int], np.dtype[np.bool_]]"
) -> list[str]:
    lacking = [sample for sample, is_there in zip(ids, there.tolist(), strict=True) if not is_there]
    known = set(ids)
    further = [sample for sample in found.samples if sample not in known]
    said = []
    if lacking:
        said.append(
            f"{found.name} lacks {counted(len(lacking), 'sample', 'samples')} of the table: {listed(lacking)}"
        )
    if further:
        who = counted(len(further), "sample that", "samples that")
        said.append(f"{found.name} has {who} the table of samples lacks, not used: {listed(further)}")
    return said


def _aligned(ids: Sequence[str], found: Matrix) -> Matrix:
    places = {sample: place for place, sample in enumerate(found.samples)}
    rows = np.array([places.get(sample, -1) for sample in ids])
    values = found.values[rows]
    values[rows < 0] = -1 if found.genotypes else np.nan
    family = (
        tuple(found.family[row] if row >= 0 else f"only {ids[k]}" for k, row in enumerate(rows))
        if found.family
        else ()
    )
    return replace(found, samples=tuple(ids), values=values, family=family)
