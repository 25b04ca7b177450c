"""The overview of a site: what its ledger counts, and how calibrations drifted; without Prefect."""

from datetime import UTC, datetime, timedelta

from escalation.model.errors import BadInput
from records.overview.numbers import Overview
from records.overview.standing import overview_of
from records.runtime import open_records
from tasks.calibrations import drifts

WEEK = timedelta(weeks=1)


def site_overview(since: datetime | None = None, until: datetime | None = None) -> Overview:
    """What was done from `since` to `until`, beside as long a time before, and how things stand now.

    Args:
        since: in UTC where it has no zone; None: a week before `until`.
        until: the same; None: now.

    Raises:
        BadInput: when that is no span of time that has begun, or the records cannot be opened.
        CorruptRecord: when the store lacks a calibration that the ledger names.
    """
    until = _aware(until) if until else datetime.now(UTC)
    since = _aware(since) if since else until - WEEK
    if not since < until or since >= datetime.now(UTC):
        raise BadInput(f"expected a time that has begun, got {since.isoformat()} to {until.isoformat()}")
    with open_records() as (ledger, store):
        found = overview_of(ledger, since, until)
        return found.model_copy(update={"devices": drifts(ledger, store, since, until)})


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)
