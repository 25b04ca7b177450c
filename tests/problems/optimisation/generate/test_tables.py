"""What is written as tables is read back to the same model; the command writes what a problem file reads."""

import re
import subprocess
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalation.inputs.document import Document
from problems.optimisation.generate.__main__ import main, write
from problems.optimisation.generate.clinic import clinic
from problems.optimisation.generate.tables import clinic_tables, ward_tables
from problems.optimisation.generate.ward import ward
from problems.optimisation.loading.loading import load
from problems.optimisation.model.models import Appointments, Claimant, Clinician, Patient, Place, Room, Triage
from problems.optimisation.readers.clinic_tables import read_clinic
from problems.optimisation.readers.ward_tables import read_ward
from problems.optimisation.spec.spec import AppointmentsSpec, TriageSpec

WORD = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=6)
NAME = WORD.map(partial(normalize, "NFC")).filter(
    lambda text: ";" not in text and (set(text) - set("+.,0123456789") or re.fullmatch("[1-9][0-9]*", text))
)
"""No two of them are one name, or one number, to the readers."""
NAMES = st.lists(NAME, max_size=2, unique=True).map(lambda names: tuple(sorted(names)))
SLOT_MIN = st.sampled_from([5, 10, 15, 20, 30, 60])


def spans() -> st.SearchStrategy[tuple[tuple[int, int], ...]]:
    edges = st.lists(st.integers(0, 300), min_size=2, max_size=4, unique=True)
    return edges.map(sorted).map(lambda e: tuple(zip(e[::2], e[1::2], strict=False)))


@st.composite
def clinics(draw: st.DrawFn) -> Appointments:
    ids = draw(st.lists(NAME, min_size=5, max_size=5, unique=True))
    clinicians = tuple(Clinician(id=name, skills=draw(NAMES), shifts=draw(spans())) for name in ids[:2])
    rooms = (Room(id=ids[2], equipment=draw(NAMES), shifts=draw(spans())),)
    shifts = [*(each.shifts for each in clinicians), *(each.shifts for each in rooms)]
    slots = max(last for own in shifts for _, last in own)
    people = []
    for name in ids[3:]:
        earliest = draw(st.integers(0, slots - 1))
        people.append(
            Patient(
                id=name,
                urgency=draw(st.integers(1, 5)),
                duration=draw(st.integers(1, 20)),
                skills=draw(NAMES),
                equipment=draw(NAMES),
                earliest=earliest,
                latest=draw(st.integers(earliest + 1, slots)),
                required=draw(st.booleans()),
            )
        )
    slot_min = draw(SLOT_MIN)
    return Appointments(
        opens=draw(st.sampled_from(["2026-11-23T08:00", "2024-02-28T23:55"])),
        slot_min=slot_min,
        slots=slots,
        refusal=slots,
        scale=60 // slot_min,
        patients=tuple(people),
        clinicians=clinicians,
        rooms=rooms,
    )


@st.composite
def wards(draw: st.DrawFn) -> Triage:
    ids = draw(st.lists(NAME, min_size=4, max_size=4, unique=True))
    amounts = st.tuples(st.integers(0, 9), st.integers(0, 10**6))
    people = tuple(
        Claimant(
            id=name,
            benefit=draw(st.integers(1, 10**6)),
            needs=draw(NAMES),
            uses=draw(amounts),
            cohort=draw(st.one_of(st.just(""), NAME)),
            required=draw(st.booleans()),
        )
        for name in ids[:2]
    )
    places = tuple(
        Place(id=name, offers=draw(NAMES), capacity=draw(amounts), quality=draw(st.integers(1, 100)))
        for name in ids[2:]
    )
    return Triage(capacities=("beds", "nurse_hours"), patients=people, places=places)


def written(tables: dict[str, str], folder: str) -> Path:
    for name, text in tables.items():
        (Path(folder) / name).write_text(text, encoding="utf-8", newline="")
    return Path(folder)


def clinic_again(model: Appointments) -> object:
    spec = AppointmentsSpec.model_validate(
        {
            "patients": "patients.csv",
            "resources": "resources.csv",
            "opens": model.opens,
            "slot_min": model.slot_min,
        }
    )
    with TemporaryDirectory() as folder:
        return read_clinic(spec, written(clinic_tables(model), folder)).model


def ward_again(model: Triage) -> object:
    spec = TriageSpec(patients="patients.csv", places="places.csv")
    with TemporaryDirectory() as folder:
        return read_ward(spec, written(ward_tables(model), folder)).model


@settings(deadline=None, max_examples=30, derandomize=True)
@given(clinics())
def test_any_clinic_is_read_back_as_it_was(model: Appointments) -> None:
    assert clinic_again(model) == model


@settings(deadline=None, max_examples=30, derandomize=True)
@given(wards())
def test_any_ward_is_read_back_as_it_was(model: Triage) -> None:
    assert ward_again(model) == model


@pytest.mark.parametrize("seed", [1, 2])
def test_generated_ones_are_read_back_as_they_were(seed: int) -> None:
    assert clinic_again(clinic(130, seed)) == clinic(130, seed)
    assert ward_again(ward(130, seed)) == ward(130, seed)


@pytest.mark.parametrize(
    ("what", "model"), [("clinic", clinic(12, 3, load=1.2)), ("ward", ward(12, 3, beds=0.5))]
)
def test_what_is_written_is_a_problem_that_loads(
    what: str, model: Appointments | Triage, tmp_path: Path
) -> None:
    shape = "load=1.2" if what == "clinic" else "beds=0.5"
    folder = tmp_path / "made"
    paths = write([what, "12", "--seed", "3", "--shape", shape, "--to", str(folder)])
    problem = Document.read(folder / "problem.yaml").data
    loaded = load(problem["instance"], problem["seed"], folder)
    assert loaded.model == model
    other = "resources.csv" if what == "clinic" else "places.csv"
    assert paths == [folder / name for name in ("patients.csv", other, "problem.yaml")]


def test_the_command_says_what_it_wrote(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "problems.optimisation.generate", "clinic", "3", "--to", str(tmp_path)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.split() == [
        str(tmp_path / name) for name in ("patients.csv", "resources.csv", "problem.yaml")
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("clinic", "0", "--to", "x"),
            "generate: patients: expected at least 1, got 0",
        ),
        (("clinic", "5", "--shape", "laod=1", "--to", "x"), "generate: laod: unknown field"),
        (("hospital", "5", "--to", "x"), "invalid choice: 'hospital'"),
        (("clinic", "5"), "the following arguments are required: --to"),
        (("clinic", "5", "--to", "/dev/null/x"), "/dev/null/x: cannot be written to"),
    ],
)
def test_wrong_arguments_are_one_line_and_exit_2(
    arguments: tuple[str, ...],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["generate", *arguments])
    monkeypatch.chdir(tmp_path)
    assert main() == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert not list(tmp_path.iterdir())
