"""Reads tables from files by explicit rules, every refusal with the place it is about."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from escalation import user_files
from escalation.errors import BadInput
from escalation.identity import digest_bytes
from problems.classification.inference import NUMBER, Texts
from problems.classification.raw import RawTable, from_frame, refuse_repeated
from problems.classification.spec import Value

NA_VALUES = frozenset({"", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "None", "<NA>"})
"""Texts that mean a missing value, as in `pandas.read_csv`; a problem file may name more."""

DELIMITERS = (",", ";", "\t", "|")


def read_csv(path: Path, na_values: Sequence[str] = ()) -> RawTable:
    """Reads a CSV file with a header line.

    UTF-8, with or without a byte order mark. The delimiter is the one of `DELIMITERS` that divides the
    header most; in a file divided by semicolons, commas within numbers are decimal commas. Values are
    stripped of white space around them.

    Raises:
        BadInput: when the file is missing, unreadable, empty, not UTF-8, has no header, repeats a column
            name, or has a line of another width than its header.
    """
    data = read_bytes(path)
    lines = _records(path, data)
    if not lines:
        raise BadInput(f"{path}: expected a header line and rows, got an empty file")
    delimiter, header = lines[0][2], lines[0][1]
    _check_header(path, header)
    rows = lines[1:]
    if not rows:
        raise BadInput(f"{path}: expected rows below the header, got none")
    for number, cells, _ in rows:
        if len(cells) != len(header):
            raise BadInput(
                f"{path}, line {number}: expected {len(header)} values as in the header, got {len(cells)}"
            )
    missing = NA_VALUES | {str(text) for text in na_values}
    columns = {
        name: _cells([cells[place] for _, cells, _ in rows], missing, delimiter)
        for place, name in enumerate(header)
    }
    source = {"csv": path.name, "sha256": digest_bytes(data), "delimiter": delimiter}
    return RawTable(columns, tuple(f"line {number}" for number, _, _ in rows), source)


def read_parquet(path: Path, na_values: Sequence[Value] = ()) -> RawTable:
    """Reads a Parquet file; the texts in `na_values` count as missing.

    Raises:
        BadInput: when the file is missing, unreadable, empty or no Parquet file.
    """
    import pandas as pd
    import pyarrow

    data = read_bytes(path)
    try:
        frame = pd.read_parquet(io.BytesIO(data))
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise BadInput(
            f"{path}: expected a Parquet file, got one that cannot be read: {_line(error)}"
        ) from None
    if not len(frame):
        raise BadInput(f"{path}: expected rows, got an empty table")
    if na_values:
        frame = frame.replace(dict.fromkeys([*na_values, *map(str, na_values)]))
    return from_frame(frame, {"parquet": path.name, "sha256": digest_bytes(data)})


def read_bytes(path: Path) -> bytes:
    """Returns a file's bytes; raises `BadInput` when it is missing, unreadable or too large."""
    missing = "no such file (relative paths start at the problem file's folder)"
    return user_files.read_bytes(path, missing=missing)


def _records(path: Path, data: bytes) -> list[tuple[int, list[str], str]]:
    """Returns (line, cells, delimiter) of every line that is not blank."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BadInput(
            f"{path}, line {line}: expected UTF-8 text, got byte 0x{data[error.start]:02x}"
        ) from None
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    records = []
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                records.append((reader.line_num, [cell.strip() for cell in cells], delimiter))
    except csv.Error as error:
        raise BadInput(
            f"{path}, line {reader.line_num}: expected CSV, got a line that is none: {error}"
        ) from None
    return records


def _check_header(path: Path, header: list[str]) -> None:
    if all(NUMBER.fullmatch(name) for name in header):
        raise BadInput(f"{path}, line 1: expected column names, got numbers only: add a header line")
    if "" in header:
        raise BadInput(
            f"{path}, line 1: expected a name for every column, got none for column {header.index('') + 1}"
        )
    refuse_repeated(header)


def _cells(values: list[str], missing: frozenset[str], delimiter: str) -> Texts:
    texts = [None if value in missing else value for value in values]
    return [_decimal_point(text) for text in texts] if delimiter == ";" else list(texts)


def _decimal_point(text: str | None) -> str | None:
    if text is None or text.count(",") != 1:
        return text
    pointed = text.replace(",", ".")
    return pointed if NUMBER.fullmatch(pointed) else text


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
