"""A table as it was read, before anything is inferred from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from escalation.errors import BadInput
from problems.classification.inference import Numbers, Texts


@dataclass(frozen=True)
class RawTable:
    """Columns as texts (None missing) or numbers (NaN missing), all of the same length.

    Attributes:
        columns: by name, in order.
        where: how to name each row to the user: `line 17`, `row 17`.
        source: small JSON data on where it comes from, with the SHA-256 of the file if there is one.
        remarks: what a reader should know about it.
        extra: what a constructed data set openly tells its solvers.
    """

    columns: Mapping[str, Texts | Numbers]
    where: tuple[str, ...]
    source: Mapping[str, Any]
    remarks: tuple[str, ...] = ()
    extra: Mapping[str, Any] | None = None

    def __len__(self) -> int:
        return len(self.where)


def from_frame(
    frame: Any,
    source: Mapping[str, Any],
    remarks: tuple[str, ...] = (),
    extra: Mapping[str, Any] | None = None,
) -> RawTable:
    """Takes a pandas DataFrame over: numbers and flags as numbers, anything else as text.

    Raises:
        BadInput: on repeated column names, dates and columns that are neither numbers nor texts.
    """
    names = [str(name) for name in frame.columns]
    refuse_repeated(names)
    columns = {name: _column(name, frame.iloc[:, place]) for place, name in enumerate(names)}
    return RawTable(columns, tuple(f"row {i + 1}" for i in range(len(frame))), source, remarks, extra)


def refuse_repeated(names: list[str]) -> None:
    """Raises `BadInput` when a name occurs twice."""
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise BadInput(
            f"expected distinct column names, got {repeated[0]!r} {names.count(repeated[0])} times"
        )


def _column(name: str, values: Any) -> Texts | Numbers:
    from pandas.api import types

    if isinstance(values.dtype, types.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    if types.is_bool_dtype(values.dtype) or types.is_numeric_dtype(values.dtype):
        return np.asarray(values.astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan))
    if types.is_datetime64_any_dtype(values.dtype):
        return [
            None if value is None else str(value)
            for value in values.astype(object).where(values.notna(), None)
        ]
    return [
        _text(name, place, value)
        for place, value in enumerate(values.astype(object).where(values.notna(), None))
    ]


def _text(name: str, place: int, value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, str | bool | int | float | np.generic):
        return str(value).strip() or None
    raise BadInput(
        f"column {name!r}, row {place + 1}: expected a number or a text, got {type(value).__name__}"
    )
