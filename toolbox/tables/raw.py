"""A table as it was read, before anything is inferred from it."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalation.model.errors import BadInput

Texts = list[str | None]
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class RawTable:
    """Columns as texts (None missing) or numbers (NaN missing), all of the same length.

    Attributes:
        columns: by name, in order; names and texts composed (NFC) and stripped of white space.
        where: how to name each row to the user: `line 17`, `row 17`.
        source: small JSON data on where it comes from, with the SHA-256 of the file if there is one.
        decimal: the mark that numbers in texts are expected to have.
        commas: whether some column has decimal commas.
        remarks: what a reader should know about it.
        extra: what a constructed data set openly tells its solvers.
        blocks: columns that belong together, by the name of their kind: pixels, texture.
        made: columns besides those of the blocks that were computed, and not written by anybody.
        noun: what its rows are to people: `pictures`.
        sealed: the rows that the data themselves keep aside, shape (n,); None where they say nothing.
    """

    columns: Mapping[str, Texts | Numbers]
    where: tuple[str, ...]
    source: Mapping[str, Any]
    decimal: str = "."
    commas: bool = False
    remarks: tuple[str, ...] = ()
    extra: Mapping[str, Any] | None = None
    blocks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    made: tuple[str, ...] = ()
    noun: str = "rows"
    sealed: NDArray[np.bool_] | None = None

    @property
    def computed(self) -> frozenset[str]:
        """Columns that were computed."""
        return frozenset(self.made).union(*self.blocks.values())

    def __len__(self) -> int:
        return len(self.where)


MOST_COLUMNS = 100_000
"""Of a table: each is looked at by itself, and seconds become hours."""


def refuse_many(file: object, columns: int) -> None:
    """Raises `BadInput` when a table has more columns than are looked at one by one."""
    if columns > MOST_COLUMNS:
        raise BadInput(
            f"{file}: expected at most {MOST_COLUMNS:,} columns, got {columns:,}: leave some out beforehand"
        )


def refuse_repeated(names: Collection[str]) -> None:
    """Raises `BadInput` when a name occurs twice."""
    repeated = sorted((name, count) for name, count in Counter(names).items() if count > 1)
    if repeated:
        name, count = repeated[0]
        raise BadInput(f"expected distinct column names, got {name!r} {count} times")
