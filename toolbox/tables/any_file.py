"""A table by what its file's name ends with: CSV, Parquet, or an Excel workbook."""

from collections.abc import Collection, Sequence
from pathlib import Path, PurePath

from toolbox.tables.raw import RawTable
from toolbox.tables.raw_files import Value, read_csv, read_parquet
from toolbox.tables.workbook import read_workbook

PARQUET = (".parquet", ".pq")
WORKBOOK = (".xlsx", ".xlsm")


def field_of(path: PurePath) -> str:
    """What a problem file calls such a file: csv, parquet or excel."""
    if path.suffix.lower() in WORKBOOK:
        return "excel"
    return "parquet" if path.suffix.lower() in PARQUET else "csv"


def read_any(path: Path, na_values: Sequence[Value] = (), unused: Collection[str] = ()) -> RawTable:
    """Reads the table, of a workbook its only sheet; arguments and errors of `raw_files.read_csv`.

    Raises:
        BadInput: when it cannot be read.
    """
    kind = field_of(path)
    if kind == "excel":
        return read_workbook(path, None, na_values, unused)
    return (read_parquet if kind == "parquet" else read_csv)(path, na_values, unused)
