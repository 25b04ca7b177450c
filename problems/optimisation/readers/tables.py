"""How the tables of this family are written, for appointments and triage alike.

See `toolbox.tables.csv_file` for the file and `toolbox.tables.rows` for its cells. Names are compared in
Unicode's normal form NFC. `7` and `007`, or `2` and `2.0`, in one file or list of names are refused, since
spreadsheets make the one of the other.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from escalation.model.complaints import apart, settle, so_far
from toolbox.tables import rows
from toolbox.tables.csv_file import Rules
from toolbox.tables.rows import Row, Table

Made = TypeVar("Made")

LISTS = ("skills", "equipment", "needs", "offers")
RULES = Rules(most_bytes=8 * 2**20, most_rows=20_000, empty="expected an instance, got an empty file")


def read_tables(first: Path, second: Path) -> tuple[Table, Table]:
    """Reads the family's pair of tables; see `toolbox.tables.rows.read_table`."""
    since = so_far()
    with apart():
        one = rows.read_table(first, RULES)
    other = rows.read_table(second, RULES)
    settle(since)
    return one, other


def each_apart(lines: Iterable[Row], make: Callable[[Row], Made]) -> tuple[Made, ...]:
    """What is made of each line; where complaints are gathered, that of one keeps none from being read."""
    made = []
    for row in lines:
        with apart():
            made.append(make(row))
    return tuple(made)


def refuse_two_spellings(where: Iterable[tuple[Row, str]]) -> None:
    """Refuses names that are one whole number spelt in two ways.

    Args:
        where: rows whose names are compared, each with the column of them: a list, or one name.

    Raises:
        BadInput: naming both.
    """
    rows.refuse_two_spellings(
        (row, column, name)
        for row, column in where
        for name in (row.names(column) if column in LISTS else (row.text(column),))
    )
