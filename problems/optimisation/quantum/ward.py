"""A neighbourhood of a triage: a few patients freed, each with a few places.

At a place, the patients who are there now fit together. At most one newcomer is let in, and excludes those
who would have to leave for it, the least benefit first: so any choice without a conflict is feasible, and
triples that overload a place need no penalty of higher order. That leaves out exchanges of two newcomers at
one place.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from problems.optimisation.model.models import Triage
from problems.optimisation.model.points import Point, cost
from problems.optimisation.quantum.conflicts import choice, keep_most
from problems.optimisation.quantum.reduction import REDUCED_QUBITS
from problems.optimisation.quantum.subproblem import Subproblem

WORST_FREED = 4
PLACES_EACH = 3
"""Patients who lose most, and how many places each may ask for; one patient is freed at each such place."""

Stay = tuple[int, int]
"""Patient, place."""


def neighbourhood(model: Triage, point: Point) -> tuple[Subproblem, dict[str, Any]]:
    """Frees the patients who lose most and the least of those whose places they would like."""
    freed = _freed(model, point)
    base = point.copy()
    base[freed] = -1
    stays = [(p, q) for p in freed for q in _places(model, p, int(point[p]))]
    surplus = 1 + sum(100 * model.patients[p].benefit for p in freed)
    gains = [_benefit(model, *stay) + surplus * model.patients[stay[0]].required for stay in stays]
    kept = keep_most(gains, [int(point[p]) == q for p, q in stays], REDUCED_QUBITS)
    stays, gains = [stays[k] for k in kept], [gains[k] for k in kept]
    clashes, barred = _clashes(model, point, base, stays)
    open_ = [k for k in range(len(stays)) if k not in barred]
    place = {k: index for index, k in enumerate(open_)}
    form = choice(
        _cost_without(model, base) + surplus * sum(model.patients[p].required for p in freed),
        [gains[k] for k in open_],
        [(place[a], place[b]) for a, b in clashes if a in place and b in place],
    )
    lift = {"base": base.tolist(), "options": [list(stays[k]) for k in open_]}
    notes = {
        "how": "neighbourhood",
        "variables": len(open_),
        "freed": [model.patients[p].id for p in freed],
        "held_at_the_best_found": model.size - len(freed),
    }
    return Subproblem(form, lift), notes


def _benefit(model: Triage, patient: int, place: int) -> int:
    return model.patients[patient].benefit * model.places[place].quality


def _cost_without(model: Triage, base: Point) -> int:
    patients = tuple(p.model_copy(update={"required": False}) for p in model.patients)
    return cost(model.model_copy(update={"patients": patients}), base)


def _places(model: Triage, patient: int, now: int) -> list[int]:
    """Where the patient is, and the best places that offer what they need."""
    needs = set(model.patients[patient].needs)
    fit = [q for q, place in enumerate(model.places) if needs <= set(place.offers)]
    best = sorted(fit, key=lambda q: (-model.places[q].quality, q))[:PLACES_EACH]
    return sorted({*best, *([now] if now >= 0 else [])})


def _freed(model: Triage, point: Point) -> list[int]:
    def loss(p: int) -> int:
        here = int(point[p])
        return 100 * model.patients[p].benefit - (_benefit(model, p, here) if here >= 0 else 0)

    worst = sorted(range(model.size), key=lambda p: (-loss(p), p))[:WORST_FREED]
    wanted = {q for p in worst for q in _places(model, p, -1)}
    least = [
        min(there, key=lambda p: (model.patients[p].benefit, p))
        for q in sorted(wanted)
        if (there := [p for p in range(model.size) if point[p] == q and p not in worst])
    ]
    return sorted({*worst, *least})


def _clashes(
    model: Triage, point: Point, base: Point, stays: list[Stay]
) -> tuple[list[tuple[int, int]], set[int]]:
    """Pairs of stays that exclude each other, and stays that are not possible at all."""
    clashes = {(a, b) for b in range(len(stays)) for a in range(b) if stays[a][0] == stays[b][0]}
    barred: set[int] = set()
    for q in sorted({q for _, q in stays}):
        here = [k for k, stay in enumerate(stays) if stay[1] == q]
        now = [k for k in here if point[stays[k][0]] == q]
        new = [k for k in here if k not in now]
        clashes |= {(a, b) for b in new for a in new if a < b}
        for k in new:
            leaving = _leaving(model, base, stays[k], [stays[other] for other in now])
            if leaving is None:
                barred.add(k)
            else:
                clashes |= {(min(k, now[m]), max(k, now[m])) for m in leaving}
    return sorted(clashes), barred


def _leaving(model: Triage, base: Point, new: Stay, now: list[Stay]) -> list[int] | None:
    """Which of those who are there now must leave for a newcomer; None where not even that makes room."""
    patient, q = new
    cohort = model.patients[patient].cohort
    fixed = [p for p in range(model.size) if base[p] == q]
    if cohort and any(model.patients[p].cohort not in ("", cohort) for p in fixed):
        return None
    other = [m for m, (p, _) in enumerate(now) if cohort and model.patients[p].cohort not in ("", cohort)]
    order = sorted(range(len(now)), key=lambda m: (m not in other, model.patients[now[m][0]].benefit, m))
    room = np.array(model.places[q].capacity) - _uses(model, [*fixed, patient])
    for gone in range(len(other), len(now) + 1):
        if (_uses(model, [now[m][0] for m in order[gone:]]) <= room).all():
            return order[:gone]
    return None


def _uses(model: Triage, patients: list[int]) -> NDArray[np.int64]:
    used = [model.patients[p].uses for p in patients]
    total: NDArray[np.int64] = np.asarray(used, dtype=np.int64).reshape(-1, len(model.capacities)).sum(axis=0)
    return total
