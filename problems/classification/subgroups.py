"""Names of the subgroups by which the report divides the sealed rows."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from escalation.errors import BadInput
from problems.classification.inference import Numbers, Texts, canonical, distinct
from problems.classification.raw import RawTable
from problems.classification.roles import is_missing
from problems.classification.spec import FileSpec
from problems.classification.splits import Index

QUARTILES = (0.25, 0.5, 0.75)


def subgroups(
    table: RawTable, spec: FileSpec, order: NDArray[np.intp], open_index: Index, sealed_index: Index
) -> dict[str, tuple[str, ...]]:
    """Returns the subgroup of each sealed row for each declared column.

    Args:
        table: as it was read.
        spec: declares the columns.
        order: the row of `table` at each position of the instance.
        open_index: positions of the open rows, which set the quartiles of numbers.
        sealed_index: positions of the sealed rows.
    """
    found = {}
    for name in spec.subgroups:
        if name == spec.target:
            raise BadInput(f"subgroups: {name!r} is the target, expected another column")
        found[name] = tuple(_subgroup_names(table.columns[name], order, open_index, sealed_index))
    return found


def _subgroup_names(
    values: Texts | Numbers, order: NDArray[np.intp], open_index: Index, sealed_index: Index
) -> list[str]:
    """Texts as they are; numbers of more than five values by the quartiles of the open rows."""
    texts = ["missing" if is_missing(value) else canonical(value) for value in values]
    numbers = _numbers(values)
    if numbers is None or len(distinct(values)) <= 5:
        return [texts[row] for row in order[sealed_index]]
    edges = np.nanquantile(numbers[order[open_index]], QUARTILES)
    bins = np.searchsorted(edges, numbers[order[sealed_index]], side="left")
    shown = [f"{edge:.4g}" for edge in edges]
    names = [
        f"≤ {shown[0]}",
        *(f"{a} – {b}" for a, b in pairwise(shown)),
        f"> {shown[-1]}",
    ]
    missing = np.isnan(numbers[order[sealed_index]])
    return ["missing" if gone else names[place] for gone, place in zip(missing, bins, strict=True)]


def _numbers(values: Texts | Numbers) -> Numbers | None:
    try:
        return np.array([np.nan if is_missing(value) else float(value) for value in values])  # type: ignore[arg-type]
    except ValueError:
        return None
