"""CSV files with a header line, whose every complaint names file, line and column.

UTF-8, with or without a byte order mark; divided by commas, semicolons, tabs or bars, whichever divides the
header most, or as a line `sep=;` above it says; cells may stand in double quotes. Lines of `#` above the
header are comments. White space around cells does not count, blank lines neither.
Lists within a cell are divided by semicolons (in a file that is itself divided by semicolons, such a cell
stands in quotes).

Names are compared in Unicode's normal form NFC, so that a letter is one letter whether it was written
composed or decomposed. They are texts, also where they look like numbers; but `7` and `007`, or `2` and
`2.0`, in one file or list of names are refused, since spreadsheets make the one of the other. Numbers may be
spelt as one likes (`30`, `30.0`, `3e1`, `30,0`), without marks of thousands: `1.000` could be 1 or 1000.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize

from escalation.model.errors import BadInput
from problems.optimisation.feasibility.words import listed
from problems.optimisation.readers.files import TextFile, read_text
from problems.optimisation.readers.numbers import whole

MOST_BYTES = 8 * 2**20
MOST_ROWS = 20_000
LISTS = ("skills", "equipment", "needs", "offers")
DELIMITERS = (",", ";", "\t", "|")
_ABOVE = re.compile(
    r"(?:[ \t]*(?:#[^\r\n]*|\"?sep=(?P<stated>[,;\t|])\"?[ \t]*)?(?:\n|\r\n?|\Z))*", re.IGNORECASE
)
"""Comments, blank lines, and the delimiter as spreadsheets write it above the header."""
_MARKED = re.compile(r"[+-]?[0-9]{1,3}(?:[.,'’\s][0-9]{3})+(?:[.,][0-9]+)?")
_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
_COUNT = re.compile(r"\+?0*([0-9]+?)(?:[.,]0+)?")
YES, NO = ("yes", "true", "1", "y"), ("no", "false", "0", "n", "")


@dataclass(frozen=True)
class Row:
    """A line of a table.

    Attributes:
        where: file and line, for complaints.
        cells: by column.
    """

    where: str
    cells: Mapping[str, str]

    def text(self, column: str) -> str:
        """A cell, empty where the table has no such column."""
        return self.cells.get(column, "")

    def name(self, column: str) -> str:
        """A cell that must say something, within one line."""
        found = self.text(column)
        if not found or not found.isprintable():
            raise self.complain(column, "expected a name within one line", found)
        return found

    def names(self, column: str) -> tuple[str, ...]:
        """A list divided by semicolons, sorted, each once."""
        found = {part.strip() for part in self.text(column).split(";")} - {""}
        if not all(part.isprintable() for part in found):
            raise self.complain(column, "expected names within one line", self.text(column))
        return tuple(sorted(found))

    def whole(self, column: str, least: int, most: int | None = None, blank: int | None = None) -> int:
        """An integer within limits; `blank` stands for an empty cell."""
        found = self.text(column)
        if not found and blank is not None:
            return blank
        if _MARKED.fullmatch(found):
            raise self.complain(column, "expected a number without marks of thousands", found)
        pointed = found.replace(",", ".") if _COMMA.fullmatch(found) else found
        return whole(pointed, f"{self.where}, column {column}", "value", least, most)

    def flag(self, column: str) -> bool:
        """Yes or no; an empty cell is no."""
        found = self.text(column).lower()
        if found in YES or found in NO:
            return found in YES
        raise self.complain(column, "expected yes or no", self.text(column))

    def complain(self, column: str, expected: str, got: str) -> BadInput:
        """Returns the error that says where, what was expected, what came."""
        return BadInput(f"{self.where}, column {column}: {expected}, got {got!r}")


@dataclass(frozen=True)
class Table:
    """A CSV file as it was read.

    Attributes:
        file: with its digest.
        header: names of the columns, in order.
        rows: the lines below it, at least one.
    """

    file: TextFile
    header: tuple[str, ...]
    rows: tuple[Row, ...]

    def check(self, needed: Sequence[str], optional: Sequence[str]) -> None:
        """Raises `BadInput` on a column that is missing or unknown."""
        for name in needed:
            if name not in self.header:
                raise self.file.complain(
                    1, f"expected a column {name!r}, got {listed(self.header, most=None)}"
                )
        for name in self.header:
            if name not in (*needed, *optional):
                known = listed((*needed, *optional), most=None)
                raise self.file.complain(1, f"unknown column {name!r}: expected some of {known}; remove it")

    def once(self, column: str) -> dict[str, Row]:
        """The rows by a name that no two may share."""
        rows: dict[str, Row] = {}
        for row in self.rows:
            name = row.name(column)
            if name in rows:
                raise row.complain(column, f"expected each {column} once, also at {rows[name].where}", name)
            rows[name] = row
        return rows


def refuse_two_spellings(rows: Iterable[tuple[Row, str]]) -> None:
    """Refuses names that are one whole number spelt in two ways.

    Args:
        rows: those whose names are compared, each with the column of them: a list, or one name.

    Raises:
        BadInput: naming both.
    """
    spelt: dict[str, tuple[str, str]] = {}
    for row, column in rows:
        for name in row.names(column) if column in LISTS else (row.text(column),):
            number = _COUNT.fullmatch(name)
            if number is None:
                continue
            known, where = spelt.setdefault(number[1], (name, row.where))
            if known != name:
                expected = f"expected one spelling of {number[1]}, as {known!r} at {where}"
                raise row.complain(column, expected, name)


def read_table(path: Path) -> Table:
    """Reads a CSV file.

    Raises:
        BadInput: when it is missing, empty, no UTF-8 text or no CSV, has no or a repeated column name, no
        rows,
            or a line of another width than its header.
    """
    file = read_text(path, MOST_BYTES)
    (line, header), *lines = _records(file)
    if not all(header):
        raise file.complain(
            line, f"expected a name for every column, got none for column {header.index('') + 1}"
        )
    repeated = next((name for name in header if header.count(name) > 1), None)
    if repeated is not None:
        raise file.complain(
            line, f"expected distinct columns, got {repeated!r} {header.count(repeated)} times"
        )
    if not lines:
        raise BadInput(f"{path}: expected rows below the header, got none")
    rows = []
    for number, cells in lines:
        if len(cells) != len(header):
            raise file.complain(number, f"expected {len(header)} values as in the header, got {len(cells)}")
        rows.append(Row(file.at(number), dict(zip(header, cells, strict=True))))
    return Table(file, tuple(header), tuple(rows))


def _records(file: TextFile) -> list[tuple[int, list[str]]]:
    above = _ABOVE.match(file.text)
    assert above is not None
    begin = above.end()
    first = next(iter(file.text[begin:].splitlines()), "")
    delimiter = above["stated"] or max(DELIMITERS, key=first.count)
    # What stands above the header is left as blank lines, so that the places of complaints are right
    text = "\n" * len(file.text[:begin].splitlines()) + file.text[begin:]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    records = []
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                records.append((reader.line_num, [normalize("NFC", cell.strip()) for cell in cells]))
            if len(records) > MOST_ROWS + 1:
                raise file.complain(reader.line_num, f"expected at most {MOST_ROWS} rows, got more")
        if not records:
            raise BadInput(f"{file.path}: expected a header line, got comments alone")
    except csv.Error as error:
        raise file.complain(reader.line_num, f"expected CSV, got a line that is none: {error}") from None
    return records
