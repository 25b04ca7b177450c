"""An Excel workbook's sheet as raw columns: one table, its names in the first line that says something.

Dates become ISO 8601 texts, flags `true` and `false`; of formulas counts the value that was stored when the
workbook was last saved. What is no table is refused with its cell: merged cells, a title above the names, a
value beside the named columns, a formula that nobody computed.
"""

import io
import zipfile
from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from unicodedata import normalize

import numpy as np

from escalation.inputs.file_kinds import known_kind
from escalation.model.errors import BadInput, first_line
from escalation.model.identity import digest_bytes
from escalation.text.nearest import did_you_mean
from escalation.text.wording import counted, listed
from toolbox.tables.missing import Missing
from toolbox.tables.numbers import NUMBER, canonical
from toolbox.tables.optional import needed
from toolbox.tables.packed import refuse_bomb
from toolbox.tables.raw import Numbers, RawTable, Texts, refuse_repeated
from toolbox.tables.raw_files import NA_VALUES, Value
from toolbox.tables.text_file import read_bytes

MOST_BYTES = 64 * 2**20
MOST_UNPACKED = 1024 * 2**20
"""Of all parts of a workbook together; they are packed, and a small file may hold far more."""
MOST_CELLS = 20_000_000
_ADVICE = "save the table alone, as CSV UTF-8 or in a sheet of its own"


def read_workbook(
    path: Path, sheet: str | None = None, na_values: Sequence[Value] = (), unused: Collection[str] = ()
) -> RawTable:
    """Reads one sheet of a workbook (.xlsx, .xlsm).

    Args:
        path: of the file.
        sheet: its name; may be left out where one sheet alone holds something.
        na_values: what means a missing value besides empty cells and `raw_files.NA_VALUES`.
        unused: columns whose values nothing will look at.

    Raises:
        BadInput: naming file and cell, when it is no workbook, has no such sheet, or the sheet is no table.
    """
    data = read_bytes(path, MOST_BYTES)
    values, formulas, name = _sheet(path, data, sheet)
    file = f"{path}, sheet {name!r}"
    _refuse_merged(file, formulas)
    lines = _lines(file, values, formulas)
    if not lines:
        raise BadInput(f"{file}: expected a line of column names and rows, got an empty sheet")
    (number, header), *rows = lines
    names = _names(file, number, header, rows)
    if not rows:
        raise BadInput(f"{file}: expected rows below the column names, got none")
    missing = Missing(NA_VALUES, na_values)
    first = next(iter(header))
    columns: dict[str, Texts | Numbers] = {
        column: [None] * len(rows)
        if column in unused
        else _column([cells.get(first + place) for _, cells in rows], missing)
        for place, column in enumerate(names)
    }
    remarks = _hidden(values, [row for row, _ in rows])
    source = {"excel": path.name, "sheet": name, "sha256": digest_bytes(data)}
    where = tuple(f"row {row}" for row, _ in rows)
    return RawTable(columns, where, source, remarks=(*remarks, *missing.remarks))


def _sheet(path: Path, data: bytes, sheet: str | None) -> tuple[Any, Any, str]:
    """The sheet with its stored values, with its formulas, and its name."""
    values, formulas = _book(path, data, stored=True), _book(path, data, stored=False)
    names = [each.title for each in values.worksheets]
    if sheet is not None:
        if sheet not in names:
            raise BadInput(
                f"{path}: expected a sheet {sheet!r}, got {listed(names)}{did_you_mean(sheet, names)}"
            )
        return values[sheet], formulas[sheet], sheet
    filled = [each.title for each in formulas.worksheets if _filled(each)]
    if len(filled) != 1:
        got = (
            f"got {len(filled)} that hold something ({listed(filled)})" if filled else "got empty ones alone"
        )
        raise BadInput(f"{path}: expected one sheet, {got}: name it under `sheet`")
    return values[filled[0]], formulas[filled[0]], filled[0]


def _filled(sheet: Any) -> bool:
    return any(cell is not None for row in sheet.iter_rows(values_only=True) for cell in row)


def _book(path: Path, data: bytes, *, stored: bool) -> Any:
    openpyxl = needed("openpyxl", "Excel workbooks", "table")

    try:
        parts = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except zipfile.BadZipFile:
        kind = known_kind(data) or "something else"
        raise BadInput(f"{path}: expected an Excel workbook (.xlsx), got {kind}") from None
    refuse_bomb(path, parts, MOST_UNPACKED)
    if not any(part.filename.startswith("xl/") for part in parts):
        raise BadInput(f"{path}: expected an Excel workbook (.xlsx), got {known_kind(data)}")
    try:
        return openpyxl.load_workbook(io.BytesIO(data), data_only=stored)
    except Exception as error:  # of broken XML, a wrong reference or a date beyond the calendar, each its own
        raise BadInput(
            f"{path}: expected an Excel workbook, got one that cannot be read: {first_line(error)}"
        ) from None


def _refuse_merged(file: str, sheet: Any) -> None:
    if sheet.max_row * sheet.max_column > MOST_CELLS:
        raise BadInput(f"{file}: expected at most {MOST_CELLS:,} cells, got more: save it as Parquet or CSV")
    merged = sorted(str(each) for each in sheet.merged_cells.ranges)
    if merged:
        raise BadInput(
            f"{file}: cells {merged[0]} are merged: expected one name a column and one value a cell: unmerge "
            f"them and fill each, or {_ADVICE}"
        )


Cells = dict[int, Any]
"""Values by the number of their column, empty ones left out."""


def _lines(file: str, values: Any, formulas: Any) -> list[tuple[int, Cells]]:
    """Every row that holds something, with its number."""
    found = []
    for shown, written in zip(values.iter_rows(), formulas.iter_rows(), strict=True):
        cells: Cells = {}
        for cell, formula in zip(shown, written, strict=True):
            value = _value(file, cell, formula)
            if value is not None:
                cells[cell.column] = value
        if cells:
            found.append((shown[0].row, cells))
    return found


def _value(file: str, cell: Any, formula: Any) -> Any:
    value, where = cell.value, f"{file}, cell {cell.coordinate}"
    if value is None and formula.data_type == "f":
        raise BadInput(
            f"{where}: a formula without a stored value: open the workbook in a spreadsheet, let it "
            "compute, and save it"
        )
    if cell.data_type == "e" and value != "#N/A":
        raise BadInput(
            f"{where}: expected a value, got the error {value}: correct the formula, or empty the cell"
        )
    if isinstance(value, timedelta | time):
        raise BadInput(
            f"{where}: expected a number, a text or a date, got a duration or time of day: write it as a "
            "number"
        )
    if isinstance(value, str):
        return normalize("NFC", value).strip() or None
    return value


def _names(file: str, number: int, header: Cells, rows: list[tuple[int, Cells]]) -> list[str]:
    from openpyxl.utils import get_column_letter

    places = list(header)
    widest = max((len(cells) for _, cells in rows[:50]), default=0)
    if len(places) == 1 and widest > 1:
        raise BadInput(
            f"{file}, row {number}: expected the names of the columns, got one cell "
            f"({str(header[places[0]])[:40]!r}): "
            "remove the title above the table"
        )
    for place in range(places[0], places[-1] + 1):
        if place not in header:
            raise BadInput(
                f"{file}, cell {get_column_letter(place)}{number}: expected a column's name, got nothing"
            )
    for row, cells in rows:
        beside = [place for place in cells if not places[0] <= place <= places[-1]]
        if beside:
            raise BadInput(
                f"{file}, cell {get_column_letter(beside[0])}{row}: a value beside the table, whose "
                "columns are "
                f"{get_column_letter(places[0])} to {get_column_letter(places[-1])}: name its column, or "
                f"{_ADVICE}"
            )
    names = [_shown(header[place]) for place in places]
    if all(NUMBER.fullmatch(name) for name in names):
        raise BadInput(f"{file}, row {number}: expected column names, got numbers only: add a line of names")
    refuse_repeated(names)
    return names


def _shown(value: Any) -> str:
    """A value as text: numbers in one spelling, dates in ISO 8601."""
    if isinstance(value, datetime):
        midnight = value.time() == time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else canonical(value)


def _column(values: list[Any], missing: Missing) -> Texts | Numbers:
    """Numbers where all present values are; else texts."""
    plain = [value for value in values if value is not None]
    if plain and all(isinstance(value, int | float) and not isinstance(value, bool) for value in plain):
        numbers = np.array([np.nan if value is None else float(value) for value in values])
        numbers[missing.among(numbers)] = np.nan
        return numbers
    texts = [None if value is None else _shown(value) for value in values]
    return [None if text is None or missing(text) else text for text in texts]


def _hidden(sheet: Any, rows: list[int]) -> list[str]:
    found = []
    hidden = sum(1 for row in rows if row in sheet.row_dimensions and sheet.row_dimensions[row].hidden)
    if hidden:
        found.append(
            f"{counted(hidden, 'row is', 'rows are')} hidden in the sheet, by hand or by a filter: read as "
            "all others"
        )
    if sheet.sheet_state != "visible":
        found.append(f"the sheet {sheet.title!r} is hidden in the workbook")
    return found
