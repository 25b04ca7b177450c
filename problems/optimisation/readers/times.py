"""Times of tables as slots, rounded inwards so that nobody is planned when they are not there."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from toolbox.tables.rows import Row

MOST_SLOTS = 20_000
"""Slots of the longest plan: ten weeks of five minutes."""

_HOUR = re.compile(r"([01]?[0-9]|2[0-4]):([0-5][0-9])")


@dataclass
class TimeReader:
    """Reads times; counts those that did not fall on the edge of a slot.

    Attributes:
        opens: slot 0.
        slot_min: minutes of a slot.
        rounded: how many times were moved to the edge of a slot.
    """

    opens: datetime
    slot_min: int
    rounded: int = 0

    def first(self, row: Row, column: str) -> int:
        """The first slot that starts at this time or later."""
        minutes = self._minutes(row, column)
        self.rounded += minutes % self.slot_min > 0
        return -(-minutes // self.slot_min)

    def last(self, row: Row, column: str) -> int:
        """The slot at whose start it is this time or earlier."""
        minutes = self._minutes(row, column)
        self.rounded += minutes % self.slot_min > 0
        return minutes // self.slot_min

    def _minutes(self, row: Row, column: str) -> int:
        """Minutes since `opens`."""
        text = row.text(column)
        moment = self._moment(text)
        if moment is None:
            expected = (
                "expected a local time such as 09:30 or 2026-11-24T09:30, to the minute, without a zone"
            )
            raise row.complain(column, expected, text)
        minutes = int((moment - self.opens).total_seconds()) // 60
        if minutes < 0:
            raise row.complain(
                column, f"expected a time after {self.opens:%Y-%m-%dT%H:%M}, when all opens", text
            )
        if minutes > MOST_SLOTS * self.slot_min:
            raise row.complain(
                column, f"expected a time within {MOST_SLOTS} slots of {self.slot_min} minutes", text
            )
        return minutes

    def _moment(self, text: str) -> datetime | None:
        hour = _HOUR.fullmatch(text)
        if hour:
            passed = timedelta(hours=int(hour[1]), minutes=int(hour[2]))
            midnight = self.opens.replace(hour=0, minute=0)
            return midnight + passed if passed <= timedelta(days=1) else None
        try:
            moment = datetime.fromisoformat(text) if len(text) > len("2026-11-24") else None
        except ValueError:
            return None
        if moment is None or moment.tzinfo or moment.second or moment.microsecond:
            return None
        return moment
