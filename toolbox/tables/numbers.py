"""Numbers as tables write them: decimal marks, marks of thousands, one value for every spelling."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
COMMA_NUMBER = re.compile(r"[+-]?(\d+,?\d*|,\d+)([eE][+-]?\d+)?")
AS_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")
"""One mark with three digits behind it: 1,234 is 1234 to some and 1.234 to others."""

MARKS = (",", ".", "'", "\u2019", " ", "\u00a0", "\u2009", "\u202f", "_")
"""What stands between thousands: also the typographic apostrophe and the narrow spaces."""

LONGEST = 40
"""Digits up to which a number is spelt without an exponent."""

_PLAIN_LEVEL = re.compile(r"[+-]?(0|[1-9]\d*)([.,]\d*)?")


@dataclass(frozen=True)
class Notation:
    """How a column writes numbers."""

    decimal: str = "."
    thousands: str = ""

    def plain(self, text: str) -> str | None:
        """Returns the number with a decimal point and no other mark; None where the text is none."""
        if not self.thousands:
            pattern = NUMBER if self.decimal == "." else COMMA_NUMBER
            return text.replace(",", ".") if pattern.fullmatch(text) else None
        whole, mark, rest = text.partition(self.decimal)
        first, *groups = whole.split(self.thousands)
        grouped = re.fullmatch(r"[+-]?[1-9]\d{0,2}", first) and all(
            re.fullmatch(r"\d{3}", group) for group in groups
        )
        if groups and not grouped:
            return None
        plain = "".join([first, *groups, "." if mark else "", rest])
        return plain if NUMBER.fullmatch(plain) else None


@dataclass(frozen=True)
class Reading:
    """What a column's texts are as numbers.

    Attributes:
        plain: as Python spells them, None where a text is no number or missing.
        remark: what was assumed; empty where nothing was.
        doubt: why the numbers cannot be read for sure; empty where they can.
    """

    plain: tuple[str | None, ...]
    remark: str = ""
    doubt: str = ""


def read(texts: Sequence[str | None], where: Sequence[str], decimal: str, *, commas: bool) -> Reading:
    """Reads a column's numbers in the one notation that fits all of them.

    Args:
        texts: of the column, None missing.
        where: how to name each row.
        decimal: the mark that the file's numbers are expected to have.
        commas: whether other columns of the file have decimal commas, so that a point may mark thousands.
    """
    distinct = {text for text in texts if text is not None}
    if decimal == "." and not commas and all(map(NUMBER.fullmatch, distinct)):
        return Reading(tuple(texts))  # as nearly all are
    present = set(filter(_any, distinct))
    simple = _simple(present, decimal)
    if simple is not None and not (commas and simple.decimal == "." and _all_thousands(present)):
        return Reading(_plain(texts, simple), _unexpected(simple, present, decimal, commas=commas))
    fitting = [each for each in _NOTATIONS if all(each.plain(text) is not None for text in present)]
    told = [each for each in fitting if any(_shows(each, text) for text in present)]
    if len({tuple(_plain(sorted(present), each)) for each in told}) == 1:
        shown = next(text for text in texts if text in present and _shows(told[0], text))
        remark = f"{told[0].thousands!r} marks thousands: {shown!r} is read as {told[0].plain(shown)}"
        return Reading(_plain(texts, told[0]), remark)
    known = tuple(text if text in present else None for text in texts)
    marked = [(place, text) for place, text in zip(where, known, strict=True) if text and not _is_whole(text)]
    return Reading(known, doubt=_doubt(marked, decimal))


def exact(text: str, decimal: str = ".") -> Decimal | None:
    """The number that a text means, without rounding; None where it is none for sure."""
    if not NUMBER.fullmatch(text):
        comma = COMMA_NUMBER.fullmatch(text) and (decimal == "," or not AS_THOUSANDS.fullmatch(text))
        if not comma:
            return None
        text = text.replace(",", ".")
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def canonical(value: object, decimal: str = ".") -> str:
    """One spelling for a class: `1`, `1.0`, `1e0` are one, and so are `True` and `true`."""
    text = str(value).strip()
    if text.lower() in ("false", "true"):
        return text.lower()
    number = exact(text, decimal)
    return text if number is None else _spelled(number)


def level(text: str, decimal: str = ".") -> str:
    """One spelling for a level: 1 and 1.0 are one, but 007 and 1E2 are codes of their own."""
    return canonical(text, decimal) if _PLAIN_LEVEL.fullmatch(text) else text


def _spelled(number: Decimal) -> str:
    if not number:
        return "0"
    if abs(number.adjusted()) > LONGEST:
        return str(number)
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


_NOTATIONS = tuple(Notation(decimal, mark) for decimal in ".," for mark in MARKS if mark != decimal)


def _simple(present: set[str], decimal: str) -> Notation | None:
    """The notation without marks of thousands that fits; none where 1,234 may be 1234."""
    for each in dict.fromkeys((decimal, ".", ",")):
        fits = Notation(each)
        if all(fits.plain(text) is not None for text in present):
            return None if each == "," != decimal and _all_thousands(present) else fits
    return None


def _all_thousands(present: set[str]) -> bool:
    marked = [text for text in present if not _is_whole(text)]
    return bool(marked) and all(AS_THOUSANDS.fullmatch(text) for text in marked)


def _unexpected(notation: Notation, present: set[str], decimal: str, *, commas: bool) -> str:
    """Says so where a column's decimal mark is not that of the file."""
    if notation.decimal == decimal and not (commas and decimal == "."):
        return ""
    shown = sorted(text for text in present if notation.decimal in text)
    if not shown or (notation.decimal == "." and not commas):
        return ""
    return f"{notation.decimal!r} is the decimal mark: {shown[0]!r} is read as {notation.plain(shown[0])}"


def _is_whole(text: str) -> bool:
    return text.lstrip("+-").isdigit()


def _any(text: str) -> bool:
    simple = NUMBER.fullmatch(text) or COMMA_NUMBER.fullmatch(text)
    return bool(simple) or any(each.plain(text) is not None for each in _NOTATIONS)


def _shows(notation: Notation, text: str) -> bool:
    """Whether a text cannot be read but with this mark of thousands."""
    marks = text.count(notation.thousands)
    if notation.thousands not in ".,":
        return marks > 0
    return marks > 1 or (marks == 1 and notation.decimal in text)


def _plain(texts: Sequence[str | None], notation: Notation) -> tuple[str | None, ...]:
    return tuple(None if text is None else notation.plain(text) for text in texts)


def _doubt(marked: list[tuple[str, str]], decimal: str) -> str:
    """Names the first text, and the first that is written in another way."""
    (place, first), *others = marked
    other = next((each for each in others if _kind(each[1]) != _kind(first)), None)
    also = f" and {other[0]}: {other[1]!r}" if other else ""
    return (
        f"{place}: {first!r}{also}: cannot tell the decimal mark from that of thousands: write numbers as "
        f"{'1234.5' if decimal == '.' else '1234,5'}, without marks of thousands"
    )


def _kind(text: str) -> str:
    return re.sub(r"\d+", "", text)
