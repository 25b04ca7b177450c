"""From raw texts and numbers to typed feature columns, the way a careful data scientist would."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from escalation.errors import BadInput
from problems.classification.table import Column

MOSTLY = 0.8
"""Share of present values that must be numbers (or dates) for a text column to count as one of them."""

MAX_LEVELS = 50
"""Distinct texts beyond which a category carries too few rows a level to be learned from."""

DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}([T ].*)?|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
NOT_FINITE = re.compile(r"[+-]?(inf|infinity)", re.IGNORECASE)
IDENTIFIER = re.compile(r"(^|.*[_\W])id|.*[a-z]ID", re.ASCII)
FLAGS = {"false": 0.0, "true": 1.0}

Texts = list[str | None]
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Typed:
    """A typed column: its values (numbers or texts), and what a reader should know about it."""

    column: Column
    numbers: Numbers | None = None
    texts: tuple[str | None, ...] = ()


def typed_column(
    name: str, values: Texts | Numbers, where: Sequence[str], *, category: bool = False
) -> Typed:
    """Infers whether a column is a number or a category, and converts it.

    Args:
        name: of the column.
        values: numbers (NaN missing), or texts (None missing).
        where: how to name each row to the user, for instance `line 17`.
        category: take it as a category whatever it holds.

    Raises:
        BadInput: on infinite numbers, text among numbers, dates, identifiers and too many categories.
    """
    if isinstance(values, np.ndarray) and not category:
        return _number(name, values, where)
    texts = _as_texts(values)
    present = {text for text in texts if text is not None}
    if category:
        return _category(name, texts, present)
    if present and {text.lower() for text in present} <= set(FLAGS):
        return _number(name, _converted(texts, FLAGS), where)
    numeric = [text is not None and bool(NUMBER.fullmatch(text)) for text in texts]
    share = sum(numeric) / max(1, sum(text is not None for text in texts))
    _refuse_infinite(name, texts, where)
    if share == 1.0:
        return _number(name, np.array([np.nan if t is None else float(t) for t in texts]), where)
    if share >= MOSTLY:
        _refuse_text(name, texts, numeric, where)
    _refuse_dates(name, present)
    return _category(name, texts, present)


def is_constant(typed: Typed) -> bool:
    """Tells whether a column's present values are all the same, or all missing."""
    if typed.numbers is not None:
        return len(np.unique(typed.numbers[~np.isnan(typed.numbers)])) <= 1
    return len(typed.column.levels) <= 1


def distinct(values: Texts | Numbers) -> Collection[str]:
    """Returns the distinct present values as texts, whole numbers without a decimal point."""
    return {text for text in _as_texts(values) if text is not None}


def canonical(value: object) -> str:
    """One spelling for a label: `1`, `1.0`, `'1'` and True-as-text do not differ by their type."""
    text = str(value).strip()
    if text.lower() in FLAGS:
        return text.lower()
    if NUMBER.fullmatch(text):
        number = float(text)
        return str(int(number)) if number.is_integer() and abs(number) < 2**53 else repr(number)
    return text


def _as_texts(values: Texts | Numbers) -> Texts:
    if isinstance(values, np.ndarray):
        return [None if np.isnan(value) else canonical(float(value)) for value in values]
    return values


def _converted(texts: Texts, mapping: dict[str, float]) -> Numbers:
    return np.array([np.nan if text is None else mapping[text.lower()] for text in texts])


def _number(name: str, values: Numbers, where: Sequence[str]) -> Typed:
    numbers = np.asarray(values, dtype=np.float64) + 0.0  # -0.0 becomes 0.0: one digest for one value
    if np.isinf(numbers).any():
        row = int(np.flatnonzero(np.isinf(numbers))[0])
        raise BadInput(f"column {name!r}, {where[row]}: {_INFINITE}, got {numbers[row]}")
    present = numbers[~np.isnan(numbers)]
    whole = len(present) > 0 and bool(np.all(present == np.floor(present)))
    if IDENTIFIER.fullmatch(name) and whole and len(np.unique(present)) == len(present) > 1:
        raise BadInput(f"column {name!r} {_IDENTIFIES}: add it to `drop`, or give it as `group`")
    return Typed(Column(name, "number"), numbers=numbers)


def _category(name: str, texts: Texts, present: set[str]) -> Typed:
    count = sum(text is not None for text in texts)
    if len(present) == count and count > 20:
        raise BadInput(f"column {name!r} {_IDENTIFIES}: add it to `drop`, or give it as `group`")
    if len(present) > MAX_LEVELS:
        raise BadInput(
            f"column {name!r} has {len(present)} different texts, expected at most {MAX_LEVELS}: "
            "merge rare ones, or add it to `drop`"
        )
    return Typed(Column(name, "category", tuple(sorted(present))), texts=tuple(texts))


_INFINITE = "expected a finite number"
_IDENTIFIES = "identifies rows (no value occurs twice), so nothing can be learned from it"


def _refuse_infinite(name: str, texts: Texts, where: Sequence[str]) -> None:
    for text, place in zip(texts, where, strict=True):
        if text is not None and NOT_FINITE.fullmatch(text):
            raise BadInput(f"column {name!r}, {place}: {_INFINITE}, got {text!r}")


def _refuse_text(name: str, texts: Texts, numeric: list[bool], where: Sequence[str]) -> None:
    row = next(i for i, text in enumerate(texts) if text is not None and not numeric[i])
    raise BadInput(
        f"column {name!r}, {where[row]}: expected a number as in most other rows, got {texts[row]!r}: "
        f"correct it, or add it to `na_values` if it means missing, or the column to `categorical`"
    )


def _refuse_dates(name: str, present: set[str]) -> None:
    dates = [text for text in present if DATE.fullmatch(text)]
    if dates and len(dates) >= MOSTLY * len(present):
        raise BadInput(
            f"column {name!r} holds dates ({min(dates)!r}): turn it into a duration in days, "
            "give it as `time`, or add it to `drop`"
        )
