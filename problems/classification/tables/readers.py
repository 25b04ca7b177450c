"""Reads tables from files by explicit rules, every refusal with the place it is about."""

import csv
import io
import os
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize

from escalation.inputs import user_files
from escalation.model.errors import BadInput
from escalation.model.identity import digest_bytes
from problems.classification.tables.arrow import from_arrow
from problems.classification.tables.missing import Missing
from problems.classification.tables.numbers import AS_THOUSANDS, NUMBER
from problems.classification.tables.raw import RawTable, Texts, refuse_repeated
from problems.classification.tables.spec import Value

NA_VALUES = frozenset({"", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "None", "<NA>"})
"""Texts that mean a missing value, as in `pandas.read_csv`; a problem file may name more."""

DELIMITERS = (",", ";", "\t", "|")
COMMENT = "#"
_STATED = re.compile('"?sep=(?P<delimiter>[,;\t|])"?\r?\n', re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+")
_MINUS = re.compile("\u2212(?=[\\d.,])")


@dataclass(frozen=True)
class _Line:
    number: int
    cells: list[str]


def read_csv(path: Path, na_values: Sequence[Value] = (), unused: Collection[str] = ()) -> RawTable:
    """Reads a CSV file with a header line.

    UTF-8, with or without a byte order mark, composed to NFC. The delimiter is the one of `DELIMITERS` that
    divides the header most; in a file divided by semicolons, commas within numbers are decimal commas. Values
    are stripped of white space around them. Lines that begin with `#` above the header, and such lines of
    another width below it, are comments.

    Args:
        path: of the file.
        na_values: what means a missing value besides `NA_VALUES`.
        unused: columns whose values nothing will look at.

    Raises:
        BadInput: when the file is missing, unreadable, empty, not UTF-8, has no header, repeats a column
            name, or has a line of another width than its header.
    """
    data = read_bytes(path)
    text, above, remarks = _without_comments(_decoded(path, data))
    if stated := _STATED.match(text):  # spreadsheets write the delimiter above the header
        text, above = text[stated.end() :], above + 1
    delimiter = stated["delimiter"] if stated else _delimiter(text)
    lines = _records(path, text, delimiter, above)
    if not lines:
        raise BadInput(f"{path}: expected a header line and rows, got an empty file")
    header = lines[0].cells
    _check_header(path, header, lines[0].number)
    rows = [line for line in lines[1:] if len(line.cells) == len(header) or not _is_comment(line)]
    if not rows:
        raise BadInput(f"{path}: expected rows below the header, got none")
    if skipped := len(lines) - 1 - len(rows):
        remarks = (*remarks, f"{_lines(skipped)} below the header, beginning with #: taken as comments")
    for line in rows:
        if len(line.cells) != len(header):
            raise BadInput(
                f"{path}, line {line.number}: expected {len(header)} values as in the header, "
                f"got {len(line.cells)}"
            )
    decimal = "," if delimiter == ";" else "."
    missing = Missing(NA_VALUES, na_values, decimal)
    columns: dict[str, Texts] = {
        name: [None] * len(rows) if name in unused else [_value(line.cells[place], missing) for line in rows]
        for place, name in enumerate(header)
    }
    return RawTable(
        columns,
        tuple(f"line {line.number}" for line in rows),
        {"csv": path.name, "sha256": digest_bytes(data), "delimiter": delimiter},
        decimal=decimal,
        commas=any(map(_has_decimal_commas, columns.values())),
        remarks=(*remarks, *missing.remarks),
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
    import pyarrow
    from pyarrow import parquet

    data = read_bytes(path)
    try:
        table = parquet.ParquetFile(io.BytesIO(data)).read()
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise BadInput(
            f"{path}: expected a Parquet file, got one that cannot be read: {_line(error)}"
        ) from None
    if not table.num_rows:
        raise BadInput(f"{path}: expected rows, got an empty table")
    source = {"parquet": path.name, "sha256": digest_bytes(data)}
    return from_arrow(table, source, Missing(named=na_values), unused=unused)


def read_bytes(path: Path) -> bytes:
    """Returns a file's bytes, whether its name is composed or decomposed.

    Raises:
        BadInput: when it is missing, unreadable or too large.
    """
    spelt = (path, *(Path(normalize(form, str(path))) for form in ("NFC", "NFD")))
    path = next((each for each in spelt if os.path.exists(each)), path)
    missing = "no such file (relative paths start at the problem file's folder)"
    return user_files.read_bytes(path, missing=missing)


def _decoded(path: Path, data: bytes) -> str:
    try:
        return normalize("NFC", data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BadInput(
            f"{path}, line {line}: expected UTF-8 text, got byte 0x{data[error.start]:02x}"
        ) from None


def _without_comments(text: str) -> tuple[str, int, tuple[str, ...]]:
    """Returns the text from its header on, the number of lines above it, and what was assumed.

    The last comment is the header where the line below it is no header but has numbers, in as many cells:
    so write NumPy and the readers of genomes.
    """
    lines = text.splitlines(keepends=True)
    above = 0
    while above < len(lines) and (not lines[above].strip() or lines[above].lstrip().startswith(COMMENT)):
        above += 1
    if above == len(lines):
        return "", 0, ()
    comments = sum(bool(line.strip()) for line in lines[:above])
    if not comments:
        return text, 0, ()
    cells = lines[above].split(_delimiter(lines[above]))
    marked = lines[above - 1].strip().lstrip(COMMENT)
    headed = len(marked.split(_delimiter(lines[above]))) == len(cells) > 1
    if headed and any(NUMBER.fullmatch(cell.strip().replace(",", ".")) for cell in cells):
        remark = f"the header is read from line {above}, which begins with #"
        return "".join([marked.lstrip() + "\n", *lines[above:]]), above - 1, (remark,)
    remark = f"{_lines(comments)} above the header, beginning with #: taken as comments"
    return "".join(lines[above:]), above, (remark,)


def _delimiter(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(DELIMITERS, key=first.count)


def _records(path: Path, text: str, delimiter: str, above: int) -> list[_Line]:
    """Returns every line that is not blank; `above` lines came before the text."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    records = []
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                records.append(_Line(above + reader.line_num, [cell.strip() for cell in cells]))
    except csv.Error as error:
        raise BadInput(
            f"{path}, line {above + reader.line_num}: expected CSV, got a line that is none: {error}"
        ) from None
    return records


def _is_comment(line: _Line) -> bool:
    return line.cells[0].startswith(COMMENT)


def _check_header(path: Path, header: list[str], number: int) -> None:
    if all(NUMBER.fullmatch(name) for name in header):
        raise BadInput(f"{path}, line {number}: expected column names, got numbers only: add a header line")
    if "" in header:
        raise BadInput(
            f"{path}, line {number}: expected a name for every column, got none for column "
            f"{header.index('') + 1} (R and pandas write the rows' numbers so: remove it, or name it)"
        )
    refuse_repeated(header)


def _value(cell: str, missing: Missing) -> str | None:
    text = _MINUS.sub("-", cell) if cell.startswith("\u2212") else cell
    return None if missing(text) else text


def _has_decimal_commas(texts: Texts) -> bool:
    found = {text for text in texts if text is not None and _DECIMAL_COMMA.fullmatch(text)}
    return any(not AS_THOUSANDS.fullmatch(text) for text in found)


def _lines(count: int) -> str:
    return f"{count} line{'s' if count != 1 else ''}"


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
