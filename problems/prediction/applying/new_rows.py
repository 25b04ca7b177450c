"""New rows as a model's columns, and in what they are unlike those that it learnt from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from escalation.model.errors import BadInput
from escalation.text.nearest import did_you_mean
from problems.prediction.applying.unlike import Unlike, columns_said, described
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


def new_rows(
    table: RawTable,
    features: Sequence[Mapping[str, Any]],
    open_rows: int,
    block_words: Mapping[str, str] | None = None,
    files: Sequence[str] = (),
) -> NewRows:
    """Reads a model's columns out of a table, as they were read when it was learnt.

    Args:
        table: as it was read.
        features: what the record has of each column: `name`, `kind`, `levels`, `may_be_missing`, `seen`.
        open_rows: rows that it was learnt from.
        block_words: what the columns of a block are together, see `SourceDescriptor`.
        files: fields of further files that may hold columns, likewise.

    Raises:
        BadInput: when a column is missing that no row lacked, or a number cannot be read.
    """
    import pandas as pd

    absent = [each["name"] for each in features if each["name"] not in table.columns]
    needed = [each["name"] for each in features if not each.get("may_be_missing")]
    if lacking := [name for name in absent if name in needed]:
        raise BadInput(
            f"the model needs {columns_said(lacking)}, which the table does not have"
            f"{did_you_mean(lacking[0], table.columns)}: give the columns that it learnt from{_beside(files)}"
        )
    found: dict[str, Any] = {}
    unlike = Unlike(len(table), open_rows, described(table.blocks, block_words or {}))
    for each in features:
        values = table.columns.get(each["name"], [None] * len(table))
        if each["kind"] == "number":
            numbers = found[each["name"]] = _numbers(each, values, table)
            unlike.number(each, numbers)
        else:
            texts = found[each["name"]] = _texts(values, table.decimal)
            unlike.level(each, texts)
    frame = pd.DataFrame(
        {
            name: values if isinstance(values, np.ndarray) else pd.Series(values, dtype="str")
            for name, values in found.items()
        }
    )
    return NewRows(frame, unlike.flags(), tuple(_said(absent)))


def _beside(files: Sequence[str]) -> str:
    if not files:
        return ""
    return f", those of another file by a YAML file that also names it under {' or '.join(files)}"


def _said(absent: Sequence[str]) -> list[str]:
    if not absent:
        return []
    return [f"{columns_said(absent)} not in the table: taken as missing in every row, as in some learnt from"]


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
