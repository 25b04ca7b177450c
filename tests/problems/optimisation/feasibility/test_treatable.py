"""Whom nobody can treat is named with the reason, before any solving."""

import pytest

from escalation.model.errors import BadInput
from problems.optimisation.feasibility.demands import refuse_impossible
from problems.optimisation.feasibility.treatable import unplaceable, untreatable
from problems.optimisation.model.models import Appointments, Claimant, Clinician, Patient, Place, Room, Triage

CLINICIANS = (
    Clinician(id="dr-1", skills=("general",), shifts=((0, 4),)),
    Clinician(id="dr-2", skills=("echo", "general"), shifts=((8, 12),)),
)
ROOMS = (Room(id="room-1", shifts=((0, 12),)), Room(id="room-2", equipment=("couch",), shifts=((0, 8),)))


def alone(**fields: object) -> tuple[Appointments, Patient]:
    """Quarters of an hour from 09:00 to 12:00."""
    stated = {"id": "p", "urgency": 1, "duration": 2, "latest": 12, **fields}
    patient = Patient.model_validate(stated)
    model = Appointments(
        opens="2026-11-23T09:00",
        slot_min=15,
        slots=12,
        refusal=12,
        scale=4,
        patients=(patient,),
        clinicians=CLINICIANS,
        rooms=ROOMS,
    )
    return model, patient


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"skills": ("surgery",)}, "no clinician has surgery"),
        (
            {"skills": ("echo", "surgery")},
            "no clinician has echo and surgery (one clinician must have all of them)",
        ),
        ({"equipment": ("laser",)}, "no room has laser"),
        (
            {"latest": 1},
            "needs 30 minutes, which do not fit between 09:00 and 09:15, the patient's own times",
        ),
        (
            {"duration": 5},
            "needs 75 minutes, longer than any shift of dr-1 or dr-2 (longest 60 minutes)",
        ),
        (
            {"skills": ("echo",), "latest": 9},
            "no common time: dr-2 has no 30 minutes between 09:00 and 11:15, the patient's own times",
        ),
        (
            {"equipment": ("couch",), "earliest": 7},
            "no common time: room-2 has no 30 minutes between 10:45 and 12:00, the patient's own times",
        ),
        (
            {"skills": ("echo",), "equipment": ("couch",)},
            "no common time: dr-2 and room-2 are never there together for 30 minutes between 09:00 and 12:00",
        ),
    ],
)
def test_the_reason_is_said(fields: dict[str, object], reason: str) -> None:
    assert untreatable(*alone(**fields)) == reason


@pytest.mark.parametrize("fields", [{}, {"skills": ("echo",), "earliest": 8}, {"equipment": ("couch",)}])
def test_who_can_be_treated_has_no_reason(fields: dict[str, object]) -> None:
    assert untreatable(*alone(**fields)) == ""


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"needs": ("dialysis",)}, "no place offers dialysis"),
        ({"uses": (1, 7)}, "needs 7 nurse_hours, and bay or side-room has at most 6"),
        ({"needs": ("isolation",), "uses": (1, 5)}, "needs 5 nurse_hours, and side-room has at most 4"),
        ({"uses": (2, 5)}, ""),
        ({"uses": (3, 1), "needs": ()}, "needs 3 beds, and bay or side-room has at most 2"),
    ],
)
def test_nowhere_to_go_is_said(fields: dict[str, object], reason: str) -> None:
    patient = Claimant.model_validate({"id": "p", "benefit": 1, "uses": (1, 1), **fields})
    places = (
        Place(id="bay", capacity=(2, 6)),
        Place(id="side-room", offers=("isolation",), capacity=(1, 4)),
    )
    model = Triage(capacities=("beds", "nurse_hours"), patients=(patient,), places=places)
    assert unplaceable(model, patient) == reason


def test_no_place_has_enough_of_both() -> None:
    patient = Claimant(id="p", benefit=1, uses=(2, 5))
    places = (Place(id="a", capacity=(2, 3)), Place(id="b", capacity=(1, 9)))
    model = Triage(capacities=("beds", "nurse_hours"), patients=(patient,), places=places)
    assert unplaceable(model, patient) == "a or b: none has enough of beds and nurse_hours together"


def test_everybody_without_a_place_is_named_in_one_line_up_to_five() -> None:
    model, patient = alone(skills=("surgery",))
    seven = tuple(patient.model_copy(update={"id": f"p{k}"}) for k in range(7))
    with pytest.raises(BadInput) as error:
        refuse_impossible(model.model_copy(update={"patients": seven}), {"p0": "patients.csv, line 2"})
    message = str(error.value)
    assert message.startswith("patients.csv, line 2: patient p0: no clinician has surgery; patient p1: ")
    assert message.endswith("; and 2 more")
