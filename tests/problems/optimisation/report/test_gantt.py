"""What a reader of the charts sees, read back from the SVG."""

import random
import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pytest

from escalation.text.svg import CHARACTER_PX, MOST_PAGE_PX, PAGE_PX
from problems.optimisation.model.models import Appointments, Clinician, Patient, Room
from problems.optimisation.model.points import Point
from problems.optimisation.report import gantt, load_chart
from problems.optimisation.report.calendar_days import Day, days, gaps
from tests.problems.optimisation.small_clinic import at, clinic, ward

SVG = "{http://www.w3.org/2000/svg}"
POINT = at((0, 0, 49), (-1, -1, -1), (1, 1, 10))


def titles(svg: str) -> list[str]:
    """What is said of each bar."""
    return [str(rect[0].text) for rect in ET.fromstring(svg).iter(f"{SVG}rect") if len(rect)]


def boxes(svg: str) -> list[tuple[float, float, float, float]]:
    """Of each bar: x, y, width, height."""
    found = [rect for rect in ET.fromstring(svg).iter(f"{SVG}rect") if len(rect)]
    return [tuple(float(rect.attrib[name]) for name in ("x", "y", "width", "height")) for rect in found]  # type: ignore[misc]


def texts(svg: str) -> list[str]:
    return [str(each.text) for each in ET.fromstring(svg).iter(f"{SVG}text")]


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.2."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def full_clinic(patients: int) -> tuple[Appointments, Point]:
    """Five days of 36 quarter hours for 8 clinicians and 8 rooms; patients one after another."""
    rng = random.Random(3)
    shifts = tuple((96 * day + 32, 96 * day + 68) for day in range(5))
    model = Appointments(
        opens="2026-11-23T00:00",
        slot_min=15,
        slots=480,
        refusal=480,
        scale=4,
        patients=tuple(
            Patient(id=f"P{k:03d}", urgency=rng.randint(1, 5), duration=rng.choice((2, 3, 4)), latest=480)
            for k in range(patients)
        ),
        clinicians=tuple(Clinician(id=f"Dr {k}", shifts=shifts) for k in range(8)),
        rooms=tuple(Room(id=f"Room {k}", shifts=shifts) for k in range(8)),
    )
    spots = [(row, shift[0] + 4 * k) for shift in shifts for row in range(8) for k in range(9)]
    rows = [(row, row, start) for row, start in spots[:patients]]
    return model, np.array(rows, dtype=np.int32)


def test_days_run_from_the_first_open_slot_to_the_last() -> None:
    found = days(clinic("P1"))
    assert [(str(day.date), day.first, day.last) for day in found] == [
        ("2026-11-23", 0, 16),
        ("2026-11-24", 48, 56),
    ]


def test_a_night_shift_is_cut_at_midnight() -> None:
    model = clinic("P1")
    night = model.model_copy(
        update={
            "clinicians": (Clinician(id="Dr Owl", shifts=((28, 36),)),),
            "rooms": (Room(id="Room 1", shifts=((28, 36),)),),
            "patients": (model.patients[0].model_copy(update={"duration": 4}),),
        }
    )
    monday, tuesday = days(night)
    assert ((monday.first, monday.last), (tuesday.first, tuesday.last)) == ((28, 32), (32, 36))
    charts = gantt.charts(night, at((0, 0, 30)), "n")
    assert [titles(svg)[0] for svg in charts] == ["P1, urgency 5, 23:00 to 01:00, Dr Owl, Room 1"] * 2


def test_closed_hours_are_what_no_shift_has() -> None:
    assert gaps(((2, 4), (6, 8)), (0, 10)) == [(0, 2), (4, 6), (8, 10)]
    assert gaps((), (3, 5)) == [(3, 5)]
    assert gaps(((0, 10),), (3, 5)) == []
    assert isinstance(days(clinic("P1"))[0], Day)


def test_each_appointment_is_a_bar_of_its_clinician_and_of_its_room() -> None:
    monday, tuesday = gantt.charts(clinic("P1", "P2", "P3"), POINT, "a")
    assert titles(monday) == [
        "P3, urgency 5, 13:00 to 14:00, Dr Haddad, Room 2",
        "P3, urgency 5, 13:00 to 14:00, Dr Haddad, Room 2",
    ]
    assert titles(tuesday) == [
        "P1, urgency 5, 08:30 to 09:30, Dr Chen, Room 1",
        "P1, urgency 5, 08:30 to 09:30, Dr Chen, Room 1",
    ]
    # Monday is 16 slots wide, the bar two of them, from the eleventh on
    (x, y, width, _), (x2, y2, _, _) = boxes(monday)
    left, right = 70, 952
    slot = (right - left) / 16
    assert (x, width) == pytest.approx((left + 10 * slot + 0.5, 2 * slot - 1), abs=0.02)
    assert (x2, y2 > y) == (x, True)
    assert "5 P3" in texts(monday)


def test_those_left_out_are_listed_the_most_urgent_first() -> None:
    model = clinic("P1", "P2", "P3", urgency=2)
    model = model.model_copy(
        update={"patients": (*model.patients[:2], model.patients[2].model_copy(update={"urgency": 4}))}
    )
    left = gantt.untreated(model, at((-1, -1, -1), (0, 0, 0), (-1, -1, -1)))
    assert [(each.id, each.urgency) for each in left] == [("P3", 4), ("P1", 2)]


def test_a_chart_says_what_it_is_to_those_who_cannot_see_it() -> None:
    root = ET.fromstring(gantt.charts(clinic("P1", "P2", "P3"), POINT, "a")[0])
    named = {each.attrib["id"]: each.text for each in root if each.tag in (f"{SVG}title", f"{SVG}desc")}
    assert root.attrib["role"] == "img"
    assert list(named) == root.attrib["aria-labelledby"].split()
    assert next(iter(named.values())) == "Schedule of Monday, 23 November 2026: 1 appointments"


def test_two_hundred_patients_can_be_told_apart() -> None:
    model, point = full_clinic(200)
    charts = gantt.charts(model, point, "full")
    assert len(charts) == 5
    assert sum(len(boxes(svg)) for svg in charts) == 400
    for svg in charts:
        # bars of one row do not overlap, and each is wide enough for its urgency and id
        rows: dict[float, list[tuple[float, float]]] = {}
        for x, y, width, height in boxes(svg):
            rows.setdefault(y, []).append((x, x + width))
            assert width >= 2 * CHARACTER_PX
            assert height >= 12
        for spans in rows.values():
            ordered = sorted(spans)
            assert all(one[1] <= other[0] for one, other in pairwise(ordered))
    labels = [said for svg in charts for said in texts(svg)]
    assert sum(said.startswith(tuple(f"{u} P" for u in range(1, 6))) for said in labels) == 400
    assert len("".join(charts)) < 400_000


def test_a_short_id_is_never_cut_however_short_the_appointment() -> None:
    # a quarter of an hour each, in a day of nine hours: seven characters do not fit into a 36th of 960 pixels
    model, point = full_clinic(40)
    short = [
        each.model_copy(update={"id": f"K-{number:03d}", "duration": 1})
        for number, each in enumerate(model.patients)
    ]
    model = model.model_copy(update={"patients": tuple(short)})
    monday = gantt.charts(model, point, "a")[0]
    said = texts(monday)
    assert all(said.count(f"{each.urgency} {each.id}") == 2 for each in short)
    for x, _, width, _ in boxes(monday):
        assert width - 4 >= 7 * CHARACTER_PX  # `2 K-007`
        assert x + width <= float(ET.fromstring(monday).attrib["width"])


def test_the_first_picture_is_no_wider_than_the_page_and_bars_too_short_for_an_id_bear_the_urgency() -> None:
    model, point = full_clinic(40)
    short = [each.model_copy(update={"duration": 1}) for each in model.patients]
    model = model.model_copy(update={"patients": tuple(short)})
    monday = gantt.charts(model, point, "a", PAGE_PX)[0]
    assert float(ET.fromstring(monday).attrib["width"]) <= PAGE_PX == 960
    assert all(texts(monday).count(str(each.urgency)) >= 2 for each in short)


def test_an_id_that_needs_more_than_the_widest_page_is_cut() -> None:
    model, point = full_clinic(1)
    (long,) = model.patients
    model = model.model_copy(update={"patients": (long.model_copy(update={"id": "x" * 99, "duration": 1}),)})
    monday = gantt.charts(model, point, "a")[0]
    assert any(each.endswith("x…") for each in texts(monday))
    assert float(ET.fromstring(monday).attrib["width"]) <= MOST_PAGE_PX


def test_a_short_id_is_never_cut_however_little_a_patient_takes_of_a_place() -> None:
    names = [f"K-{number:03d}" for number in range(12)]
    model = ward(*names)
    place = model.places[0].model_copy(update={"capacity": (50, 132)})
    model = model.model_copy(update={"places": (place, model.places[1])})
    beds, _ = load_chart.charts(model, np.zeros(12, dtype=np.int32), "t")
    assert [said for said in texts(beds) if said.startswith("K-")] == names


def test_letters_stand_out_from_the_colour_below_and_colours_from_each_other() -> None:
    for colour, ink in zip(gantt.URGENCY_COLOURS, gantt.URGENCY_INKS, strict=True):
        low, high = sorted((luminance(colour), luminance(ink)))
        assert (high + 0.05) / (low + 0.05) >= 4.5  # WCAG 2.2, success criterion 1.4.3
    lightness = [luminance(colour) for colour in gantt.URGENCY_COLOURS]
    assert lightness == sorted(lightness, reverse=True)


def test_names_are_data_and_never_markup() -> None:
    evil = "<script>&\x0b\"'"
    for svg in gantt.charts(clinic(evil, "P2", "P3", clinician=evil, room=evil), POINT, evil):
        ET.fromstring(svg)
        assert "<script" not in svg


def test_placements_are_stacked_up_to_what_a_place_has() -> None:
    # uses: A 1 bed and 0 h, B 1 and 2, C 1 and 4, D 1 and 6
    model, point = ward("A", "B", "C", "D"), np.array([1, 0, 0, -1], dtype=np.int32)
    beds, hours = load_chart.charts(model, point, "t")
    assert titles(beds) == ["B: 1 beds, benefit 4", "C: 1 beds, benefit 5", "A: 1 beds, benefit 3"]
    assert titles(hours) == ["B: 2 nurse_hours, benefit 4", "C: 4 nurse_hours, benefit 5"]
    assert [said for said in texts(hours) if " of " in said] == ["6 of 6", "0 of 4"]
    assert [said for said in texts(beds) if " of " in said] == ["2 of 2", "1 of 1"]
    (x, _, width, _), (x2, _, width2, _) = boxes(hours)
    assert x2 == pytest.approx(x + width, abs=0.01)
    assert width2 == pytest.approx(2 * width, rel=1e-3)
    assert [patient.id for patient in load_chart.unplaced(model, point)] == ["D"]
