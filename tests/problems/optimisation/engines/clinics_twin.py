"""Small clinics from a seed, and what their best schedule costs, by trying everything."""

import itertools
from random import Random

import numpy as np

from problems.optimisation.model import points
from problems.optimisation.model.models import Appointments, Clinician, Patient, Room


def small_clinic(seed: int, patients: int = 4) -> Appointments:
    """Two clinicians and two rooms for ten slots, with a pause; patients differ in everything."""
    random = Random(seed)
    staff = (
        Clinician(id="A", skills=("s",), shifts=((0, 4), (5, 9))),
        Clinician(id="B", skills=("s", "t"), shifts=((1, 7),)),
    )
    rooms = (Room(id="R", equipment=("x",), shifts=((0, 10),)), Room(id="S", shifts=((2, 8),)))
    people = []
    for index in range(patients):
        earliest = random.randrange(3)
        people.append(
            Patient(
                id=f"p{index}",
                urgency=random.randint(1, 5),
                duration=random.randint(1, 3),
                skills=random.choice([(), ("s",), ("t",)]),
                equipment=random.choice([(), (), ("x",)]),
                earliest=earliest,
                latest=random.randint(earliest + 4, 10),
                required=index == 0,
            )
        )
    return Appointments(
        opens="2026-01-05T08:00",
        slot_min=30,
        slots=10,
        refusal=10,
        scale=2,
        patients=tuple(people),
        clinicians=staff,
        rooms=rooms,
    )


def least_cost(model: Appointments) -> int | None:
    """What the best schedule costs; None where the required cannot be treated."""
    choices = []
    for patient in model.patients:
        starts = range(patient.earliest, patient.latest - patient.duration + 1)
        places = itertools.product(range(len(model.clinicians)), range(len(model.rooms)), starts)
        alone = [each for each in places if _fits(model, patient, *each)]
        choices.append([*alone, *([] if patient.required else [(-1, -1, -1)])])
    return _least(model, choices, [])


def _fits(model: Appointments, patient: Patient, c: int, r: int, start: int) -> bool:
    clinician, room, end = model.clinicians[c], model.rooms[r], start + patient.duration
    able = set(patient.skills) <= set(clinician.skills) and set(patient.equipment) <= set(room.equipment)
    return able and all(
        any(first <= start and end <= last for first, last in each.shifts) for each in (clinician, room)
    )


def _least(
    model: Appointments, choices: list[list[tuple[int, int, int]]], made: list[tuple[int, int, int]]
) -> int | None:
    if len(made) == len(choices):
        return points.cost(model, np.array(made, dtype=np.int32))
    found = []
    for choice in choices[len(made)]:
        if not _clashes(model, made, choice):
            cost = _least(model, choices, [*made, choice])
            found += [] if cost is None else [cost]
    return min(found, default=None)


def _clashes(model: Appointments, made: list[tuple[int, int, int]], choice: tuple[int, int, int]) -> bool:
    c, r, start = choice
    end = start + model.patients[len(made)].duration
    return c >= 0 and any(
        oc >= 0 and (oc == c or r == orr) and start < at + model.patients[who].duration and at < end
        for who, (oc, orr, at) in enumerate(made)
    )
