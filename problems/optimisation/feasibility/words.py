"""How slots and durations are said to the user."""

from datetime import datetime, timedelta

from problems.optimisation.model.models import Appointments


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
