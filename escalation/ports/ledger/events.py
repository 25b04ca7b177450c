"""What the domain expects of a ledger about its own history: a chain of events that nobody can change."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class EventLog(Protocol):
    """Every write of the ledger as an event, each hashed with the one before."""

    def events(self, case_id: str | None = None) -> Sequence[Mapping[str, Any]]:
        """The events in order: number, at, case_id, kind, body, previous hash, hash."""

    def verify(self) -> int:
        """Recomputes the chain; returns the number of events.

        Raises:
            CorruptRecord: at the first event that does not fit.
        """

    def check(self) -> None:
        """Refuses a ledger that was changed behind its back, in rows, events or history.

        Raises:
            CorruptRecord: with the first thing that does not fit.
        """
