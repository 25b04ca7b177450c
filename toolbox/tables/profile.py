"""A raw table's columns as a person looks at them first: type, missing, distinct, range."""

from collections import Counter

import numpy as np

from escalation.ports.inspection import ColumnProfile
from toolbox.tables.dates import dates
from toolbox.tables.numbers import canonical, read
from toolbox.tables.raw import Numbers, RawTable, Texts

NAMED = 3
"""Texts of a column that are named, the most frequent first."""
LONGEST = 24
"""Characters of each of them."""
FLAGS = {"true", "false"}


def profiles(table: RawTable) -> tuple[ColumnProfile, ...]:
    """Returns a profile a column, in the file's order."""
    return tuple(_profile(name, values, table) for name, values in table.columns.items())


def _profile(name: str, values: Texts | Numbers, table: RawTable) -> ColumnProfile:
    if isinstance(values, np.ndarray):
        return _of_numbers(name, values)
    texts = [text for text in values if text is not None]
    missing = len(values) - len(texts)
    if not texts:
        return ColumnProfile(name, "empty", missing, 0, "")
    reading = read(values, table.where, table.decimal, commas=table.commas)
    numeric = [None if text is None else float(text) for text in reading.plain]
    known = sum(number is not None for number in numeric)
    if known == len(texts) and not reading.doubt:
        return _of_numbers(name, np.array([np.nan if each is None else each for each in numeric]))
    counts = Counter(canonical(text, table.decimal) for text in texts)
    if found := dates(set(texts)):
        return ColumnProfile(name, "date", missing, len(counts), f"{min(found)} to {max(found)}")
    if known:
        numbers = [each for each in numeric if each is not None]
        others = Counter(text for text, each in zip(values, numeric, strict=True) if text and each is None)
        spread = f"{min(numbers):g} to {max(numbers):g}; {_frequent(others)}"
        return ColumnProfile(name, "numbers and texts", missing, len(counts), spread)
    kind = "flag" if set(counts) <= FLAGS else "text"
    return ColumnProfile(name, kind, missing, len(counts), _frequent(counts))


def _of_numbers(name: str, values: Numbers) -> ColumnProfile:
    present = values[~np.isnan(values)]
    missing = len(values) - len(present)
    if not len(present):
        return ColumnProfile(name, "empty", missing, 0, "")
    levels = np.unique(present)
    whole = bool(np.all(present == np.floor(present)))
    kind = "flag" if whole and set(levels) == {0.0, 1.0} else "whole number" if whole else "number"
    return ColumnProfile(name, kind, missing, len(levels), f"{levels[0]:g} to {levels[-1]:g}")


def _frequent(counts: Counter[str]) -> str:
    if len(counts) > NAMED and len(counts) == counts.total():
        return f"all different: {_cut(min(counts))} to {_cut(max(counts))}"
    shown = [f"{_cut(text)} ({count})" for text, count in counts.most_common(NAMED)]
    return ", ".join([*shown, *(["…"] if len(counts) > NAMED else [])])


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
