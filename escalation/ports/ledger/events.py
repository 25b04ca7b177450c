"""What the domain expects of a ledger about its own history: chains of events that nobody can change."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class EventLog(Protocol):
    """Every write of the ledger as an event, each hashed with the one before in its chain."""

    def name(self) -> str:
        """The ledger's own name, which every copy of it keeps and no other ledger has."""

    def events(self, case_id: str | None = None) -> Sequence[Mapping[str, Any]]:
        """The events in order: chain, number in it, at, case_id, kind, body, previous hash, hash."""

    def signed_head(self, case_id: str, over: Mapping[str, Any] | None = None) -> Mapping[str, Any] | None:
        """Where the case's chain ended when it was closed, signed, as JSON; None where none was.

        One that was told earlier (`over`) comes back where the ledger does not go on from it.
        """

    def signing_key(self) -> str | None:
        """Id of the key with which this process signs heads; None where it has none."""

    def verify(self) -> int:
        """Recomputes all chains; returns the number of events.

        Raises:
            CorruptRecord: at the first event that does not fit.
        """

    def check(self, case_id: str | None = None) -> None:
        """Refuses a ledger that was changed behind its back, in rows, events or history.

        With a case: in what spending for it rests on, which is the case and all that is said of money.

        Raises:
            CorruptRecord: with the first thing that does not fit.
        """
