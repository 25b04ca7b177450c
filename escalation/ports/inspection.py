"""What a family sees in a table before anything is asked of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ColumnProfile:
    """A column as it was read, before anything is inferred from it.

    Attributes:
        name: of the column.
        kind: in words: whole number, number, flag, date, text, mixed, empty.
        missing: how many values are.
        distinct: how many different values there are.
        spread: from the least to the largest, or the most frequent texts with their counts.
    """

    name: str
    kind: str
    missing: int
    distinct: int
    spread: str


@dataclass(frozen=True)
class Inspection:
    """What was found in a table.

    Attributes:
        about: file, rows, columns, how it is written.
        columns: each with its profile.
        problems: what keeps the table from being used, all of it, each with what to do.
        warnings: what to look at before a result is believed.
        problem: a problem file that loads as it stands; None where there is none.
        notes: of the problem file, comments by the field of `instance` that they stand behind.
    """

    about: str
    columns: tuple[ColumnProfile, ...] = ()
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    problem: Mapping[str, Any] | None = None
    notes: Mapping[str, str] | None = None
