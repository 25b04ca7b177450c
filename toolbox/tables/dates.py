"""Dates in a table: what looks like one, and moments as ISO 8601 writes them."""

import math
import re

LOOKS = re.compile(r"\d{4}-\d{1,2}-\d{1,2}([T ].*)?|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}")

MOSTLY = 0.8
"""Share of present values that must be numbers (or dates) for a text column to count as one of them."""

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?")
_TIME = re.compile(
    r"[T ]\d{1,2}(:\d{2}(:\d{2}([.,]\d+)?)?)?( ?[AP]M)?( ?(Z|UTC|[+-]\d{2}(:?\d{2})?))?", re.IGNORECASE
)
"""What may follow a date; pandas would also take 2027 for 20:27, and GMT+3 for three hours behind."""
_ZONE = re.compile(r"(Z|UTC|[T ].*[+-]\d{2}(:?\d{2})?)$", re.IGNORECASE)


def dates(texts: set[str]) -> list[str]:
    """The dates among texts, where most of them are."""
    found = [text for text in texts if LOOKS.fullmatch(text)]
    return found if found and len(found) >= MOSTLY * len(texts) else []


def is_moment(text: str | None) -> bool:
    """Whether a text begins with a date as 2026-01-31 and is meant as a moment."""
    return text is not None and bool(_MOMENT.fullmatch(text))


def has_zone(text: str) -> bool:
    """Whether a moment says its zone."""
    return bool(_ZONE.search(text))


def seconds(text: str | None) -> float:
    """Seconds since 1970 (UTC where no zone is said) of a date or moment; NaN of anything else."""
    from pandas import Timestamp

    found = None if text is None else _MOMENT.fullmatch(text)
    if found is None or (found[1] and not _TIME.fullmatch(found[1])):
        return math.nan
    try:
        return float(Timestamp(found[0]).timestamp())
    except ValueError:
        return math.nan
