"""Random instances small enough to try every answer, and that trying."""

from collections.abc import Iterator
from itertools import product

import numpy as np

from problems.optimisation.model.models import (
    Appointments,
    Claimant,
    Clinician,
    IndependentSet,
    MaxCut,
    Model,
    Patient,
    Place,
    Qubo,
    Room,
    Sense,
    Span,
    Triage,
)
from problems.optimisation.model.points import Infeasible, Point, cost

_LEAST: dict[str, int | None] = {}
KINDS = ("qubo", "max_cut", "independent_set", "appointments", "triage")


def instance(kind: str, seed: int) -> Model:
    rng = np.random.default_rng([KINDS.index(kind), seed])
    if kind == "qubo":
        return qubo(rng, 8)
    if kind == "max_cut":
        pairs = edges(rng, 8, 0.5)
        weights = rng.choice([-3, -2, -1, 1, 2, 3, 4], size=len(pairs)).tolist()
        return MaxCut(vertices=8, edges=tuple((u, v, w) for (u, v), w in zip(pairs, weights, strict=True)))
    if kind == "independent_set":
        return IndependentSet(vertices=9, edges=edges(rng, 9, float(rng.choice([0.3, 0.6]))))
    return clinic(rng) if kind == "appointments" else ward(rng)


def edges(rng: np.random.Generator, n: int, density: float) -> tuple[tuple[int, int], ...]:
    return tuple((u, v) for u in range(n) for v in range(u + 1, n) if rng.random() < density)


def qubo(rng: np.random.Generator, n: int) -> Qubo:
    pairs = edges(rng, n, 0.6)
    q = rng.choice([-5, -3, -1, 1, 2, 4], size=len(pairs)).tolist()
    return Qubo(
        sense=Sense.MAXIMISE if rng.random() < 0.5 else Sense.MINIMISE,
        linear=tuple(rng.integers(-6, 7, n).tolist()),
        quadratic=tuple((i, j, w) for (i, j), w in zip(pairs, q, strict=True)),
        offset=int(rng.integers(-3, 4)),
    )


def clinic(rng: np.random.Generator, patients: int = 4, slots: int = 5) -> Appointments:
    """Twins among patients, clinicians and rooms, shifts with gaps; one patient may be required."""
    some = [Patient(id="p0", urgency=2, duration=2, skills=("a",), latest=slots, required=True)]
    for k in range(1, patients):
        if rng.random() < 0.3:
            some.append(some[-1].model_copy(update={"id": f"p{k}", "required": False}))
            continue
        earliest = int(rng.integers(0, 3))
        some.append(
            Patient(
                id=f"p{k}",
                urgency=int(rng.integers(1, 4)),
                duration=int(rng.integers(1, 4)),
                skills=(("a",), ("b",), ())[rng.integers(3)],
                equipment=(("x",), ())[rng.integers(2)],
                earliest=earliest,
                latest=min(slots, earliest + 3),
            )
        )
    whole: tuple[Span, ...] = ((0, slots),)
    gap: tuple[Span, ...] = ((0, 3), (4, slots))
    return Appointments(
        opens="2026-03-02T08:00",
        slot_min=15,
        slots=slots,
        refusal=slots + int(rng.integers(0, 3)),
        scale=4,
        patients=tuple(some),
        clinicians=(
            Clinician(id="c0", skills=("a",), shifts=whole),
            Clinician(id="c1", skills=("a", "b"), shifts=(whole, gap)[rng.integers(2)]),
        ),
        rooms=(
            Room(id="r0", equipment=("x",), shifts=whole),
            Room(id="r1", equipment=(("x",), ())[rng.integers(2)], shifts=(whole, gap)[rng.integers(2)]),
        )[: int(rng.integers(1, 3))],
    )


def ward(rng: np.random.Generator) -> Triage:
    patients = tuple(
        Claimant(
            id=f"p{k}",
            benefit=int(rng.integers(1, 10)),
            needs=(("o",), (), ())[rng.integers(3)],
            uses=(1, int(rng.integers(0, 4))),
            cohort=("", "m", "f")[rng.integers(3)],
            required=k == 0,
        )
        for k in range(6)
    )
    places = tuple(
        Place(
            id=f"w{k}",
            offers=(("o",), ("o",), ())[rng.integers(3)] if k else ("o",),
            capacity=(int(rng.integers(1, 4)), int(rng.integers(3, 7))),
            quality=int(rng.choice([60, 100])),
        )
        for k in range(3)
    )
    return Triage(capacities=("beds", "hours"), patients=patients, places=places)


def points(model: Model) -> Iterator[tuple[Point, int]]:
    """Every feasible point with its cost."""
    for choice in _choices(model):
        point = np.array(choice, dtype=np.int32)
        try:
            value = cost(model, point)
        except Infeasible:
            continue
        yield point, value


def least(model: Model) -> int | None:
    """The least cost, None where nothing is feasible."""
    if model.digest not in _LEAST:
        _LEAST[model.digest] = min((value for _, value in points(model)), default=None)
    return _LEAST[model.digest]


def _choices(model: Model) -> Iterator[tuple[object, ...]]:
    if isinstance(model, Triage):
        return product(range(-1, len(model.places)), repeat=model.size)
    if isinstance(model, Appointments):
        return product(*(_stays(model, patient) for patient in model.patients))
    return product((0, 1), repeat=model.size)


def _stays(model: Appointments, patient: Patient) -> list[tuple[int, int, int]]:
    starts = range(patient.earliest, patient.latest - patient.duration + 1)
    stays = [
        (c, r, start)
        for c, clinician in enumerate(model.clinicians)
        for r, room in enumerate(model.rooms)
        for start in starts
        if _open(clinician, room, patient, start)
    ]
    return stays if patient.required else [(-1, -1, -1), *stays]


def _open(clinician: Clinician, room: Room, patient: Patient, start: int) -> bool:
    end = start + patient.duration
    return (
        set(patient.skills) <= set(clinician.skills)
        and set(patient.equipment) <= set(room.equipment)
        and any(first <= start and end <= last for first, last in clinician.shifts)
        and any(first <= start and end <= last for first, last in room.shifts)
    )
