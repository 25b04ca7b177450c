"""A column that must hold numbers, and one that must hold times, of a table that was read raw."""

import math

import numpy as np
from numpy.typing import NDArray

from escalation.model.errors import BadInput
from escalation.text.nearest import did_you_mean
from escalation.text.wording import listed
from toolbox.tables.dates import has_zone, is_moment, seconds
from toolbox.tables.numbers import canonical, read
from toolbox.tables.raw import RawTable, Texts

SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
"""Units of durations in seconds."""


def check_column(table: RawTable, name: str, role: str, file: str) -> None:
    """Raises `BadInput` when the table has no such column."""
    if name not in table.columns:
        raise BadInput(
            f"{file}: {role} column {name!r} is missing: the table has "
            f"{listed(tuple(table.columns))}{did_you_mean(name, table.columns)}"
        )


def texts_of(table: RawTable, name: str) -> Texts:
    """A column as texts, whole numbers without a decimal point; None where a value is missing."""
    values = table.columns[name]
    if isinstance(values, np.ndarray):
        return [None if np.isnan(value) else canonical(float(value)) for value in values]
    return values


def present_texts(table: RawTable, name: str, role: str, file: str) -> list[str]:
    """A column of texts without a gap.

    Raises:
        BadInput: naming file and row, when one is missing.
    """
    found = texts_of(table, name)
    if None in found:
        place = table.where[found.index(None)]
        raise BadInput(f"{file}, {place}: {role} column {name!r}: expected a value, got a missing one")
    return [text for text in found if text is not None]


def numbers_of(table: RawTable, name: str, role: str, file: str) -> NDArray[np.float64]:
    """A column of finite numbers; NaN where one is missing, shape (n,).

    Raises:
        BadInput: naming file and row, on a text that is no number or can be read in two ways.
    """
    values = table.columns[name]
    if not isinstance(values, np.ndarray):
        reading = read(values, table.where, table.decimal, commas=table.commas)
        if reading.doubt:
            raise BadInput(f"{file}: {role} column {name!r}, {reading.doubt}")
        for plain, text, place in zip(reading.plain, values, table.where, strict=True):
            if text is not None and (plain is None or not math.isfinite(float(plain))):
                raise _no_number(file, place, role, name, text)
        values = np.array([math.nan if plain is None else float(plain) for plain in reading.plain])
    if np.isinf(values).any():
        row = int(np.flatnonzero(np.isinf(values))[0])
        raise _no_number(file, table.where[row], role, name, str(values[row]))
    return values + 0.0


def times_of(table: RawTable, name: str, role: str, file: str) -> tuple[NDArray[np.float64], bool]:
    """A column of numbers, or of dates as seconds since 1970 (UTC where no zone is said); and which of both.

    Missing times are NaN, shape (n,).

    Raises:
        BadInput: naming file and row, on anything else, where a column has both, and where some moments say
            their zone and others do not.
    """
    texts = texts_of(table, name)
    if not any(map(is_moment, texts)):
        return numbers_of(table, name, role, file), False
    found = np.array([seconds(text) for text in texts])
    first: dict[bool, int] = {}
    for row, text in enumerate(texts):
        if text is None:
            continue
        if math.isnan(found[row]):
            raise BadInput(
                f"{file}, {table.where[row]}: {role} column {name!r}: expected a date as 2026-01-31 or "
                f"2026-01-31 12:30, as in other rows, got {text!r}"
            )
        first.setdefault(has_zone(text), row)
    if len(first) > 1:
        with_zone, without = (f"{texts[row]!r} ({table.where[row]})" for row in (first[True], first[False]))
        raise BadInput(
            f"{file}: {role} column {name!r}: expected a zone in all times or in none, got {with_zone} and "
            f"{without}: hours could lie between them"
        )
    return found, True


def _no_number(file: str, place: str, role: str, name: str, text: str) -> BadInput:
    return BadInput(
        f"{file}, {place}: {role} column {name!r}: expected a number, got {text!r}: correct it, or add it to "
        "na_values if it means missing",
        mends={"na_values": [text]},
    )
