"""A clinic and a triage small enough to be worked out by hand."""

import numpy as np

from problems.optimisation.model.models import (
    Appointments,
    Claimant,
    Clinician,
    Patient,
    Place,
    Room,
    Triage,
)
from problems.optimisation.model.points import Point

# 2026-11-23 is a Monday. Slot 0 is 08:00, slot 8 noon, slot 32 midnight, slot 48 Tuesday 08:00.
MONDAY, TUESDAY = (0, 16), (48, 56)


def clinic(*ids: str, clinician: str = "Dr Chen", room: str = "Room 1", urgency: int = 5) -> Appointments:
    """Patients of one hour each, with half-hour slots; one clinician with a lunch break, one without."""
    patients = tuple(Patient(id=name, urgency=urgency, duration=2, earliest=0, latest=56) for name in ids)
    return Appointments(
        opens="2026-11-23T08:00",
        slot_min=30,
        slots=56,
        refusal=56,
        scale=2,
        patients=patients,
        clinicians=(
            Clinician(id=clinician, shifts=((0, 8), (10, 16), TUESDAY)),
            Clinician(id="Dr Haddad", shifts=(MONDAY,)),
        ),
        rooms=(Room(id=room, shifts=(MONDAY, TUESDAY)), Room(id="Room 2", shifts=(MONDAY,))),
    )


def ward(*ids: str, place: str = "North") -> Triage:
    """Patients who need a bed and some hours of nursing; two places."""
    return Triage(
        capacities=("beds", "nurse_hours"),
        patients=tuple(Claimant(id=name, benefit=3 + k, uses=(1, 2 * k)) for k, name in enumerate(ids)),
        places=(Place(id=place, capacity=(2, 6)), Place(id="South", capacity=(1, 4))),
    )


def at(*rows: tuple[int, int, int]) -> Point:
    """Clinician, room and start of each patient."""
    return np.array(rows, dtype=np.int32)
