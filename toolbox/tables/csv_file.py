"""The one reader of CSV files: RFC 4180 as spreadsheets, R, pandas and macOS write it.

UTF-8, with or without a byte order mark; divided by commas, semicolons, tabs or bars, whichever divides the
header most, or as a line `sep=;` above it says; cells may stand in double quotes. Lines of `#` above the
header are comments. White space around cells does not count, blank lines (and lines of delimiters alone)
neither. Cells are composed to Unicode's normal form NFC, so that a letter is one letter.
"""

import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from unicodedata import is_normalized, normalize

from escalation.inputs.user_files import MOST_BYTES
from escalation.model.complaints import apart, settle, so_far
from escalation.model.errors import BadInput
from toolbox.tables.numbers import NUMBER
from toolbox.tables.raw import refuse_many
from toolbox.tables.text_file import TextFile, read_text

DELIMITERS = (",", ";", "\t", "|")
COMMENT = "#"
SHOWN = 5
"""Lines of another width that are named where all that is wrong is gathered."""
_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)?")
_STATED = re.compile(r'"?sep=(?P<delimiter>[,;\t|])"?', re.IGNORECASE)


@dataclass(frozen=True)
class Rules:
    """How strict a reader is.

    Attributes:
        most_bytes: of the file.
        most_rows: below the header; None for as many as the file has.
        header_in_comment: whether the last comment is the header where the line below it is none but holds
            numbers, in as many cells: so write NumPy and the readers of genomes.
        comments_below: whether lines below the header that begin with `#` are comments where they have
            another width than it.
        empty: what is said of a file without a character.
        comments_alone: what is said of one that has nothing but comments.
    """

    most_bytes: int = MOST_BYTES
    most_rows: int | None = None
    header_in_comment: bool = False
    comments_below: bool = False
    empty: str = "expected a header line and rows, got an empty file"
    comments_alone: str = "expected a header line, got comments alone"


@dataclass(frozen=True)
class Line:
    """A line that says something: its cells, and its number in the file (its last, where cells break it)."""

    number: int
    cells: list[str]


@dataclass(frozen=True)
class CsvFile:
    """A CSV file as it was read.

    Attributes:
        file: with its digest.
        header: the names of the columns, none of them empty; they may repeat.
        lines: those below the header, at least one, each as wide as it.
        delimiter: what divides cells.
        remarks: what was assumed.
    """

    file: TextFile
    header: Line
    lines: list[Line]
    delimiter: str
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Above:
    """What stands above the header: where it ends, in characters and lines, and what it says."""

    end: int = 0
    lines: int = 0
    comments: int = 0
    last: str = ""
    stated: str = ""


def read_csv_file(path: Path, rules: Rules) -> CsvFile:
    """Reads a CSV file with a header line.

    Raises:
        BadInput: when it is missing, unreadable, too large, empty, no UTF-8 text or no CSV, has numbers or
            nothing for a column's name, no rows, too many, or a line of another width than its header.
    """
    file = read_text(path, rules.most_bytes, rules.empty)
    if file.text.lstrip()[:9].lower().startswith(("<html", "<!doctype", "<?xml", "<table")):
        raise file.complain(
            1, "expected CSV, got a page of HTML or XML, as some programs name .xls: save it as CSV UTF-8"
        )
    above = _above(file.text)
    first = _line(file.text, above.end)
    text, number, delimiter = file.text[above.end :], above.lines, above.stated or _delimiter(first)
    refuse_many(file.path, first.count(delimiter) + 1)  # before millions of cells are made
    remarks = [f"{_lines(above.comments)} above the header, beginning with #: taken as comments"]
    if rules.header_in_comment and _is_header(above.last, first, delimiter):
        text, number = f"{above.last.lstrip(COMMENT).strip()}\n{text}", number - 1
        remarks = [f"the header is read from line {above.lines}, which begins with #"]
    records = _records(file, text, delimiter, number, rules.most_rows)
    if not records:
        raise BadInput(f"{file.path}: {rules.comments_alone}")
    header, *lines = records
    _check_header(file, header)
    kept = [line for line in lines if not (rules.comments_below and _is_comment(line, len(header.cells)))]
    if below := len(lines) - len(kept):
        remarks.append(f"{_lines(below)} below the header, beginning with #: taken as comments")
    _check_widths(file, header, kept)
    return CsvFile(file, header, kept, delimiter, tuple(remarks if above.comments else remarks[1:]))


def _line(text: str, start: int) -> str:
    found = _LINE.match(text, start)
    assert found is not None
    return found[0]


def _above(text: str) -> _Above:
    """Comments, blank lines, and the delimiter as spreadsheets write it above the header."""
    end, number, comments, last, stated = 0, 0, 0, "", ""
    while end < len(text):
        line = _line(text, end)
        spoken = line.strip(" \r\n")
        if found := _STATED.fullmatch(spoken):
            stated = found["delimiter"]
        elif line.strip() and not line.lstrip().startswith(COMMENT):
            break
        last = line.strip()
        comments += last.startswith(COMMENT)
        end, number = end + len(line), number + 1
    return _Above(end, number, comments, last, stated)


def _delimiter(line: str) -> str:
    return max(DELIMITERS, key=line.count)


def _is_header(comment: str, first: str, delimiter: str) -> bool:
    cells = first.strip("\r\n").split(delimiter)
    same = comment.startswith(COMMENT) and len(comment.split(delimiter)) == len(cells) > 1
    return same and any(NUMBER.fullmatch(cell.strip().replace(",", ".")) for cell in cells)


def _records(file: TextFile, text: str, delimiter: str, above: int, most_rows: int | None) -> list[Line]:
    """Returns every line that is not blank, the header first; `above` lines came before the text."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    clean = _cleaner(text)
    records: list[Line] = []
    try:
        for cells in reader:
            said = [clean(cell) for cell in cells]
            if any(said):
                records.append(Line(above + reader.line_num, said))
            if most_rows is not None and len(records) > most_rows + 1:
                raise file.complain(records[-1].number, f"expected at most {most_rows} rows, got more")
    except csv.Error as error:
        where = above + reader.line_num
        raise file.complain(where, f"expected CSV, got a line that is none: {error}") from None
    return records


def _cleaner(text: str) -> Callable[[str], str]:
    # cell by cell: in a whole text a character might be composed to a delimiter, as U+037E is to a semicolon
    if is_normalized("NFC", text):
        return str.strip
    return lambda cell: normalize("NFC", cell.strip())


def _check_header(file: TextFile, header: Line) -> None:
    names = header.cells
    if all(NUMBER.fullmatch(name) for name in names):
        raise file.complain(header.number, "expected column names, got numbers only: add a header line")
    if "" in names:
        raise file.complain(
            header.number,
            f"expected a name for every column, got none for column {names.index('') + 1} "
            "(R and pandas write the rows' numbers so: remove it, or name it)",
        )


def _is_comment(line: Line, width: int) -> bool:
    return len(line.cells) != width and line.cells[0].startswith(COMMENT)


def _check_widths(file: TextFile, header: Line, lines: Sequence[Line]) -> None:
    if not lines:
        raise BadInput(f"{file.path}: expected rows below the header, got none")
    width = len(header.cells)
    since = so_far()
    wrong = [line for line in lines if len(line.cells) != width]
    for line in wrong[:SHOWN]:
        with apart():
            raise file.complain(
                line.number, f"expected {width} values as in the header, got {len(line.cells)}"
            )
    if wrong[SHOWN:]:
        with apart():
            raise BadInput(f"{file.path}: {_lines(len(wrong) - SHOWN)} more of another width than the header")
    settle(since)


def _lines(count: int) -> str:
    return f"{count} line{'s' if count != 1 else ''}"
