"""Schedules and placements as files for other programs: CSV (RFC 4180) and iCalendar (RFC 5545)."""

import csv
import io
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC

from escalation.identity import digest_json
from escalation.visible import spreadsheet_cell
from problems.optimisation.calendar_days import time_of
from problems.optimisation.gantt import Booked, booked
from problems.optimisation.models import Appointments, Model, Triage
from problems.optimisation.points import Point

SCHEDULE_COLUMNS = ("patient", "clinician", "room", "start", "end", "waiting_min", "urgency")
PLACEMENT_COLUMNS = ("patient", "place")


@dataclass(frozen=True)
class Export:
    """A file to download: its name, its media type, its bytes."""

    name: str
    media_type: str
    data: bytes

    @property
    def uri(self) -> str:
        """The file as a data: URI (RFC 2397)."""
        return f"data:{self.media_type};base64,{b64encode(self.data).decode()}"


def exports(model: Model, point: Point, name: str) -> list[Export]:
    """The files that an answer can be downloaded as; none for the kinds whose answer is bits."""
    if isinstance(model, Appointments):
        return [
            Export(f"{name}.csv", "text/csv;charset=utf-8", schedule_csv(model, point)),
            Export(f"{name}.ics", "text/calendar;charset=utf-8", schedule_calendar(model, point)),
        ]
    if isinstance(model, Triage):
        return [Export(f"{name}.csv", "text/csv;charset=utf-8", placement_csv(model, point))]
    return []


def schedule_csv(model: Appointments, point: Point) -> bytes:
    """A line an appointment, as `schedule_rows`."""
    return _csv(SCHEDULE_COLUMNS, schedule_rows(model, point))


def schedule_rows(model: Appointments, point: Point) -> list[tuple[str, ...]]:
    """The appointments by start; local times without a zone, as the instance states them."""
    return [
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


def placement_csv(model: Triage, point: Point) -> bytes:
    """A line a patient, as `placement_rows`."""
    return _csv(PLACEMENT_COLUMNS, placement_rows(model, point))


def placement_rows(model: Triage, point: Point) -> list[tuple[str, ...]]:
    """Those who were placed, in the order of the instance."""
    placed = zip(model.patients, point.tolist(), strict=True)
    return [(patient.id, model.places[place].id) for patient, place in placed if place >= 0]


def _csv(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([spreadsheet_cell(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def schedule_calendar(model: Appointments, point: Point) -> bytes:
    """An event an appointment, in floating local time; the only personal datum is the patient's id.

    The UID follows from the patient's own data and the first slot's time: when a changed schedule is
    imported, programs that go by it move the appointment instead of doubling it. DTSTAMP is the instance's
    first slot, so that equal schedules are equal bytes.
    """
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", "-//Tierwise//Schedule//EN")
    calendar.add("version", "2.0")
    for each in booked(model, point):
        calendar.add_component(_event(model, each))
    data: bytes = calendar.to_ical()
    return data


def _event(model: Appointments, each: Booked) -> object:
    from icalendar import Event

    event = Event()
    event.add("uid", f"{digest_json([model.opens, each.patient.to_json()])[:32]}@tierwise")
    event.add("dtstamp", time_of(model, 0).replace(tzinfo=UTC))
    event.add("dtstart", time_of(model, each.start))
    event.add("dtend", time_of(model, each.end))
    event.add("summary", f"Appointment {_plain(each.patient.id)}")
    event.add("location", _plain(model.rooms[each.room].id))
    event.add("description", f"Clinician: {_plain(model.clinicians[each.clinician].id)}")
    return event


def _plain(text: str) -> str:
    """Without control characters, which RFC 5545 does not allow in texts."""
    return "".join(each if each.isprintable() else " " for each in text)
