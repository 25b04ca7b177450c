"""In what new rows are unlike those that a model was learnt from."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from escalation.text.wording import counted, listed
from toolbox.arrays.types import Flags, Floats

SHOWN = 5
"""Columns that are named of a row; of more it is said how many."""
SHARE = 0.05
"""Of a block's columns that lie outside what was seen, from which on a row is flagged."""
BY_CHANCE = 3
"""Times as many columns outside as chance would have: of n rows and one more, that one is the least or the
largest of a column in 2 of n + 1 cases, whatever the column is."""


class Unlike:
    """What is said of each row.

    Columns of a block (a thousand genes, the pixels of a picture) are counted, not named one by one: of so
    many some lie outside the range that was seen in every row.
    """

    def __init__(self, rows: int, open_rows: int, blocks: Mapping[str, str]) -> None:
        """Starts without flags.

        Args:
            rows: new ones.
            open_rows: that were learnt from.
            blocks: of columns that are counted, what they are together.
        """
        self._said: list[list[str]] = [[] for _ in range(rows)]
        self._blocks = blocks
        self._outside = {block: np.zeros(rows) for block in blocks.values()}
        self._sizes = dict.fromkeys(blocks.values(), 0)
        self._from = max(SHARE, BY_CHANCE * 2 / (open_rows + 1))

    def number(self, feature: Mapping[str, Any], values: Floats) -> None:
        """Looks at numbers, NaN where one is missing."""
        seen, name = feature.get("seen", {}), feature["name"]
        outside = np.zeros(len(values), dtype=np.bool_)
        if "low" in seen:
            outside = (values < seen["low"]) | (values > seen["high"])
        missing = np.isnan(values) & (not feature.get("may_be_missing"))
        if name in self._blocks:
            self._sizes[self._blocks[name]] += 1
            self._outside[self._blocks[name]] += outside | missing
            return
        for row in np.flatnonzero(outside):
            within = f"{seen['low']:g} to {seen['high']:g}"
            self._said[row].append(f"{name} is {values[row]:g}, outside {within}, which was seen")
        self._missing(name, missing)

    def level(self, feature: Mapping[str, Any], values: Sequence[str | None]) -> None:
        """Looks at texts, None where one is missing."""
        name, levels = feature["name"], set(feature["levels"])
        for row, text in enumerate(values):
            if text is not None and text not in levels:
                self._said[row].append(f"{name} is {text!r}, which was never seen")
        if not feature.get("may_be_missing"):
            self._missing(name, np.array([text is None for text in values], dtype=np.bool_))

    def _missing(self, name: str, rows: Flags) -> None:
        for row in np.flatnonzero(rows):
            self._said[row].append(f"{name} is missing, which it never was")

    def flags(self) -> tuple[tuple[str, ...], ...]:
        """What is said of each row."""
        for block, outside in self._outside.items():
            size = self._sizes[block]
            for row in np.flatnonzero(outside > self._from * size) if size else ():
                of = counted(size, "column", "columns")
                self._said[row].append(f"{block}: {outside[row]:.0f} of {of} outside what was seen")
        return tuple(map(_short, self._said))


def _short(said: list[str]) -> tuple[str, ...]:
    if len(said) <= SHOWN:
        return tuple(said)
    return (*said[:SHOWN], f"and {len(said) - SHOWN} columns more")


def described(blocks: Mapping[str, tuple[str, ...]], words: Mapping[str, str]) -> dict[str, str]:
    """Returns, by column, what it is together with the others of its block."""
    return {name: words.get(block, block) for block, names in blocks.items() for name in names}


def columns_said(names: Sequence[str]) -> str:
    """`column 'age'`, `columns 'age' and 'sex'`."""
    return f"column{'s' if len(names) > 1 else ''} {listed([repr(name) for name in names])}"
