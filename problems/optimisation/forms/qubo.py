"""QUBO of any instance: constraints as penalties whose weights are derived, in `forms.packing`.

Independent sets, wards and clinics are packings: of vertices, of patients in places, of patients with a
clinician in a room from a slot on. Maximum cuts and QUBOs have no constraints.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from problems.optimisation.forms.mip_triage import suited
from problems.optimisation.forms.packing import Form, Packing, Penalty, ResourceUse
from problems.optimisation.forms.pools import pools
from problems.optimisation.model.models import (
    Appointments,
    IndependentSet,
    MaxCut,
    Model,
    Qubo,
    Sense,
    Triage,
    sign,
)
from problems.optimisation.model.points import Infeasible, Point, cost

MOST_BITS = 2_000
"""Items of a packing, before slack. A clinic of 30 patients has more; its QUBO would have 10⁶ couplings."""

Bits = NDArray[np.int32]


class TooLarge(ValueError):
    """The instance has no QUBO of a size that anything could use."""


@dataclass(frozen=True, eq=False)
class Penalised:
    """A QUBO that is minimised, whose least value is the least cost, wherever an answer exists.

    Attributes:
        qubo: sense minimise, scale 1; variables are items first, then slack.
        point_of: reads bits of shape (n,) as a point; None where they break a constraint of the instance.
        penalties: what was added to the cost, and how heavily.
    """

    qubo: Qubo
    point_of: Callable[[Bits], Point | None]
    penalties: tuple[Penalty, ...]


def to_qubo(model: Model) -> Penalised:
    """Builds the QUBO.

    Raises:
        TooLarge: with more than `MOST_BITS` items.
    """
    if isinstance(model, Qubo | MaxCut):
        return Penalised(_unconstrained(model), lambda bits: np.array(bits, dtype=np.int32), ())
    if isinstance(model, IndependentSet):
        n = model.vertices
        packing = Packing(0, (1,) * n, tuple(range(n)), excluded=model.edges)
        return _penalised(model, packing, lambda bits: np.array(bits[:n], dtype=np.int32))
    return _wards(model) if isinstance(model, Triage) else _clinics(model)


def assembled(size: int, base: Form, penalties: Sequence[Penalty]) -> Qubo:
    """The form plus the weighted penalties, as a model; `size` bits at least."""
    total = dict(base)
    for penalty in penalties:
        for key, value in penalty.unit.items():
            total[key] = total.get(key, 0) + penalty.weight * value
    n = max(size, 1 + max((key[-1] for key in total if key), default=-1))
    return Qubo(
        sense=Sense.MINIMISE,
        linear=tuple(total.get((i,), 0) for i in range(n)),
        quadratic=tuple((*key, q) for key, q in sorted(total.items()) if len(key) == 2 and q),
        offset=total.get((), 0),
    )


def _unconstrained(model: Qubo | MaxCut) -> Qubo:
    form: Form = {}
    if isinstance(model, MaxCut):
        for u, v, weight in model.edges:
            form[u,] = form.get((u,), 0) - weight
            form[v,] = form.get((v,), 0) - weight
            form[u, v] = 2 * weight
    else:
        form = {(i,): sign(model) * value for i, value in enumerate(model.linear)}
        form |= {(i, j): sign(model) * q for i, j, q in model.quadratic}
        form[()] = sign(model) * model.offset
    return assembled(model.size, form, ())


def _penalised(model: Model, packing: Packing, read: Callable[[Bits], Point | None]) -> Penalised:
    penalties = tuple(packing.penalties())
    base: Form = {(): packing.base} | {(i,): -b for i, b in enumerate(packing.benefits)}

    def point_of(bits: Bits) -> Point | None:
        point = read(np.asarray(bits))
        if point is None:
            return None
        try:
            cost(model, point)
        except Infeasible:
            return None
        return point

    return Penalised(assembled(len(packing.benefits), base, penalties), point_of, penalties)


def _check_size(bits: int) -> None:
    if bits > MOST_BITS:
        raise TooLarge(f"the QUBO would have {bits} bits before slack, at most {MOST_BITS} are built")


def _wards(model: Triage) -> Penalised:
    pairs = suited(model)
    _check_size(len(pairs))
    there: list[list[int]] = [[] for _ in model.places]
    for item, (_, place) in enumerate(pairs):
        there[place].append(item)
    cohort = [model.patients[patient].cohort for patient, _ in pairs]
    capacities = tuple(
        ResourceUse(
            f"{name} of {place.id}",
            {i: model.patients[pairs[i][0]].uses[what] for i in items},
            place.capacity[what],
        )
        for place, items in zip(model.places, there, strict=True)
        for what, name in enumerate(model.capacities)
    )
    packing = Packing(
        base=0,
        benefits=tuple(model.patients[p].benefit * model.places[k].quality for p, k in pairs),
        owners=tuple(patient for patient, _ in pairs),
        required=frozenset(p for p, patient in enumerate(model.patients) if patient.required),
        excluded=tuple(
            (i, j)
            for items in there
            for i, j in combinations(items, 2)
            if cohort[i] and cohort[j] and cohort[i] != cohort[j]
        ),
        capacities=capacities,
    )
    return _penalised(
        model, packing, lambda bits: _owned(bits, pairs, np.full(model.size, -1, dtype=np.int32))
    )


def _clinics(model: Appointments) -> Penalised:
    items = [(p, stay) for p in range(model.size) for stay in _stays(model, p)]
    _check_size(len(items))
    packing = Packing(
        base=sum(patient.weight * model.refusal for patient in model.patients),
        benefits=tuple(
            model.patients[p].weight * (model.refusal - stay[2] + model.patients[p].earliest)
            for p, stay in items
        ),
        owners=tuple(p for p, _ in items),
        required=frozenset(p for p, patient in enumerate(model.patients) if patient.required),
        excluded=tuple(
            (i, j) for i, j in combinations(range(len(items)), 2) if _clash(model, items[i], items[j])
        ),
    )
    return _penalised(
        model, packing, lambda bits: _owned(bits, items, np.full((model.size, 3), -1, dtype=np.int32))
    )


def _owned(bits: Bits, items: Sequence[tuple[int, int | tuple[int, int, int]]], point: Point) -> Point | None:
    """Gives every owner the chosen item; None where somebody has two."""
    chosen = [items[i] for i in np.flatnonzero(bits[: len(items)]).tolist()]
    if len({owner for owner, _ in chosen}) < len(chosen):
        return None
    for owner, what in chosen:
        point[owner] = what
    return point


def _stays(model: Appointments, who: int) -> list[tuple[int, int, int]]:
    """Clinician, room and start that suit a patient who comes alone."""
    patient = model.patients[who]
    crews, rooms = pools(model.clinicians, [patient.skills]), pools(model.rooms, [patient.equipment])
    return [
        (clinician, room, start)
        for crew in crews
        for place in rooms
        for start in range(
            max(patient.earliest, crew.first, place.first),
            min(patient.latest, crew.last, place.last) - patient.duration + 1,
        )
        for clinician in crew.members
        for room in place.members
    ]


def _clash(
    model: Appointments, one: tuple[int, tuple[int, int, int]], other: tuple[int, tuple[int, int, int]]
) -> bool:
    (p, (c, r, start)), (q, (d, s, begin)) = one, other
    meets = start < begin + model.patients[q].duration and begin < start + model.patients[p].duration
    return p != q and meets and (c == d or r == s)
