"""What means a missing value: texts by their spelling, numbers by their value however they are written."""

import re
from collections.abc import Collection
from decimal import Decimal
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from toolbox.tables.numbers import exact

REMEMBERED = 100_000
"""Texts whose answer is kept: most repeat, and a table of measurements has millions that do not."""

_CODE = re.compile(r"[+-]?0\d+")


def is_missing(value: object) -> bool:
    """Tells None and NaN from values."""
    return value is None or (isinstance(value, float) and bool(np.isnan(value)))


class Missing:
    """The markers of one table; it remembers which of them were met.

    Args:
        usual: texts that need not be named.
        named: what a problem file names under `na_values`; a text as `007` is a code, no number.
        decimal: the mark that the file's numbers have.
    """

    def __init__(
        self, usual: Collection[str] = (), named: Collection[object] = (), decimal: str = "."
    ) -> None:
        self.decimal = decimal
        self._usual = frozenset(usual)
        self._named = {str(marker): normalize("NFC", _text(marker)) for marker in named}
        numbers = {shown: _number(text, decimal) for shown, text in self._named.items()}
        self._numbers = {shown: number for shown, number in numbers.items() if number is not None}
        self._met: set[str] = set()
        self._known: dict[str, bool] = {}

    def __call__(self, text: str) -> bool:
        """Whether a text means a missing value."""
        if text in self._usual or not self._named:
            return text in self._usual
        if text not in self._known:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[text] = self._marked(text)
        return self._known[text]

    def among(self, numbers: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tells the markers among numbers, each of which is its shortest decimal."""
        found = np.zeros(len(numbers), dtype=bool)
        for shown, marker in self._numbers.items():
            same = numbers == float(marker)
            if same.any():
                self._met.add(shown)
            found |= same
        return found

    @property
    def remarks(self) -> tuple[str, ...]:
        """Says which of the named markers no value matches."""
        idle = [shown for shown in self._named if shown not in self._met]
        return tuple(f"na_values: {shown!r} occurs nowhere in the table" for shown in idle)

    def _marked(self, text: str) -> bool:
        value = exact(text, self.decimal)
        met = {shown for shown, spelt in self._named.items() if spelt == text}
        met |= {shown for shown, number in self._numbers.items() if number == value}
        self._met |= met
        return bool(met)


def _text(marker: object) -> str:
    return str(marker).strip()


def _number(text: str, decimal: str) -> Decimal | None:
    return None if _CODE.fullmatch(text) else exact(text, decimal)
