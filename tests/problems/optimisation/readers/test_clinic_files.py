"""Clinics from tables: what is read and rounded, and every refusal with file, line and column."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from pydantic import ValidationError

from escalation.model.errors import BadInput
from problems.optimisation.model.models import Appointments, Clinician, Patient, Room
from problems.optimisation.readers.clinic_tables import read_clinic
from problems.optimisation.readers.read import Read
from problems.optimisation.spec.spec import AppointmentsSpec

PATIENTS = """id,urgency,duration_min,skills,equipment,earliest,latest,required
anna,5,30,echo; general,couch,09:00,2026-11-24T10:00,yes
bert,1,15,,,,,
"""
RESOURCES = """id,type,offers,from,to
dr-1,clinician,general;echo,08:00,12:00
room-1,room,couch,08:00,12:00
dr-1,clinician,general;echo,2026-11-24T08:00,2026-11-24T12:00
"""
ReadPair = Callable[..., Read]


@pytest.fixture
def pair(tmp_path: Path) -> ReadPair:
    def read(patients: str = PATIENTS, resources: str = RESOURCES, **fields: object) -> Read:
        (tmp_path / "p.csv").write_text(patients, encoding="utf-8")
        (tmp_path / "r.csv").write_text(resources, encoding="utf-8")
        stated = {"patients": "p.csv", "resources": "r.csv", "opens": "2026-11-23T08:00", **fields}
        return read_clinic(AppointmentsSpec.model_validate(stated), tmp_path)

    return read


def test_a_clinic_is_read(pair: ReadPair) -> None:
    read = pair()
    assert read.model == Appointments(
        opens="2026-11-23T08:00",
        slot_min=15,
        slots=112,
        refusal=112,
        scale=4,
        patients=(
            Patient(
                id="anna",
                urgency=5,
                duration=2,
                skills=("echo", "general"),
                equipment=("couch",),
                earliest=4,
                latest=104,
                required=True,
            ),
            Patient(id="bert", urgency=1, duration=1, latest=112),
        ),
        clinicians=(Clinician(id="dr-1", skills=("echo", "general"), shifts=((0, 16), (96, 112))),),
        rooms=(Room(id="room-1", equipment=("couch",), shifts=((0, 16),)),),
    )
    assert read.remarks == ()
    assert read.where["bert"].endswith("p.csv, line 3")
    assert sorted(read.source) == ["patients", "resources"]


def test_times_between_slots_are_rounded_inwards_and_remarked_on(pair: ReadPair) -> None:
    read = pair(
        "id,urgency,duration_min,earliest,latest\na,1,20,08:05,09:55\n",
        "id,type,from,to\nd,clinician,08:10,11:50\nr,room,08:00,12:00\n",
    )
    assert isinstance(read.model, Appointments)
    assert read.model.patients == (Patient(id="a", urgency=1, duration=2, earliest=1, latest=7),)
    assert read.model.clinicians[0].shifts == ((1, 15),)
    assert read.remarks == (
        "5 times and durations are not on the edge of a slot of 15 minutes: rounded inwards",
    )


def test_semicolons_may_divide_the_file_and_midnight_ends_the_day(pair: ReadPair) -> None:
    read = pair(
        '\ufeffid;urgency;duration_min;skills\na;1;60;"x;y"\n',
        'id;type;offers;from;to\nd;Clinician;"y;x";20:00;24:00\nr;room;;20:00;24:00\n',
        slot_min=60,
    )
    assert isinstance(read.model, Appointments)
    assert read.model.clinicians == (Clinician(id="d", skills=("x", "y"), shifts=((12, 16),)),)
    assert read.model.patients[0].skills == ("x", "y")


def test_refusal_is_in_hours_and_never_below_the_plan(pair: ReadPair) -> None:
    model = pair(refusal_h=100).model
    assert isinstance(model, Appointments)
    assert model.refusal == 400
    with pytest.raises(BadInput, match="refusal_h: expected at least 28, the hours to the end"):
        pair(refusal_h=27.5)


HEAD = "id,urgency,duration_min,skills,equipment,earliest,latest,required\n"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a,0,30,,,,,", "p.csv, line 2, column urgency: value: expected a whole number from 1 to 5, got '0'"),
        ("a,6,30,,,,,", "line 2, column urgency: value: expected a whole number from 1 to 5, got '6'"),
        ("a,high,30,,,,,", "line 2, column urgency: value: expected a whole number from 1 to 5, got 'high'"),
        (
            "a,1,0,,,,,",
            "line 2, column duration_min: value: expected a whole number from 1 to 10080, got '0'",
        ),
        ("a,1,2.5,,,,,", "line 2, column duration_min: "),
        ("a,1,,,,,,", "line 2, column duration_min: "),
        (",1,30,,,,,", "line 2, column id: expected a name within one line, got ''"),
        ("a,1,30,,,9 am,,", "line 2, column earliest: expected a local time such as 09:30 or"),
        ("a,1,30,,,25:00,,", "line 2, column earliest: expected a local time"),
        ("a,1,30,,,2026-11-23T09:00Z,,", "line 2, column earliest: expected a local time"),
        (
            "a,1,30,,,07:00,,",
            "line 2, column earliest: expected a time after 2026-11-23T08:00, when all opens",
        ),
        ("a,1,30,,,2029-11-23T09:00,,", "line 2, column earliest: expected a time within 20000 slots"),
        (
            "a,1,30,,,2026-11-25T09:00,,",
            "line 2, column earliest: expected a time before the last shift ends",
        ),
        (
            "a,1,30,,,10:00,09:00,",
            "line 2, column latest: expected a time after earliest, 10:00, got '09:00'",
        ),
        ("a,1,30,,,,,maybe", "line 2, column required: expected yes or no, got 'maybe'"),
        ("a,1,30,,,,", "line 2: expected 8 values as in the header, got 7"),
        ("a,1,30,,,,,\nb,1,30,,,,,\na,2,30,,,,,", "line 4, column id: expected each id once, also at "),
        ('a,1,30,"x,,,,', "expected CSV, got a line that is none"),
        ("", "expected rows below the header, got none"),
    ],
)
def test_a_malformed_patient_is_one_clear_line(pair: ReadPair, row: str, message: str) -> None:
    with pytest.raises(BadInput) as error:
        pair(HEAD + row + "\n")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("id,urgency\na,1\n", "line 1: expected a column 'duration_min', got id and urgency"),
        ("id,urgency,duration_min,skill\na,1,5,x\n", "line 1: unknown column 'skill': expected some of id, "),
        ("id,urgency,urgency\na,1,1\n", "line 1: expected distinct columns, got 'urgency' 2 times"),
        ("id,,urgency\na,1,1\n", "line 1: expected a name for every column, got none for column 2"),
    ],
)
def test_a_wrong_header_is_one_clear_line(pair: ReadPair, header: str, message: str) -> None:
    with pytest.raises(BadInput) as error:
        pair(header)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            "d,clinician,,09:00,08:30",
            "r.csv, line 2, column to: expected a time 15 minutes or more after the",
        ),
        ("d,clinician,,09:00,09:00", "line 2, column to: expected a time 15 minutes or more after the start"),
        ("d,nurse,,09:00,10:00", "line 2, column type: expected clinician or room, got 'nurse'"),
        ("d,clinician,,,10:00", "line 2, column from: expected a local time"),
        (
            "d,clinician,,09:00,10:00\nd,room,,10:00,11:00",
            "line 3, column type: expected clinician as on the other lines of d, got 'room'",
        ),
        (
            "d,clinician,x,09:00,10:00\nd,clinician,y,10:00,11:00",
            "line 3, column offers: expected the same on all lines of d, 'x', got 'y'",
        ),
        (
            "d,clinician,,09:00,11:00\nd,clinician,,10:45,12:00",
            "r.csv, line 3: this shift of d overlaps the one at ",
        ),
        ("d,clinician,,09:00,10:00", "r.csv: expected at least one room, got none"),
        ("d,room,,09:00,10:00", "r.csv: expected at least one clinician, got none"),
    ],
)
def test_a_malformed_shift_is_one_clear_line(pair: ReadPair, rows: str, message: str) -> None:
    with pytest.raises(BadInput) as error:
        pair(resources=f"id,type,offers,from,to\n{rows}\n")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_shifts_that_touch_stay_two(pair: ReadPair) -> None:
    rows = "d,clinician,x,08:00,10:00\nd,clinician,x,10:00,12:00\nr,room,,08:00,12:00\n"
    model = pair(resources=f"id,type,offers,from,to\n{rows}").model
    assert isinstance(model, Appointments)
    assert model.clinicians[0].shifts == ((0, 8), (8, 16))


def test_names_are_compared_in_one_normal_form(pair: ReadPair) -> None:
    """The same words, composed (NFC) in one file and decomposed (NFD, as macOS writes) in the other."""
    patients = "id,urgency,duration_min,skills\nZoë,2,30,cardiología\n"
    resources = "id,type,offers,from,to\nDr Å,clinician,cardiología,08:00,12:00\nRoom 1,room,,08:00,12:00\n"
    composed = pair(normalize("NFC", patients), normalize("NFC", resources)).model
    for one, other in (("NFC", "NFD"), ("NFD", "NFC"), ("NFD", "NFD")):
        forms: tuple[Any, Any] = one, other
        assert pair(normalize(forms[0], patients), normalize(forms[1], resources)).model == composed
    with pytest.raises(BadInput, match="expected each id once"):
        pair(normalize("NFC", patients) + normalize("NFD", "Zoë,2,30,\n"), resources)


def test_a_number_is_the_number_however_it_is_spelt(pair: ReadPair) -> None:
    for urgency, minutes in (("2", "30"), ("2.0", "30.0"), ("02", "3e1"), ("+2", "030"), ('"2,0"', '"30,0"')):
        model = pair(f"id,urgency,duration_min\np,{urgency},{minutes}\n").model
        assert isinstance(model, Appointments)
        assert (model.patients[0].urgency, model.patients[0].duration) == (2, 2)


@pytest.mark.parametrize(
    ("minutes", "message"),
    [
        ("1.000", "expected a number without marks of thousands, got '1.000'"),
        ('"1,000"', "expected a number without marks of thousands, got '1,000'"),
        ("1 000", "expected a number without marks of thousands, got '1 000'"),
        ("1'000", 'expected a number without marks of thousands, got "1\'000"'),
        ("1.234.567", "expected a number without marks of thousands"),
        ("30.5", "expected a whole number from 1 to 10080, got '30.5'"),
        ('"30,5"', "expected a whole number from 1 to 10080, got '30.5'"),
        ("1e-1", "expected a whole number"),
        ("1e99", "expected a whole number from 1 to 10080"),
    ],
)
def test_a_number_that_could_mean_two_or_is_not_whole_is_refused(
    pair: ReadPair, minutes: str, message: str
) -> None:
    with pytest.raises(BadInput) as error:
        pair(f"id,urgency,duration_min\np,2,{minutes}\n")
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("patients", "resources", "said"),
    [
        ("7,1,15,,\n007,1,15,,\n", "", "column id: expected one spelling of 7, as '7' at "),
        ("p,1,15,2,\n", "dr-2,clinician,2.0,08:00,12:00\n", "column offers: expected one spelling of 2"),
        ("p,1,15,,2\n", "room-2,room,02,08:00,12:00\n", "column offers: expected one spelling of 2"),
        (
            "p,1,15,,\n",
            "7,room,,08:00,12:00\n07,room,,12:00,13:00\n",
            "column id: expected one spelling of 7",
        ),
    ],
)
def test_one_number_spelt_in_two_ways_is_not_two_names(
    pair: ReadPair, patients: str, resources: str, said: str
) -> None:
    with pytest.raises(BadInput) as error:
        pair(f"id,urgency,duration_min,skills,equipment\n{patients}", RESOURCES + resources)
    assert said in str(error.value)


def test_names_that_only_look_like_numbers_stay_apart(pair: ReadPair) -> None:
    model = pair("id,urgency,duration_min\n1E2,1,15\n100,1,15\n1.10,1,15\n1.1,1,15\n007,1,15\n").model
    assert isinstance(model, Appointments)
    assert [patient.id for patient in model.patients] == ["1E2", "100", "1.10", "1.1", "007"]


@pytest.mark.parametrize("zone", ["Z", "+00:00", "+01:00", "-05:30"])
def test_times_with_a_zone_are_refused_wherever_they_stand(pair: ReadPair, zone: str) -> None:
    """Every time is of the clinic's own clock; whoever writes a zone means something else."""
    time = f"2026-11-23T09:00{zone}"
    with pytest.raises(ValidationError, match="expected a local date and time to the minute, without a zone"):
        pair(opens=time)
    for column in ("earliest", "latest"):
        with pytest.raises(BadInput, match=rf"column {column}: expected a local time .*, without a zone"):
            pair(f"id,urgency,duration_min,{column}\np,1,15,{time}\n")
    for start, end in ((time, "12:00"), ("08:00", time)):
        with pytest.raises(BadInput, match=r"expected a local time .*, without a zone"):
            pair(resources=f"id,type,from,to\nd,clinician,{start},{end}\nr,room,08:00,12:00\n")
