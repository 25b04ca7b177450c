"""Moments that are counted from: one mark for each boot that saw them, kept with the submission.

A mark of another boot, or of another machine, says nothing about how long ago it was. Such a boot makes a
mark of its own when it looks first, and counts from there: later than the moment, never earlier.
"""

from escalation.model.clock import Instant

KEPT = 8
"""Boots that are kept."""


def add(seen: tuple[Instant, ...], now: Instant) -> tuple[Instant, ...]:
    """Returns the marks with one of this boot: the one that there is, or a new one."""
    return seen if any(mark.boot == now.boot for mark in seen) else (*seen, now)[-KEPT:]


def age_s(seen: tuple[Instant, ...], now: Instant) -> float | None:
    """Returns the seconds since the mark of this boot; None where it has none."""
    mine = next((mark for mark in seen if mark.boot == now.boot), None)
    return None if mine is None else now.at_s - mine.at_s
