"""Schedules and placements as files for other programs: CSV (RFC 4180) and iCalendar (RFC 5545)."""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from escalation.model.attempt import Attempt
from escalation.model.identity import digest_json
from problems.optimisation.model.models import Appointments, Model, SpinModel, Triage
from problems.optimisation.model.points import Point, label
from problems.optimisation.report.calendar_days import time_of
from problems.optimisation.report.gantt import Booked, booked, untreated
from problems.optimisation.report.load_chart import unplaced
from toolbox.drawing.html_parts import Download, csv_download

SCHEDULE_COLUMNS = ("patient", "clinician", "room", "start", "end", "waiting_min", "urgency")
FIRST_REVISION = datetime(2020, 1, 1, tzinfo=UTC)
"""SEQUENCE counts the seconds since; as an integer of RFC 5545 (3.3.8) it lasts until 2088."""
PLACEMENT_COLUMNS = ("patient", "place")
BITS_COLUMNS: Mapping[str, tuple[str, str]] = {
    "qubo": ("variable", "value"),
    "max_cut": ("vertex", "side"),
    "independent_set": ("vertex", "in_set"),
}


def exports(model: Model, point: Point, name: str, made_at: datetime | None = None) -> list[Download]:
    """The files that an answer can be downloaded as: a table, and of a schedule a calendar too.

    Args:
        model: the instance.
        point: the answer.
        name: of the files, without ending.
        made_at: see `schedule_calendar`.
    """
    if isinstance(model, Appointments):
        calendar = schedule_calendar(model, point, made_at)
        return [
            csv_download(f"{name}.csv", SCHEDULE_COLUMNS, schedule_rows(model, point)),
            Download(f"{name}.ics", "text/calendar;charset=utf-8", calendar),
        ]
    if isinstance(model, Triage):
        return [csv_download(f"{name}.csv", PLACEMENT_COLUMNS, placement_rows(model, point))]
    return [csv_download(f"{name}.csv", BITS_COLUMNS[model.kind], bits_rows(model, point))]


def verified_at(attempt: Attempt) -> datetime:
    """When an attempt's answer was verified, which is the revision of its calendar."""
    return datetime.fromisoformat(attempt.judged_at) if attempt.judged_at else FIRST_REVISION


def schedule_rows(model: Appointments, point: Point) -> list[tuple[str, ...]]:
    """The appointments by start, then those not treated, their cells empty but for id and urgency.

    Local times without a zone, as the instance states them.
    """
    rows: list[tuple[str, ...]] = [
        (
            each.patient.id,
            model.clinicians[each.clinician].id,
            model.rooms[each.room].id,
            f"{time_of(model, each.start):%Y-%m-%dT%H:%M}",
            f"{time_of(model, each.end):%Y-%m-%dT%H:%M}",
            str((each.start - each.patient.earliest) * model.slot_min),
            str(each.patient.urgency),
        )
        for each in booked(model, point)
    ]
    return rows + [(each.id, "", "", "", "", "", str(each.urgency)) for each in untreated(model, point)]


def placement_rows(model: Triage, point: Point) -> list[tuple[str, ...]]:
    """Those who were placed, in the order of the instance, then those who were not, without a place."""
    placed = zip(model.patients, point.tolist(), strict=True)
    rows: list[tuple[str, ...]] = [(who.id, model.places[place].id) for who, place in placed if place >= 0]
    return rows + [(patient.id, "") for patient in unplaced(model, point)]


def bits_rows(model: SpinModel, point: Point) -> list[tuple[str, ...]]:
    """Variables or vertices by the user's names, each with its 0 or 1."""
    return [(label(model, index), str(bit)) for index, bit in enumerate(point.tolist())]


def schedule_calendar(model: Appointments, point: Point, made_at: datetime | None = None) -> bytes:
    """An event an appointment, in floating local time; the only personal datum is the patient's id.

    The UID follows from the patient's own data and the first slot's time, so that a changed schedule moves
    an appointment instead of doubling it. Which of two is the later revision is told by SEQUENCE, then by
    DTSTAMP (RFC 5545, 3.8.7.4 and 3.8.7.2; RFC 5546, 2.1.5). Nobody here knows what calendars hold already,
    so both follow from when the schedule was made: one made later supersedes one made before.

    Args:
        model: the instance.
        point: the schedule.
        made_at: when it was made, with a zone; equal schedules of one time are equal bytes. Default: now,
            and never what was given in this process before.
    """
    from icalendar import Calendar

    stamp = (made_at or _later.next()).astimezone(UTC).replace(microsecond=0)
    calendar = Calendar()
    calendar.add("prodid", "-//Tierwise//Schedule//EN")
    calendar.add("version", "2.0")
    for each in booked(model, point):
        calendar.add_component(_event(model, each, stamp))
    data: bytes = calendar.to_ical()
    return data


def _event(model: Appointments, each: Booked, stamp: datetime) -> object:
    from icalendar import Event

    event = Event()
    event.add("uid", f"{digest_json([model.opens, each.patient.to_json()])[:32]}@tierwise")
    event.add("sequence", max(0, int((stamp - FIRST_REVISION).total_seconds())))
    event.add("dtstamp", stamp)
    event.add("last-modified", stamp)
    event.add("dtstart", time_of(model, each.start))
    event.add("dtend", time_of(model, each.end))
    event.add("summary", f"Appointment {_plain(each.patient.id)}")
    event.add("location", _plain(model.rooms[each.room].id))
    event.add("description", f"Clinician: {_plain(model.clinicians[each.clinician].id)}")
    return event


class _Later:
    """Times to the second, each later than the one before."""

    def __init__(self) -> None:
        self._last, self._lock = FIRST_REVISION, threading.Lock()

    def next(self) -> datetime:
        with self._lock:
            self._last = max(datetime.now(UTC).replace(microsecond=0), self._last + timedelta(seconds=1))
            return self._last


_later = _Later()


def _plain(text: str) -> str:
    """Without control characters, which RFC 5545 does not allow in texts."""
    return "".join(each if each.isprintable() else " " for each in text)
