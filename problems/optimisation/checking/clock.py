"""Slots as times of day, for people who read faults."""

from datetime import datetime, timedelta

from problems.optimisation.model.models import Appointments

MINUTES_OF_A_DAY = 24 * 60


class SlotTimes:
    """Writes slots of one schedule as local times; with the date, where it is longer than a day."""

    def __init__(self, model: Appointments) -> None:
        self._model = model

    def span(self, start: int, end: int) -> str:
        """Returns `from 10:15 to 10:30`; the slots' numbers where they are no times of this schedule."""
        first, last = self._time(start), self._time(end)
        if first is None or last is None:
            return f"from {_slot(start)} to {_slot(end)}"
        if first.date() == last.date():
            return f"{self._day(first)}from {first:%H:%M} to {last:%H:%M}"
        return f"from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M}"

    def _time(self, slot: int) -> datetime | None:
        if not 0 <= slot <= self._model.slots:
            return None
        try:
            return datetime.fromisoformat(self._model.opens) + timedelta(minutes=slot * self._model.slot_min)
        except (ValueError, OverflowError):
            return None

    def _day(self, moment: datetime) -> str:
        long = self._model.slots * self._model.slot_min > MINUTES_OF_A_DAY
        return f"on {moment:%Y-%m-%d} " if long else ""


def _slot(slot: int) -> str:
    return f"slot {slot}" if slot.bit_length() <= 64 else "a slot beyond all times"
