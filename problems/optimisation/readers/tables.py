"""How the tables of this family are written, for appointments and triage alike.

See `toolbox.tables.csv_file` for the file and `toolbox.tables.rows` for its cells. Names are compared in
Unicode's normal form NFC. `7` and `007`, or `2` and `2.0`, in one file or list of names are refused, since
spreadsheets make the one of the other.
"""

from collections.abc import Iterable
from pathlib import Path

from toolbox.tables import rows
from toolbox.tables.csv_file import Rules
from toolbox.tables.rows import Row, Table

LISTS = ("skills", "equipment", "needs", "offers")
RULES = Rules(most_bytes=8 * 2**20, most_rows=20_000, empty="expected an instance, got an empty file")


def read_table(path: Path) -> Table:
    """Reads one of the family's tables; see `toolbox.tables.rows.read_table`."""
    return rows.read_table(path, RULES)


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
