"""A neighbourhood of a clinic's schedule: a few patients freed, a few options each."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from problems.optimisation.model.models import Appointments
from problems.optimisation.model.points import Point, cost
from problems.optimisation.quantum.conflicts import choice, keep_most
from problems.optimisation.quantum.reduction import REDUCED_QUBITS
from problems.optimisation.quantum.subproblem import Subproblem

MOST_FREED = 5
OPTIONS_EACH = 4

Option = tuple[int, int, int]
"""Clinician, room, first slot."""


def neighbourhood(model: Appointments, point: Point) -> tuple[Subproblem, dict[str, Any]]:
    """Frees the patients who cost most and those who stand in their way; all else stays as it is."""
    freed = _freed(model, point)
    base = point.copy()
    base[freed] = -1
    options = [(p, o) for p in freed for o in _options(model, base, p, tuple(point[p].tolist()))]
    surplus = 1 + sum(model.patients[p].weight * model.refusal for p in freed)
    gains = [_gain(model, p, o) + surplus * model.patients[p].required for p, o in options]
    held = [tuple(point[p].tolist()) == o for p, o in options]
    kept = keep_most(gains, held, REDUCED_QUBITS)
    options, gains = [options[k] for k in kept], [gains[k] for k in kept]
    clashes = [
        (a, b) for b in range(len(options)) for a in range(b) if _clash(model, *options[a], *options[b])
    ]
    form = choice(_cost_without(model, base, freed, surplus), gains, clashes)
    lift = {"base": base.tolist(), "options": [[p, list(o)] for p, o in options]}
    notes = {
        "how": "neighbourhood",
        "variables": len(options),
        "freed": [model.patients[p].id for p in freed],
        "held_at_the_best_found": model.size - len(freed),
    }
    return Subproblem(form, lift), notes


def _gain(model: Appointments, patient: int, option: Option) -> int:
    who = model.patients[patient]
    return who.weight * (model.refusal - option[2] + who.earliest)


def _cost_without(model: Appointments, base: Point, freed: list[int], surplus: int) -> int:
    """Cost when the freed are not treated; each who must be costs `surplus`, which treating them saves."""
    patients = tuple(p.model_copy(update={"required": False}) for p in model.patients)
    relaxed = model.model_copy(update={"patients": patients})
    return cost(relaxed, base) + surplus * sum(model.patients[p].required for p in freed)


def _freed(model: Appointments, point: Point) -> list[int]:
    def waiting(p: int) -> int:
        who = model.patients[p]
        return who.weight * (model.refusal if point[p, 0] < 0 else int(point[p, 2]) - who.earliest)

    freed: list[int] = []
    for worst in sorted(range(model.size), key=lambda p: (-waiting(p), p)):
        for patient in (worst, *_in_the_way(model, point, worst)):
            if patient not in freed and len(freed) < MOST_FREED:
                freed.append(patient)
    return sorted(freed)


def _in_the_way(model: Appointments, point: Point, patient: int) -> list[int]:
    """Who holds the clinician or the room of the patient's first option on an empty clinic."""
    first = next(_feasible(model, np.full_like(point, -1), patient), None)
    if first is None:
        return []
    others = [p for p in range(model.size) if p != patient and point[p, 0] >= 0]
    taken = [(p, (int(point[p, 0]), int(point[p, 1]), int(point[p, 2]))) for p in others]
    return [p for p, option in taken if _clash(model, patient, first, p, option)]


def _options(model: Appointments, base: Point, patient: int, now: tuple[int, ...]) -> list[Option]:
    """The option in force, then the earliest, one a slot."""
    found: dict[int, Option] = {}
    if now[0] >= 0:
        found[now[2]] = (now[0], now[1], now[2])
    for option in _feasible(model, base, patient):
        if len(found) >= OPTIONS_EACH:
            break
        found.setdefault(option[2], option)
    return [found[start] for start in sorted(found)]


def _feasible(model: Appointments, base: Point, patient: int) -> Iterator[Option]:
    """The patient's options beside the others' appointments, earliest first."""
    who = model.patients[patient]
    clinicians = [c for c, each in enumerate(model.clinicians) if set(who.skills) <= set(each.skills)]
    rooms = [r for r, each in enumerate(model.rooms) if set(who.equipment) <= set(each.equipment)]
    busy = _busy(model, base)
    for start in range(who.earliest, who.latest - who.duration + 1):
        span = slice(start, start + who.duration)
        for c in clinicians:
            if _open(model.clinicians[c].shifts, span) and not busy[0][c, span].any():
                for r in rooms:
                    if _open(model.rooms[r].shifts, span) and not busy[1][r, span].any():
                        yield c, r, start


def _busy(model: Appointments, base: Point) -> tuple[Any, Any]:
    clinicians = np.zeros((len(model.clinicians), model.slots), dtype=bool)
    rooms = np.zeros((len(model.rooms), model.slots), dtype=bool)
    for patient, (c, r, start) in zip(model.patients, base.tolist(), strict=True):
        if c >= 0:
            clinicians[c, start : start + patient.duration] = True
            rooms[r, start : start + patient.duration] = True
    return clinicians, rooms


def _open(shifts: tuple[tuple[int, int], ...], span: slice) -> bool:
    return any(first <= span.start and span.stop <= last for first, last in shifts)


def _clash(model: Appointments, p: int, one: Option, q: int, other: Option) -> bool:
    """One patient twice, or a clinician or a room in two places at once."""
    if p == q:
        return True
    if one[0] != other[0] and one[1] != other[1]:
        return False
    return one[2] < other[2] + model.patients[q].duration and other[2] < one[2] + model.patients[p].duration
