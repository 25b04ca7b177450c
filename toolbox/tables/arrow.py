"""From Arrow's columns, which Parquet files hold, to raw ones: every type with the values it stands for."""

from collections.abc import Collection, Mapping
from typing import Any
from unicodedata import normalize

import numpy as np

from escalation.model.errors import BadInput
from toolbox.tables.missing import Missing
from toolbox.tables.raw import Numbers, RawTable, Texts, refuse_repeated

EXACT = 2**53
"""Integers up to here are exact as float64; larger ones stay texts, so that ids do not fall together."""

NO_ROWS = "__index_level_"
"""How pandas names row labels that have no name of their own."""


def from_frame(
    frame: Any,
    source: Mapping[str, Any],
    remarks: tuple[str, ...] = (),
    extra: Mapping[str, Any] | None = None,
) -> RawTable:
    """Takes a pandas DataFrame over, without its row labels."""
    import pyarrow

    return from_arrow(
        pyarrow.Table.from_pandas(frame, preserve_index=False), source, remarks=remarks, extra=extra
    )


def from_arrow(
    table: Any,
    source: Mapping[str, Any],
    missing: Missing | None = None,
    *,
    unused: Collection[str] = (),
    remarks: tuple[str, ...] = (),
    extra: Mapping[str, Any] | None = None,
) -> RawTable:
    """Takes an Arrow table over: numbers as numbers; flags, texts, dates, decimals and long ids as texts.

    Args:
        table: a `pyarrow.Table`.
        source: where it comes from.
        missing: values that count as missing besides nulls and NaN.
        unused: columns whose values nothing will look at.
        remarks: what a reader should know about it.
        extra: what a constructed data set openly tells its solvers.

    Raises:
        BadInput: on repeated column names, and on types that are no numbers, flags, texts or dates.
    """
    missing = missing or Missing()
    names = [normalize("NFC", str(name)).strip() for name in table.column_names]
    refuse_repeated(names)
    columns: dict[str, Texts | Numbers] = {}
    for name, values in zip(names, table.columns, strict=True):
        if name.startswith(NO_ROWS):
            remarks = (*remarks, "the row labels that pandas stored are left out")
            continue
        columns[name] = [None] * len(values) if name in unused else _column(name, values, missing)
    where = tuple(f"row {row + 1}" for row in range(table.num_rows))
    return RawTable(columns, where, source, remarks=(*remarks, *missing.remarks), extra=extra)


def _column(name: str, values: Any, missing: Missing) -> Texts | Numbers:
    import pyarrow
    from pyarrow import types

    kind = values.type
    if types.is_dictionary(kind):
        return _column(name, values.cast(kind.value_type), missing)
    if types.is_floating(kind) or (types.is_integer(kind) and _small(values)):
        return _numbers(values, missing)
    try:
        return [_text(text, missing) for text in _texts(values)]
    except (pyarrow.ArrowException, TypeError):
        raise BadInput(
            f"column {name!r}: expected numbers, flags, texts or dates, got {kind}: "
            "turn it into one of them, or add it to `drop`"
        ) from None


def _small(values: Any) -> bool:
    from pyarrow import compute

    ends = compute.min_max(values)
    least, most = ends["min"].as_py(), ends["max"].as_py()
    return least is None or (least >= -EXACT and most <= EXACT)


def _numbers(values: Any, missing: Missing) -> Numbers:
    import pyarrow
    from pyarrow import types

    if types.is_float16(values.type) or types.is_float32(values.type):
        # a short float stands for its shortest decimal: 36.6, not 36.59999847412109
        numbers = values.to_numpy().astype("U").astype(np.float64)
    else:
        numbers = np.array(values.cast(pyarrow.float64()).to_numpy(), dtype=np.float64)
    numbers[missing.among(numbers)] = np.nan
    return np.asarray(numbers, dtype=np.float64)


def _texts(values: Any) -> list[Any]:
    import pyarrow
    from pyarrow import types

    kind = values.type
    if types.is_null(kind):
        return [None] * len(values)
    if types.is_decimal(kind):
        return [None if value is None else f"{value:f}" for value in values.to_pylist()]
    known = (types.is_boolean, types.is_integer, types.is_date, types.is_timestamp)
    texts = (
        types.is_string,
        types.is_large_string,
        types.is_string_view,
        types.is_binary,
        types.is_large_binary,
    )
    if not any(is_known(kind) for is_known in (*known, *texts)):
        raise TypeError(kind)
    return list(values.cast(pyarrow.string()).to_pylist())


def _text(value: str | None, missing: Missing) -> str | None:
    text = "" if value is None else normalize("NFC", value).strip()
    return None if not text or missing(text) else text
