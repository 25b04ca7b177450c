"""CSV and Parquet files as raw columns: nothing is inferred yet, every refusal has its place."""

import io
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from escalation.inputs.file_kinds import PARQUET, known_kind
from escalation.model.errors import BadInput, first_line
from escalation.model.identity import digest_bytes
from toolbox.tables.arrow import from_arrow
from toolbox.tables.csv_file import Rules, read_csv_file
from toolbox.tables.missing import Missing
from toolbox.tables.numbers import AS_THOUSANDS
from toolbox.tables.raw import RawTable, Texts, refuse_many, refuse_repeated
from toolbox.tables.text_file import read_bytes

if TYPE_CHECKING:
    import pyarrow

Value = str | int | float | bool
"""What a problem file may name as a value of a table."""

NA_VALUES = frozenset({"", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "None", "<NA>"})
"""Texts that mean a missing value, as in `pandas.read_csv`; a problem file may name more."""

RULES = Rules(
    header_in_comment=True,
    comments_below=True,
    comments_alone="expected a header line and rows, got an empty file",
)
MOST_CELLS = 500_000_000
"""Of a Parquet file: 4 GB as numbers."""
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+")
_MINUS = re.compile("\u2212(?=[\\d.,])")


def read_csv(path: Path, na_values: Sequence[Value] = (), unused: Collection[str] = ()) -> RawTable:
    """Reads a CSV file with a header line; see `csv_file` for what it may look like.

    In a file divided by semicolons, commas within numbers are decimal commas.

    Args:
        path: of the file.
        na_values: what means a missing value besides `NA_VALUES`.
        unused: columns whose values nothing will look at.

    Raises:
        BadInput: when the file is missing, unreadable, empty, not UTF-8, has no header, repeats a column
            name, or has a line of another width than its header.
    """
    found = read_csv_file(path, RULES)
    refuse_repeated(found.header.cells)
    decimal = "," if found.delimiter == ";" else "."
    missing = Missing(NA_VALUES, na_values, decimal)
    columns: dict[str, Texts] = {
        name: [None if name in unused else _value(line.cells[place], missing) for line in found.lines]
        for place, name in enumerate(found.header.cells)
    }
    return RawTable(
        columns,
        tuple(f"line {line.number}" for line in found.lines),
        {"csv": path.name, "sha256": found.file.sha256, "delimiter": found.delimiter},
        decimal=decimal,
        commas=any(map(_has_decimal_commas, columns.values())),
        remarks=(*found.remarks, *missing.remarks),
    )


def read_parquet(path: Path, na_values: Sequence[Value] = (), unused: Collection[str] = ()) -> RawTable:
    """Reads a Parquet file; the values in `na_values` count as missing.

    Args:
        path: of the file.
        na_values: what means a missing value besides nulls and NaN.
        unused: columns whose values nothing will look at.

    Raises:
        BadInput: when the file is missing, unreadable, empty or no Parquet file, or holds something else than
            numbers, flags, texts and dates in a column that is used.
    """
    table, data = read_arrow(path)
    refuse_many(path, table.num_columns)
    if not table.num_rows:
        raise BadInput(f"{path}: expected rows, got an empty table")
    source = {"parquet": path.name, "sha256": digest_bytes(data)}
    return from_arrow(table, source, Missing(named=na_values), unused=unused)


def read_arrow(path: Path) -> "tuple[pyarrow.Table, bytes]":
    """Reads a Parquet file as it is; returns its bytes too.

    Raises:
        BadInput: when the file is missing, unreadable or no Parquet file, or says that it unpacks to more
            than `MOST_CELLS`: columns of one value take no room in it.
    """
    import pyarrow
    from pyarrow import parquet

    data = read_bytes(path)
    if not data.startswith(PARQUET) and (kind := known_kind(data)):
        raise BadInput(f"{path}: expected a Parquet file, got {kind}")
    try:
        file = parquet.ParquetFile(io.BytesIO(data))
        rows, columns = file.metadata.num_rows, file.metadata.num_columns
        if rows * columns > MOST_CELLS:
            raise BadInput(
                f"{path}: expected at most {MOST_CELLS:,} values, got {rows:,} rows of {columns:,}"
            )
        table = file.read()
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise BadInput(
            f"{path}: expected a Parquet file, got one that cannot be read: {first_line(error, typed=False)}"
        ) from None
    return table, data


def _value(cell: str, missing: Missing) -> str | None:
    text = _MINUS.sub("-", cell) if cell.startswith("\u2212") else cell
    return None if missing(text) else text


def _has_decimal_commas(texts: Texts) -> bool:
    found = {text for text in texts if text is not None and _DECIMAL_COMMA.fullmatch(text)}
    return any(not AS_THOUSANDS.fullmatch(text) for text in found)
