"""A CSV file as lines of named cells, for tables whose columns are known; complaints name line and column.

Lists within a cell are divided by semicolons (in a file that is itself divided by semicolons, such a cell
stands in quotes). Names are texts, also where they look like numbers. Numbers may be spelt as one likes
(`30`, `30.0`, `3e1`, `30,0`), without marks of thousands: `1.000` could be 1 or 1000.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from escalation.model.complaints import apart
from escalation.model.errors import BadInput
from escalation.text.wording import listed
from toolbox.tables.csv_file import Rules, read_csv_file
from toolbox.tables.text_file import TextFile
from toolbox.tables.whole_numbers import whole

YES, NO = ("yes", "true", "1", "y"), ("no", "false", "0", "n", "")
_MARKED = re.compile(r"[+-]?[0-9]{1,3}(?:[.,'’\s][0-9]{3})+(?:[.,][0-9]+)?")
_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
_COUNT = re.compile(r"\+?0*([0-9]+?)(?:[.,]0+)?")


@dataclass(frozen=True)
class Row:
    """A line of a table.

    Where complaints are gathered, something stands in for a cell that is none: `settle` before it is used.

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
            with apart():
                raise self.complain(column, "expected a name within one line", found)
        return found

    def names(self, column: str) -> tuple[str, ...]:
        """A list divided by semicolons, sorted, each once."""
        found = {part.strip() for part in self.text(column).split(";")} - {""}
        if not all(part.isprintable() for part in found):
            with apart():
                raise self.complain(column, "expected names within one line", self.text(column))
        return tuple(sorted(found))

    def whole(self, column: str, least: int, most: int | None = None, blank: int | None = None) -> int:
        """An integer within limits; `blank` stands for an empty cell."""
        found = self.text(column)
        if not found and blank is not None:
            return blank
        with apart():
            if _MARKED.fullmatch(found):
                raise self.complain(column, "expected a number without marks of thousands", found)
            pointed = found.replace(",", ".") if _COMMA.fullmatch(found) else found
            return whole(pointed, f"{self.where}, column {column}", "value", least, most)
        return least

    def flag(self, column: str) -> bool:
        """Yes or no; an empty cell is no."""
        found = self.text(column).lower()
        if found not in YES and found not in NO:
            with apart():
                raise self.complain(column, "expected yes or no", self.text(column))
        return found in YES

    def complain(self, column: str, expected: str, got: str) -> BadInput:
        """Returns the error that says where, what was expected, what came."""
        return BadInput(f"{self.where}, column {column}: {expected}, got {got!r}")


@dataclass(frozen=True)
class Table:
    """A CSV file as it was read.

    Attributes:
        file: with its digest.
        header: names of the columns, in order, no two alike.
        rows: the lines below it, at least one.
    """

    file: TextFile
    header: tuple[str, ...]
    rows: tuple[Row, ...]

    def check(self, needed: Sequence[str], optional: Sequence[str]) -> bool:
        """Raises `BadInput` on a column that is missing or unknown; returns whether all are there.

        Where complaints are gathered, a row can be read unless one is missing.
        """
        for name in needed:
            if name not in self.header:
                with apart():
                    raise self.file.complain(
                        1, f"expected a column {name!r}, got {listed(self.header, most=None)}"
                    )
        for name in self.header:
            if name not in (*needed, *optional):
                known = listed((*needed, *optional), most=None)
                with apart():
                    raise self.file.complain(
                        1, f"unknown column {name!r}: expected some of {known}; remove it"
                    )
        return set(needed) <= set(self.header)

    def once(self, column: str) -> dict[str, Row]:
        """The rows by a name that no two may share."""
        rows: dict[str, Row] = {}
        for row in self.rows:
            with apart():
                name = row.name(column)
                if name in rows:
                    where = rows[name].where
                    raise row.complain(column, f"expected each {column} once, also at {where}", name)
                rows[name] = row
        return rows


def read_table(path: Path, rules: Rules) -> Table:
    """Reads a CSV file whose columns have distinct names.

    Raises:
        BadInput: when `read_csv_file` cannot read it, or a name repeats.
    """
    found = read_csv_file(path, rules)
    file, names = found.file, found.header.cells
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        often = names.count(repeated)
        raise file.complain(found.header.number, f"expected distinct columns, got {repeated!r} {often} times")
    rows = (Row(file.at(line.number), dict(zip(names, line.cells, strict=True))) for line in found.lines)
    return Table(file, tuple(names), tuple(rows))


def refuse_two_spellings(names: Iterable[tuple[Row, str, str]]) -> None:
    """Refuses names that are one whole number spelt in two ways, as spreadsheets make 7 of 007, 2.0 of 2.

    Args:
        names: those that are compared, each with the row and the column it stands in.

    Raises:
        BadInput: naming both.
    """
    spelt: dict[str, tuple[str, str]] = {}
    for row, column, name in names:
        number = _COUNT.fullmatch(name)
        if number is None:
            continue
        known, where = spelt.setdefault(number[1], (name, row.where))
        if known != name:
            expected = f"expected one spelling of {number[1]}, as {known!r} at {where}"
            with apart():
                raise row.complain(column, expected, name)
