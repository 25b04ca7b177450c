"""What other programs read from an exported schedule, against times worked out by hand."""

import csv
import io
from base64 import b64decode
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from icalendar import Calendar

from problems.optimisation.model.models import MaxCut, Model
from problems.optimisation.model.points import Point
from problems.optimisation.report.exports import exports, schedule_calendar
from tests.problems.optimisation.small_clinic import at, clinic, ward

# P1 waits until Tuesday 08:30 = slot 49, P2 is not treated, P3 is seen on Monday 13:00 = slot 10.
POINT = at((0, 0, 49), (-1, -1, -1), (1, 1, 10))
MADE_AT = datetime(2026, 11, 20, 10, tzinfo=UTC)


def table(model: Model, point: Point) -> bytes:
    """The table that the answer can be downloaded as."""
    return exports(model, point, "t")[0].data


def rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def events(data: bytes) -> list[Any]:
    return list(Calendar.from_ical(data).walk("VEVENT"))


def test_a_row_an_appointment_by_start_in_local_time_then_who_is_not_treated() -> None:
    assert rows(table(clinic("P1", "P2", "P3"), POINT)) == [
        {
            "patient": "P3",
            "clinician": "Dr Haddad",
            "room": "Room 2",
            "start": "2026-11-23T13:00",
            "end": "2026-11-23T14:00",
            "waiting_min": "300",
            "urgency": "5",
        },
        {
            "patient": "P1",
            "clinician": "Dr Chen",
            "room": "Room 1",
            "start": "2026-11-24T08:30",
            "end": "2026-11-24T09:30",
            "waiting_min": "1470",
            "urgency": "5",
        },
        {
            "patient": "P2",
            "clinician": "",
            "room": "",
            "start": "",
            "end": "",
            "waiting_min": "",
            "urgency": "5",
        },
    ]


def test_a_row_a_patient_those_without_a_place_last_and_a_spreadsheet_reads_the_letters() -> None:
    point = np.array([1, -1, 0], dtype=np.int32)
    # EF BB BF is UTF-8's byte order mark, by which spreadsheets know it (Unicode 15, 23.8)
    expected = b"\xef\xbb\xbfpatient,place\r\nA,S\xc3\xbcd\r\nC,North\r\nB,\r\n"
    model = ward("A", "B", "C")
    south = model.places[1].model_copy(update={"id": "Süd"})
    assert table(model.model_copy(update={"places": (model.places[0], south)}), point) == expected


@pytest.mark.parametrize("evil", ['=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", "＝1+1", " =1"])
def test_no_cell_is_a_formula(evil: str) -> None:
    model = clinic(evil, "P2", "P3", clinician=evil, room=evil)
    read = rows(table(model, POINT))[1]
    assert read["patient"] == read["clinician"] == read["room"] == "'" + evil
    placed = rows(table(ward(evil, place=evil), np.array([0], dtype=np.int32)))
    assert placed == [{"patient": "'" + evil, "place": "'" + evil}]


def test_what_is_no_formula_is_left_alone() -> None:
    name = 'O\'Neill, "Bo"; 3=4 Ä'
    assert rows(table(clinic(name, "P2", "P3"), POINT))[1]["patient"] == name


def test_an_event_an_appointment_in_floating_time() -> None:
    first, second = events(schedule_calendar(clinic("P1", "P2", "P3"), POINT, MADE_AT))
    assert str(first["SUMMARY"]) == "Appointment P3"
    assert str(first["LOCATION"]) == "Room 2"
    assert str(first["DESCRIPTION"]) == "Clinician: Dr Haddad"
    assert (first.decoded("DTSTART"), first.decoded("DTEND")) == (
        datetime(2026, 11, 23, 13, 0),
        datetime(2026, 11, 23, 14, 0),
    )
    assert second.decoded("DTSTART") == datetime(2026, 11, 24, 8, 30)
    assert second.decoded("DTSTAMP") == second.decoded("LAST-MODIFIED") == MADE_AT
    # seconds from 2020-01-01 to 2026-11-20T10:00 UTC: 2515 days and ten hours
    assert second["SEQUENCE"] == 2515 * 86400 + 36000
    told = {"SUMMARY", "LOCATION", "DESCRIPTION", "DTSTART", "DTEND", "UID"}
    assert set(first) == told | {"DTSTAMP", "LAST-MODIFIED", "SEQUENCE"}


def test_equal_schedules_are_equal_bytes_and_lines_are_as_the_standard_wants_them() -> None:
    model = clinic("P1" * 60, "P2", "P3")
    data = schedule_calendar(model, POINT, MADE_AT)
    assert data == schedule_calendar(model, POINT, MADE_AT.astimezone(timezone(timedelta(hours=2))))
    assert data.startswith(b"BEGIN:VCALENDAR\r\n")
    assert data.endswith(b"END:VCALENDAR\r\n")
    # RFC 5545, 3.1: lines end with CRLF, and are folded beyond 75 octets
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    assert data.count(b"\n") == data.count(b"\r\n")
    assert str(events(data)[1]["SUMMARY"]) == "Appointment " + "P1" * 60


def test_a_moved_appointment_keeps_its_uid_and_patients_differ() -> None:
    model = clinic("P1", "P2", "P3")
    before = {str(each["SUMMARY"]): str(each["UID"]) for each in events(schedule_calendar(model, POINT))}
    moved = at((1, 1, 2), (0, 0, 0), (0, 0, 4))
    after = {str(each["SUMMARY"]): str(each["UID"]) for each in events(schedule_calendar(model, moved))}
    assert before.items() <= after.items()
    assert len(set(after.values())) == 3


def latest(*revisions: Any) -> Any:
    """Which of several components a calendar keeps: the highest SEQUENCE, then the latest DTSTAMP
    (RFC 5546, 2.1.5)."""
    return max(revisions, key=lambda each: (each["SEQUENCE"], each.decoded("DTSTAMP")))


def test_a_schedule_made_later_supersedes_the_one_before() -> None:
    model = clinic("P1", "P2", "P3")
    moved = at((1, 1, 2), (-1, -1, -1), (0, 0, 4))
    for later in (timedelta(seconds=1), timedelta(days=400)):
        old = events(schedule_calendar(model, POINT, MADE_AT))
        new = events(schedule_calendar(model, moved, MADE_AT + later))
        by_uid = {str(each["UID"]): each for each in new}
        for each in old:
            assert latest(each, by_uid[str(each["UID"])]) is by_uid[str(each["UID"])]


def test_schedules_made_at_a_time_that_nobody_tells_follow_each_other() -> None:
    model = clinic("P1", "P2", "P3")
    made = [events(schedule_calendar(model, POINT))[0] for _ in range(3)]
    assert latest(*made) is made[-1]
    assert len({each["SEQUENCE"] for each in made}) == 3
    assert all(each["SEQUENCE"] < 2**31 for each in made)


def test_text_cannot_break_out_of_an_event() -> None:
    evil = "x\r\nATTENDEE:mailto:a@example.org;\x07, \\n"
    data = schedule_calendar(clinic(evil, "P2", "P3", room=evil), POINT)
    event = events(data)[1]
    assert "ATTENDEE" not in event
    assert str(event["SUMMARY"]) == "Appointment x  ATTENDEE:mailto:a@example.org; , \\n"
    assert b"\x07" not in data


def test_downloads_are_data_uris_of_the_very_bytes() -> None:
    model = clinic("P1", "P2", "P3")
    listed, calendar = exports(model, POINT, "schedule")
    assert (listed.name, calendar.name) == ("schedule.csv", "schedule.ics")
    head, _, body = listed.uri.partition(";base64,")
    assert head == "data:text/csv;charset=utf-8"
    assert b64decode(body) == table(model, POINT)
    assert calendar.uri.startswith("data:text/calendar;charset=utf-8;base64,")


def test_bits_are_a_row_a_vertex_by_the_users_name() -> None:
    model = MaxCut(vertices=2, edges=((0, 1, 1),), labels=("a", "b"))
    (file,) = exports(model, np.array([0, 1], dtype=np.int32), "x")
    assert (file.name, file.data) == ("x.csv", b"\xef\xbb\xbfvertex,side\r\na,0\r\nb,1\r\n")
