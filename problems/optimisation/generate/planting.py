"""Who must be seen, so that all of them can be: they are found by seating people one after the other."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from problems.optimisation.model.models import Appointments, Clinician, Patient, Room

Free = NDArray[np.bool_]


def plant(
    clinic: Appointments, people: Sequence[Patient], count: int, rng: np.random.Generator
) -> frozenset[int]:
    """Returns the places in `people` of up to `count` who can be seen together."""
    clinicians, rooms = _free(clinic.clinicians, clinic.slots), _free(clinic.rooms, clinic.slots)
    seated: set[int] = set()
    for index in rng.permutation(len(people)).tolist():
        if len(seated) == count:
            break
        if _seat(clinic, people[index], clinicians, rooms):
            seated.add(index)
    return frozenset(seated)


def _free(resources: Sequence[Clinician | Room], slots: int) -> Free:
    free = np.zeros((len(resources), slots), dtype=bool)
    for row, resource in enumerate(resources):
        for first, last in resource.shifts:
            free[row, first:last] = True
    return free


def _seat(clinic: Appointments, patient: Patient, clinicians: Free, rooms: Free) -> bool:
    """Takes the first time at which somebody and some room are free; shifts of one never touch here."""
    able = [k for k, each in enumerate(clinic.clinicians) if set(patient.skills) <= set(each.skills)]
    fit = [k for k, each in enumerate(clinic.rooms) if set(patient.equipment) <= set(each.equipment)]
    for start in range(patient.earliest, patient.latest - patient.duration + 1):
        when = slice(start, start + patient.duration)
        who = next((k for k in able if clinicians[k, when].all()), None)
        where = next((k for k in fit if rooms[k, when].all()), None)
        if who is not None and where is not None:
            clinicians[who, when] = rooms[where, when] = False
            return True
    return False
