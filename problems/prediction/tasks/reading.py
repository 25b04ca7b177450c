"""How outcome columns are read: classes as texts of one spelling, numbers with or without a unit."""

import re

import numpy as np

from escalation.model.errors import BadInput
from toolbox.arrays.types import Floats
from toolbox.tables.missing import is_missing
from toolbox.tables.numbers import canonical, exact, read
from toolbox.tables.raw import RawTable

MARKED = re.compile(
    r"(?P<number>[+-]?[\d.,'\u2019\u00a0\u2009\u202f _]*\d[.,]?([eE][+-]?\d+)?)\s*(?P<unit>\D.*)"
)


LARGEST = 1e100
"""Of a number that is learnt from: sums of squares of larger ones overflow."""


def class_texts(table: RawTable, target: str) -> list[str]:
    """Returns the class of each row, 1 and 1.0 spelt alike.

    Raises:
        BadInput: on a missing value.
    """
    texts = []
    for place, value in zip(table.where, table.columns[target], strict=True):
        if is_missing(value):
            raise BadInput(
                f"target column {target!r}, {place}: expected a class, got a missing value: remove the row"
            )
        texts.append(canonical(value, table.decimal))
    return texts


def in_order(classes: set[str]) -> tuple[str, ...]:
    """Numbers by their value, other classes by the alphabet."""
    values = {each: exact(each) for each in classes}
    if all(value is not None for value in values.values()):
        return tuple(sorted(classes, key=lambda each: (values[each], each)))
    return tuple(sorted(classes))


def amounts(table: RawTable, target: str, role: str = "target") -> tuple[Floats, str, tuple[str, ...]]:
    """Returns the numbers of a column, the unit that all of them carry, and what was assumed.

    Raises:
        BadInput: on a missing value, a text that is no number, numbers of two units or that can be read in
            two ways, and infinite ones.
    """
    values = table.columns[target]
    for place, value in zip(table.where, values, strict=True):
        if is_missing(value):
            raise BadInput(
                f"{role} column {target!r}, {place}: expected a number, got a missing value: remove the row"
            )
    if isinstance(values, np.ndarray):
        return _finite(values.astype(np.float64), table, target, role), "", ()
    texts, unit = _without_unit([str(value) for value in values], table, target, role)
    found = read(texts, table.where, table.decimal, commas=table.commas)
    if found.doubt:
        raise BadInput(f"{role} column {target!r}, {found.doubt}")
    asks = " (`task: regression`)" if role == "target" else ""
    for place, text, plain in zip(table.where, texts, found.plain, strict=True):
        if plain is None:
            raise BadInput(f"{role} column {target!r}, {place}: expected a number{asks}, got {text!r}")
    remarks = [f"column {target!r}: {found.remark}"] if found.remark else []
    if unit:
        remarks.append(f"column {target!r}: {unit!r} is taken for the unit of its numbers")
    numbers = np.array([float(plain) for plain in found.plain if plain is not None])
    return _finite(numbers, table, target, role), unit, tuple(remarks)


def _without_unit(texts: list[str], table: RawTable, target: str, role: str) -> tuple[list[str], str]:
    """The numbers without what all of them carry behind: `12 mg`, `7.5 mg`."""
    found = [None if _is_number(text) else MARKED.fullmatch(text) for text in texts]
    if not any(found):
        return texts, ""
    units = [each["unit"].strip() if each else "" for each in found]
    first = next(place for place, unit in enumerate(units) if unit)
    for place, unit in enumerate(units):
        if unit != units[first]:
            if not unit and not _is_number(texts[place]):
                continue  # no number at all: said so by whoever reads it
            raise BadInput(
                f"{role} column {target!r}, {table.where[first]}: {texts[first]!r} and {table.where[place]}: "
                f"{texts[place]!r}: expected numbers of one unit: convert them, and leave the unit out"
            )
    return [each["number"].strip() if each else text for each, text in zip(found, texts, strict=True)], units[
        first
    ]


def _is_number(text: str) -> bool:
    return exact(text) is not None or exact(text, ",") is not None


def _finite(numbers: Floats, table: RawTable, target: str, role: str) -> Floats:
    if not bool(np.isfinite(numbers).all()):
        place = int(np.flatnonzero(~np.isfinite(numbers))[0])
        raise BadInput(
            f"{role} column {target!r}, {table.where[place]}: expected a finite number, got {numbers[place]}"
        )
    if bool((np.abs(numbers) > LARGEST).any()):
        place = int(np.argmax(np.abs(numbers)))
        raise BadInput(
            f"{role} column {target!r}, {table.where[place]}: expected a number between -{LARGEST:g} and "
            f"{LARGEST:g}, whose square can be computed, got {numbers[place]:g}: take a larger unit"
        )
    return numbers
