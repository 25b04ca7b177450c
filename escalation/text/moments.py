"""A moment as people read it: one form on the terminal, in the report and on Prefect's pages."""

from datetime import UTC, datetime

_UNITS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))


def moment(at: float | str, *, seconds: bool = False) -> str:
    """Returns `2026-11-27 00:09 UTC`.

    Args:
        at: seconds since the epoch, or a date and time in ISO 8601; one without an offset is UTC.
        seconds: says those too: `00:09:13`.
    """
    when = datetime.fromtimestamp(at, UTC) if isinstance(at, float | int) else datetime.fromisoformat(at)
    known = when if when.tzinfo is not None else when.replace(tzinfo=UTC)
    return known.astimezone(UTC).strftime(f"%Y-%m-%d %H:%M{':%S' if seconds else ''} UTC")


def age(seconds: float) -> str:
    """A time span in its largest fitting unit."""
    size, unit = next((unit for unit in _UNITS if seconds >= unit[0]), _UNITS[-1])
    return f"{max(0.0, seconds) / size:.0f} {unit}"
