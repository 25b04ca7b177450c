"""Answers as solvers hold them (small integer arrays), as records hold them (JSON), and what they cost.

A point is an int32 array:

- qubo, max_cut, independent_set: shape (n,), 0 or 1 (value; side; member or not);
- appointments: shape (patients, 3), columns clinician, room, start slot; -1, -1, -1 is not treated;
- triage: shape (patients,), the place; -1 is not placed.

This is the solvers' own arithmetic. The verifier has another one, `problems.optimisation.checking`.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from problems.optimisation.model.models import (
    Appointments,
    IndependentSet,
    MaxCut,
    Model,
    Qubo,
    SpinModel,
    Triage,
    sign,
)

Point = NDArray[np.int32]


class Infeasible(ValueError):
    """A point that breaks a constraint; the message says which, in the user's names."""


def cost(model: Model, point: Point) -> int:
    """Returns what a feasible point costs; solvers minimise this.

    Raises:
        Infeasible: when it breaks a constraint.
    """
    if isinstance(model, Appointments):
        return _appointments(model, point)
    if isinstance(model, Triage):
        return -_triage(model, point)
    return spin_cost(model, point)


def spin_cost(model: SpinModel, point: Point) -> int:
    """Cost of bits; raises `Infeasible` for an edge within an independent set."""
    bits = np.asarray(point, dtype=np.int64)
    if isinstance(model, Qubo):
        value = int(bits @ np.asarray(model.linear, dtype=np.int64)) + model.offset
        if model.quadratic:
            i, j, q = np.asarray(model.quadratic, dtype=np.int64).T
            value += int((bits[i] * bits[j]) @ q)
        return sign(model) * value
    if isinstance(model, MaxCut):
        if not model.edges:
            return 0
        u, v, w = np.asarray(model.edges, dtype=np.int64).T
        return -int((bits[u] ^ bits[v]) @ w)
    if model.edges:
        u, v = np.asarray(model.edges, dtype=np.int64).T
        both = np.flatnonzero(bits[u] & bits[v])
        if both.size:
            raise Infeasible(f"vertices {u[both[0]]} and {v[both[0]]} are joined by an edge")
    return -int(bits.sum())


def _appointments(model: Appointments, point: Point) -> int:
    total = 0
    clinicians = np.zeros((len(model.clinicians), model.slots), dtype=bool)
    rooms = np.zeros((len(model.rooms), model.slots), dtype=bool)
    for patient, (c, r, start) in zip(model.patients, point.tolist(), strict=True):
        if c < 0:
            if patient.required:
                raise Infeasible(f"{patient.id} must be treated")
            total += patient.weight * model.refusal
            continue
        clinician, room, end = model.clinicians[c], model.rooms[r], start + patient.duration
        if start < patient.earliest or end > patient.latest:
            raise Infeasible(f"{patient.id} is treated outside their own times")
        if not set(patient.skills) <= set(clinician.skills) or not _within(clinician.shifts, start, end):
            raise Infeasible(f"{clinician.id} cannot treat {patient.id} then")
        if not set(patient.equipment) <= set(room.equipment) or not _within(room.shifts, start, end):
            raise Infeasible(f"{patient.id} cannot be treated in {room.id} then")
        if clinicians[c, start:end].any() or rooms[r, start:end].any():
            raise Infeasible(f"{patient.id} overlaps another appointment of {clinician.id} or in {room.id}")
        clinicians[c, start:end] = rooms[r, start:end] = True
        total += patient.weight * (start - patient.earliest)
    return total


def _within(shifts: tuple[tuple[int, int], ...], start: int, end: int) -> bool:
    return any(first <= start and end <= last for first, last in shifts)


def _triage(model: Triage, point: Point) -> int:
    total = 0
    used = np.zeros((len(model.places), len(model.capacities)), dtype=np.int64)
    cohorts: dict[int, str] = {}
    for patient, place in zip(model.patients, point.tolist(), strict=True):
        if place < 0:
            if patient.required:
                raise Infeasible(f"{patient.id} must be placed")
            continue
        target = model.places[place]
        if not set(patient.needs) <= set(target.offers):
            raise Infeasible(f"{target.id} lacks what {patient.id} needs")
        if patient.cohort and cohorts.setdefault(place, patient.cohort) != patient.cohort:
            raise Infeasible(f"{patient.id} would share {target.id} with another cohort")
        used[place] += patient.uses
        total += patient.benefit * target.quality
    full = np.argwhere(used > np.array([place.capacity for place in model.places]))
    if full.size:
        place, what = full[0]
        raise Infeasible(f"{model.places[place].id} has too little {model.capacities[what]}")
    return total


def encode(model: Model, point: Point) -> dict[str, Any]:
    """Returns the point as JSON data in the user's names."""
    if isinstance(model, IndependentSet):
        return {"vertices": [label(model, v) for v in np.flatnonzero(point).tolist()]}
    if isinstance(model, Qubo | MaxCut):
        return {"bits": "".join("1" if bit else "0" for bit in point.tolist())}
    if isinstance(model, Triage):
        return {
            "placements": {
                patient.id: model.places[place].id
                for patient, place in zip(model.patients, point.tolist(), strict=True)
                if place >= 0
            }
        }
    return {
        "appointments": [
            {
                "patient": patient.id,
                "clinician": model.clinicians[c].id,
                "room": model.rooms[r].id,
                "start": start,
            }
            for patient, (c, r, start) in zip(model.patients, point.tolist(), strict=True)
            if c >= 0
        ]
    }


def decode(model: Model, solution: Mapping[str, Any]) -> Point:
    """Reads what `encode` wrote; for solvers' and reports' own answers, not for judging.

    Raises:
        KeyError: on a name that the model does not know, or another shape of data.
    """
    if isinstance(model, IndependentSet):
        names = {label(model, v): v for v in range(model.vertices)}
        point = np.zeros(model.vertices, dtype=np.int32)
        point[[names[name] for name in solution["vertices"]]] = 1
        return point
    if isinstance(model, Qubo | MaxCut):
        return np.array([int(bit) for bit in solution["bits"]], dtype=np.int32)
    if isinstance(model, Triage):
        patients = {patient.id: k for k, patient in enumerate(model.patients)}
        places = {place.id: k for k, place in enumerate(model.places)}
        point = np.full(len(patients), -1, dtype=np.int32)
        for patient, place in solution["placements"].items():
            point[patients[patient]] = places[place]
        return point
    patients = {patient.id: k for k, patient in enumerate(model.patients)}
    clinicians = {clinician.id: k for k, clinician in enumerate(model.clinicians)}
    rooms = {room.id: k for k, room in enumerate(model.rooms)}
    point = np.full((len(patients), 3), -1, dtype=np.int32)
    for each in solution["appointments"]:
        point[patients[each["patient"]]] = clinicians[each["clinician"]], rooms[each["room"]], each["start"]
    return point


def label(model: SpinModel, index: int) -> str:
    """The user's name of a variable or vertex; without names they count from 1."""
    return model.labels[index] if model.labels else str(index + 1)
