"""New rows as a model's columns, and in what they are unlike those that it learnt from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from escalation.model.errors import BadInput
from escalation.text.nearest import did_you_mean
from escalation.text.wording import listed
from toolbox.arrays.types import Floats
from toolbox.tables.numbers import level, read
from toolbox.tables.raw import Numbers, RawTable, Texts

if TYPE_CHECKING:
    import pandas as pd

FLAGS = {"false": "0", "true": "1"}


@dataclass(frozen=True, eq=False)
class NewRows:
    """Attributes:
    frame: the model's columns by name, one row a new row.
    flags: by row, in what it is unlike the rows that were learnt from.
    remarks: on the whole table.
    """

    frame: "pd.DataFrame"
    flags: tuple[tuple[str, ...], ...]
    remarks: tuple[str, ...]


def new_rows(table: RawTable, features: Sequence[Mapping[str, Any]]) -> NewRows:
    """Reads a model's columns out of a table, as they were read when it was learnt.

    Args:
        table: as it was read.
        features: what the record has of each column: `name`, `kind`, `levels`, `may_be_missing`, `seen`.

    Raises:
        BadInput: when a column is missing that no row lacked, or a number cannot be read.
    """
    import pandas as pd

    absent = [each["name"] for each in features if each["name"] not in table.columns]
    needed = [each["name"] for each in features if not each.get("may_be_missing")]
    if lacking := [name for name in absent if name in needed]:
        raise BadInput(
            f"the model needs {_columns(lacking)}, which the table does not have"
            f"{did_you_mean(lacking[0], table.columns)}: give the columns that it learnt from"
        )
    found: dict[str, Any] = {}
    flags: list[list[str]] = [[] for _ in range(len(table))]
    for each in features:
        values = table.columns.get(each["name"], [None] * len(table))
        number = each["kind"] == "number"
        found[each["name"]] = _numbers(each, values, table) if number else _texts(values, table.decimal)
        for row, said in (_far if number else _unseen)(each, found[each["name"]]):
            flags[row].append(said)
    frame = pd.DataFrame(
        {
            name: values if isinstance(values, np.ndarray) else pd.Series(values, dtype="str")
            for name, values in found.items()
        }
    )
    return NewRows(frame, tuple(map(tuple, flags)), tuple(_said(absent)))


def _said(absent: Sequence[str]) -> list[str]:
    if not absent:
        return []
    return [f"{_columns(absent)} not in the table: taken as missing in every row, as in some learnt from"]


def _columns(names: Sequence[str]) -> str:
    return f"column{'s' if len(names) > 1 else ''} {listed([repr(name) for name in names])}"


def _numbers(feature: Mapping[str, Any], values: Texts | Numbers, table: RawTable) -> Floats:
    if isinstance(values, np.ndarray):
        return np.asarray(values, dtype=np.float64)
    texts = [None if text is None else FLAGS.get(text.lower(), text) for text in values]
    reading = read(texts, table.where, table.decimal, commas=table.commas)
    name = feature["name"]
    if reading.doubt:
        raise BadInput(f"column {name!r}, {reading.doubt}")
    for text, plain, place in zip(texts, reading.plain, table.where, strict=True):
        if text is not None and (plain is None or not np.isfinite(float(plain))):
            raise BadInput(
                f"column {name!r}, {place}: expected a number, as the model learnt it, got {text!r}"
            )
    return np.array([np.nan if plain is None else float(plain) for plain in reading.plain])


def _texts(values: Texts | Numbers, decimal: str) -> list[str | None]:
    if isinstance(values, np.ndarray):
        return [None if np.isnan(value) else level(f"{value:.17g}") for value in values]
    return [None if text is None else level(text, decimal) for text in values]


def _far(feature: Mapping[str, Any], values: Floats) -> list[tuple[int, str]]:
    """Numbers outside the range of the rows that were learnt from, and missing ones where none was."""
    seen, name = feature.get("seen", {}), feature["name"]
    found = []
    if "low" in seen:
        outside = np.flatnonzero((values < seen["low"]) | (values > seen["high"]))
        within = f"{seen['low']:g} to {seen['high']:g}"
        found = [
            (int(row), f"{name} is {values[row]:g}, outside {within}, which was seen") for row in outside
        ]
    if not feature.get("may_be_missing"):
        found += [(int(row), _MISSING.format(name)) for row in np.flatnonzero(np.isnan(values))]
    return found


def _unseen(feature: Mapping[str, Any], values: Sequence[str | None]) -> list[tuple[int, str]]:
    name, levels = feature["name"], set(feature["levels"])
    found = [
        (row, f"{name} is {text!r}, which was never seen")
        for row, text in enumerate(values)
        if text is not None and text not in levels
    ]
    if not feature.get("may_be_missing"):
        found += [(row, _MISSING.format(name)) for row, text in enumerate(values) if text is None]
    return found


_MISSING = "{} is missing, which it never was"
