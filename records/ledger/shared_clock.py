"""The time of day that all who use a ledger share: its database's, whatever their own machines say.

A question to a person expires, a budget's day ends, and a lease is over at one moment for everybody, also
where somebody's clock is hours off. SQLite has no clock but its machine's, and serves one machine.
"""

import time
from collections.abc import Callable
from threading import Lock
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, select

from escalation.model.clock import boottime_s

ASKED_EVERY_S = 60.0
"""In between it is counted on from the last answer, by a clock that nobody can set."""
_NOW = func.extract("epoch", func.clock_timestamp())
_CLOCK = select(_NOW)


def database_time_s(connection: Connection) -> float:
    """Seconds since the epoch, by the database's clock."""
    return float(connection.execute(_CLOCK).scalar_one()) if is_shared(connection) else time.time()


def is_shared(connection: Connection) -> bool:
    """Whether the database has a clock of its own."""
    return connection.dialect.name != "sqlite"


def clock(shared: bool) -> ColumnElement[Any]:
    """The same in a statement that writes it down, and so need not ask first."""
    return _NOW if shared else bindparam("clock_s")


def clock_parameters(connection: Connection) -> dict[str, float]:
    """What a statement with `clock` in it is given."""
    return {} if is_shared(connection) else {"clock_s": time.time()}


class SharedClock:
    """The database's clock, asked now and then."""

    def __init__(self, ask: Callable[[], float]) -> None:
        """Asks nothing yet."""
        self._ask, self._lock = ask, Lock()
        self._asked_s = -ASKED_EVERY_S
        self._ahead_s = 0.0

    def now_s(self) -> float:
        """Seconds since the epoch."""
        with self._lock:
            if boottime_s() - self._asked_s >= ASKED_EVERY_S:
                told_s, self._asked_s = self._ask(), boottime_s()
                self._ahead_s = told_s - self._asked_s
            return boottime_s() + self._ahead_s
