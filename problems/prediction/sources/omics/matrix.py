"""A matrix as text or Parquet: samples in rows or in columns, whichever carry the known ids.

Text is CSV, TSV or divided by semicolons (then with decimal commas), as R, pandas and GEO write it: with or
without a name above the ids, lines of `#` and `!` are comments. Where samples are columns, other columns
beside the features' names (a description, a gene's symbol) are annotations and are left out.
"""

import csv
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from escalation.inputs.user_files import MOST_BYTES, decoded
from escalation.model.errors import BadInput
from escalation.model.identity import digest_bytes
from escalation.text.wording import counted, listed
from problems.prediction.sources.omics.measured import Matrix, distinct, not_too_large
from toolbox.tables.numbers import NUMBER
from toolbox.tables.raw_files import NA_VALUES, read_arrow
from toolbox.tables.text_file import read_bytes

Side = Literal["rows", "columns"]
_COMMENTS = ("#", "!")
_DELIMITERS = ("\t", ",", ";")


@dataclass(frozen=True)
class Grid:
    """A matrix as it stands in the file: ids of lines, ids of columns, and numbers by column or line.

    Attributes:
        path: of the file.
        header: names above the columns, without that above the ids.
        lines: ids of the lines and their cells as texts (text files).
        columns: values by name (Parquet).
        sha256: of the file.
        decimal: the mark that its numbers have.
    """

    path: Path
    header: tuple[str, ...]
    names: tuple[str, ...]
    sha256: str
    lines: Sequence[tuple[int, list[str]]] = ()
    columns: Mapping[str, NDArray[np.float64]] | None = None
    decimal: str = "."


def read_matrix(path: Path, ids: Collection[str], side: Side | None, na_values: Collection[str]) -> Matrix:
    """Reads a matrix of numbers.

    Args:
        path: of a text file, or of a Parquet file whose name ends so.
        ids: of the samples as the table of samples has them.
        side: where the samples are; None to tell it by the ids.
        na_values: what means a missing value besides `NA_VALUES`.

    Raises:
        BadInput: where the ids are nowhere, or on both sides; on an id that repeats, and on a value that is
            no
            number, with its line and column.
    """
    grid = _parquet(path) if path.suffix.lower() == ".parquet" else _text(path)
    side = side or _side(grid, set(ids))
    missing = {*NA_VALUES, *map(str, na_values)}
    if side == "columns":
        return _samples_in_columns(grid, set(ids), missing)
    not_too_large(path, len(grid.names), len(grid.header))
    values = _numbers(grid, list(range(len(grid.header))), missing)
    return _measured(grid, grid.names, grid.header, values, ())


def read_new_matrix(path: Path, features: Collection[str], na_values: Collection[str]) -> Matrix:
    """Reads a matrix of samples that nobody knows yet; where they are is told by the features.

    Raises:
        BadInput: where no feature is known, and as `read_matrix` does.
    """
    grid = _parquet(path) if path.suffix.lower() == ".parquet" else _text(path)
    known = set(features)
    if not known & {*grid.names, *grid.header}:
        raise BadInput(
            f"{path}: expected the features that the model learnt from ({listed(list(features), most=2)}) in "
            f"the first column or the header, got rows {listed(grid.names, most=2)} and columns "
            f"{listed(grid.header, most=2)}"
        )
    missing = {*NA_VALUES, *map(str, na_values)}
    if len(known & set(grid.names)) > len(known & set(grid.header)):
        return _samples_in_columns(grid, set(), missing)
    not_too_large(path, len(grid.names), len(grid.header))
    return _measured(grid, grid.names, grid.header, _numbers(grid, [*range(len(grid.header))], missing), ())


def _samples_in_columns(grid: Grid, ids: set[str], missing: set[str]) -> Matrix:
    places = [place for place, name in enumerate(grid.header) if name in ids]
    others = [place for place in range(len(grid.header)) if place not in set(places)]
    numeric = [place for place in others if _is_numeric(grid, place, missing)]
    kept = sorted(places + numeric)  # further people, of whom the table says nothing
    left = [grid.header[place] for place in others if place not in set(numeric)]
    not_too_large(grid.path, len(kept), len(grid.names))
    values = np.ascontiguousarray(_numbers(grid, kept, missing).T)
    said = (
        (f"{grid.path.name}: {listed(left)} left out: no numbers, so taken as annotations",) if left else ()
    )
    return _measured(grid, tuple(grid.header[place] for place in kept), grid.names, values, said)


def _measured(
    grid: Grid,
    samples: tuple[str, ...],
    features: tuple[str, ...],
    values: NDArray[np.float64],
    said: tuple[str, ...],
) -> Matrix:
    distinct(grid.path, samples, "sample")
    distinct(grid.path, features, "feature")
    return Matrix(grid.path.stem, samples, features, values, {grid.path.name: grid.sha256}, remarks=said)


def _side(grid: Grid, ids: set[str]) -> Side:
    rows, columns = len(ids & set(grid.names)), len(ids & set(grid.header))
    if rows and columns:
        raise BadInput(
            f"{grid.path}: cannot tell whether samples are rows or columns: "
            f"{counted(rows, 'id', 'ids')} of the "
            f"table of samples name rows, {columns} name columns: say `samples_in: rows` or "
            "`samples_in: columns`"
        )
    if not rows and not columns:
        shown = listed(sorted(ids), most=2)
        raise BadInput(
            f"{grid.path}: expected the ids of the table of samples ({shown}) in the first column or "
            "the header, "
            f"got rows {listed(grid.names, most=2)} and columns {listed(grid.header, most=2)}: spell "
            "ids alike "
            "(R writes X1005 for 1005, and a point for a hyphen), or name their column as `sample_id`"
        )
    return "rows" if rows else "columns"


def _text(path: Path) -> Grid:
    data = read_bytes(path, MOST_BYTES)
    text = decoded(data, path)
    first = next((line for line in text.splitlines() if line.strip() and not line.startswith(_COMMENTS)), "")
    delimiter = max(_DELIMITERS, key=first.count)
    if not first.count(delimiter):
        raise BadInput(
            f"{path}: expected ids and numbers divided by tabs, commas or semicolons, got {first[:60]!r}"
        )
    records = list(_records(path, text, delimiter))
    if len(records) < 2:
        raise BadInput(
            f"{path}: expected a header and rows of numbers, got {counted(len(records), 'line', 'lines')}"
        )
    (number, header), *lines = records
    width = len(lines[0][1])
    if len(header) not in (width, width - 1):
        raise BadInput(
            f"{path}, line {number}: expected {width} names, as many as values below, got {len(header)}"
        )
    for number, cells in lines:
        if len(cells) != width:
            raise BadInput(
                f"{path}, line {number}: expected {width} values as in the first row, got {len(cells)}"
            )
    return Grid(
        path,
        # names are compared with those of the table of samples, which are composed
        tuple(normalize("NFC", name) for name in header[len(header) - width + 1 :]),
        tuple(cells[0] for _, cells in lines),
        digest_bytes(data),
        lines=lines,
        decimal="," if delimiter == ";" else ".",
    )


def _records(path: Path, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            if cells and any(cells) and not cells[0].startswith(_COMMENTS):
                yield reader.line_num, [normalize("NFC", cells[0].strip()), *map(str.strip, cells[1:])]
    except csv.Error as error:
        raise BadInput(
            f"{path}, line {reader.line_num}: expected a row of values, got none: {error}"
        ) from None


def _is_numeric(grid: Grid, place: int, missing: set[str]) -> bool:
    try:
        _numbers(grid, [place], missing)
    except BadInput:
        return False
    return True


def _numbers(grid: Grid, places: list[int], missing: set[str]) -> NDArray[np.float64]:
    """The values of the columns at `places`, shape (lines, places)."""
    if grid.columns is not None:
        columns = [_of_parquet(grid, grid.header[place]) for place in places]
        return _present(grid, places, np.column_stack(columns), missing)
    values = np.empty((len(grid.lines), len(places)))
    every = places == list(range(len(grid.header)))
    for row, (_, cells) in enumerate(grid.lines):
        own = cells[1:] if every else [cells[place + 1] for place in places]
        try:
            values[row] = own
        except ValueError:
            values[row] = [
                _number(grid, row, place, cell, missing) for place, cell in zip(places, own, strict=True)
            ]
    return _present(grid, places, values, missing)


def _present(
    grid: Grid, places: list[int], values: NDArray[np.float64], missing: set[str]
) -> NDArray[np.float64]:
    """NaN for the numbers that mean a missing value; infinity is refused, as the logarithm of 0 is one."""
    for marker in filter(NUMBER.fullmatch, missing):
        values[values == float(marker)] = np.nan
    if np.isinf(values).any():
        if any(marker.lower().lstrip("+-") in ("inf", "infinity") for marker in missing):
            values[np.isinf(values)] = np.nan
            return values
        row, place = np.argwhere(np.isinf(values))[0]
        raise BadInput(
            f"{grid.path}, row {grid.names[row]!r}, column {grid.header[places[place]]!r}: expected a "
            "number, "
            f"got {values[row, place]}: add 1 before logarithms are taken, or name it under `na_values`"
        )
    return values


def _number(grid: Grid, row: int, place: int, cell: str, missing: set[str]) -> float:
    if cell in missing:
        return np.nan
    try:
        return float(cell.replace(",", ".") if grid.decimal == "," else cell)
    except ValueError:
        raise BadInput(
            f"{grid.path}, line {grid.lines[row][0]}, column {grid.header[place]!r}: expected a "
            f"number, got {cell!r}"
        ) from None


def _parquet(path: Path) -> Grid:
    import pyarrow
    from pyarrow import types

    table, data = read_arrow(path)
    table = table.rename_columns([normalize("NFC", name) for name in table.column_names])
    numeric = [types.is_floating(kind) or types.is_integer(kind) for kind in table.schema.types]
    texts = [name for name, is_number in zip(table.column_names, numeric, strict=True) if not is_number]
    if not texts:
        raise BadInput(f"{path}: expected a column of texts with the ids of its rows, got numbers alone")
    distinct(path, tuple(table.column_names), "column")
    own = next((name for name in texts if name.startswith("__index_level_0__")), texts[0])
    header = tuple(name for name in table.column_names if name != own)
    names = tuple(normalize("NFC", str(name or "").strip()) for name in table.column(own).to_pylist())
    numbers = {
        name: np.asarray(table.column(name).cast(pyarrow.float64()).to_numpy(), dtype=np.float64)
        for name in header
        if name not in texts
    }
    return Grid(path, header, names, digest_bytes(data), columns=numbers)


def _of_parquet(grid: Grid, name: str) -> NDArray[np.float64]:
    assert grid.columns is not None
    if name not in grid.columns:
        raise BadInput(f"{grid.path}, column {name!r}: expected numbers, got texts: leave the column out")
    return grid.columns[name]
