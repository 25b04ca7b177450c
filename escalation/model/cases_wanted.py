"""Which cases of a ledger are wanted: by state, family and time, a page at a time."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field

from escalation.model.case import CaseStatus
from escalation.model.frozen import Frozen


class CasesWanted(Frozen):
    """Some cases of a ledger.

    Attributes:
        states: those in one of these; None are all.
        family: of the problem; None are all.
        since: opened at this moment or later; in UTC where it names no zone.
        after: the last case of the page before; None begins.
        limit: how many at most; None is no limit.
        oldest_first: in the order in which they were opened, else newest first.
    """

    states: frozenset[CaseStatus] | None = None
    family: str | None = None
    since: datetime | None = None
    after: str | None = None
    limit: Annotated[int, Field(ge=1)] | None = None
    oldest_first: bool = False

    @property
    def since_text(self) -> str | None:
        """`since` as the ledger writes moments, which sort as texts."""
        if self.since is None:
            return None
        aware = self.since if self.since.tzinfo else self.since.replace(tzinfo=UTC)
        return aware.astimezone(UTC).isoformat(timespec="microseconds")


EVERY_CASE = CasesWanted()
