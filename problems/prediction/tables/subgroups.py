"""Names of the subgroups by which the report divides the sealed rows."""

import math
import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from escalation.model.errors import BadInput
from problems.prediction.stated.spec import ColumnsSpec
from problems.prediction.tables.column_types import as_texts
from toolbox.arrays.types import Index
from toolbox.tables.numbers import level, read
from toolbox.tables.raw import Numbers, RawTable, Texts

QUARTILES = (0.25, 0.5, 0.75)
FEW = 5
MISSING = "missing"


def subgroups(
    table: RawTable, spec: ColumnsSpec, order: NDArray[np.intp], open_index: Index, sealed_index: Index
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
        found[name] = tuple(_subgroup_names(table, name, order, open_index, sealed_index))
    return found


def _subgroup_names(
    table: RawTable, name: str, order: NDArray[np.intp], open_index: Index, sealed_index: Index
) -> list[str]:
    """Texts as they are; numbers of more than five values by the quartiles of the open rows.

    A quartile is a value of the table, so that it can be said in full on which side a row is.
    """
    texts = as_texts(table.columns[name])
    names = [MISSING if text is None else level(text, table.decimal) for text in texts]
    numbers = _numbers(table, texts)
    if numbers is None or len(set(names) - {MISSING}) <= FEW:
        return [names[row] for row in order[sealed_index]]
    edges = np.unique(np.nanquantile(numbers[order[open_index]], QUARTILES, method="inverted_cdf"))
    sealed = numbers[order[sealed_index]]
    bins = np.searchsorted(edges, sealed, side="left")
    names = intervals([f"{edge:.15g}" for edge in edges])
    return [MISSING if gone else names[place] for gone, place in zip(np.isnan(sealed), bins, strict=True)]


def intervals(edges: Sequence[str]) -> list[str]:
    """Names of the intervals between edges, each of which belongs to the lower one."""
    return [f"≤ {edges[0]}", *(f"> {low}, ≤ {high}" for low, high in pairwise(edges)), f"> {edges[-1]}"]


def from_low_to_high(name: str) -> tuple[bool, float, str]:
    """Sorts names of intervals from low to high, and others by letter."""
    found = re.match(r"([≤>]) (-?[\d.e+-]+)(, ≤ .*)?", name)
    if found is None:
        return False, math.inf, name
    return found[1] == ">", float(found[2]), name


def _numbers(table: RawTable, texts: Texts) -> Numbers | None:
    reading = read(texts, table.where, table.decimal, commas=table.commas)
    if reading.doubt or any(a is None and b is not None for a, b in zip(reading.plain, texts, strict=True)):
        return None
    return np.array([np.nan if text is None else float(text) for text in reading.plain])
