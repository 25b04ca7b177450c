"""How slots, durations and lists are said to the user."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from problems.optimisation.model.models import Appointments

MOST_NAMED = 6


def clock(model: Appointments, slot: int) -> str:
    """A slot's start: 09:15 on the first day, 2026-11-24 09:15 after it."""
    opens = datetime.fromisoformat(model.opens)
    time = opens + timedelta(minutes=slot * model.slot_min)
    return f"{time:%H:%M}" if time.date() == opens.date() else f"{time:%Y-%m-%d %H:%M}"


def between(model: Appointments, first: int, last: int) -> str:
    """Two slots as `between 09:00 and 10:00`."""
    return f"between {clock(model, first)} and {clock(model, last)}"


def minutes(model: Appointments, slots: int) -> str:
    """So many slots as `45 minutes`."""
    return f"{slots * model.slot_min} minutes"


def listed(names: Sequence[str], word: str = "and", most: int | None = MOST_NAMED) -> str:
    """`a`, `a and b`, `a, b and c`; of more than `most` the rest is counted."""
    shown = list(names)
    if most is not None and len(shown) > most:
        shown = [*shown[: most - 1], f"{len(shown) - most + 1} more"]
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} {word} {shown[-1]}"
