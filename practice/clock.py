"""The service's clock: real time plus what it was advanced by, so that tests need not wait."""

import threading
from datetime import UTC, datetime, timedelta


class PracticeClock:
    """Tells the time in UTC; never goes back."""

    def __init__(self) -> None:
        self._ahead = timedelta()
        self._last = datetime.min.replace(tzinfo=UTC)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """A moment later than any told before, so that what happened first also sorts first."""
        with self._lock:
            self._last = max(datetime.now(UTC) + self._ahead, self._last + timedelta(microseconds=1))
            return self._last

    def advance(self, seconds: float) -> None:
        """Moves the clock forward."""
        with self._lock:
            self._ahead += timedelta(seconds=max(0.0, seconds))


def stamp(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC, as IBM's service writes it."""
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
