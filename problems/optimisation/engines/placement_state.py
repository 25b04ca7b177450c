"""Patients in scarce places, changed in place: what is left of each capacity, and who is there."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from problems.optimisation.model.models import Triage
from problems.optimisation.model.points import Point

NOWHERE = -1


@dataclass(frozen=True, eq=False)
class Ward:
    """An instance, prepared for search.

    Attributes:
        model: the instance.
        suited: by patient, the places that suit them: best quality first, then those that suit fewest.
        gain: by patient and place, what is gained against not being placed.
        density: by patient, the best gain over the share of all capacities that they use.
        penalty: what not placing a required patient costs; more than all benefits.
    """

    model: Triage
    suited: tuple[tuple[int, ...], ...]
    gain: tuple[dict[int, int], ...]
    density: tuple[float, ...]
    penalty: int


def prepare_ward(model: Triage) -> Ward:
    """Returns the instance with what suits whom."""
    able = [
        [
            k
            for k, place in enumerate(model.places)
            if set(patient.needs) <= set(place.offers)
            and all(use <= has for use, has in zip(patient.uses, place.capacity, strict=True))
        ]
        for patient in model.patients
    ]
    wanted = Counter(k for each in able for k in each)
    penalty = 1 + sum(100 * patient.benefit for patient in model.patients)
    quality = [place.quality for place in model.places]
    gain = tuple(
        {k: patient.benefit * quality[k] + penalty * patient.required for k in each}
        for patient, each in zip(model.patients, able, strict=True)
    )
    total = [sum(place.capacity[a] for place in model.places) for a in range(len(model.capacities))]
    shares = [sum(u / (t or 1) for u, t in zip(p.uses, total, strict=True)) for p in model.patients]
    return Ward(
        model=model,
        suited=tuple(tuple(sorted(each, key=lambda k: (-quality[k], wanted[k], k))) for each in able),
        gain=gain,
        density=tuple(
            max(each.values(), default=0) / max(share, 1e-9) for each, share in zip(gain, shares, strict=True)
        ),
        penalty=penalty,
    )


class PlacementState:
    """Who is where.

    Attributes:
        ward: the prepared instance.
        place: one a patient, -1 for those who are not placed.
        cost: minus the benefit, and the penalty for every required patient who is not placed.
    """

    __slots__ = ("_left", "_members", "cost", "place", "ward")

    def __init__(self, ward: Ward) -> None:
        self.ward = ward
        self.place = [NOWHERE] * ward.model.size
        self.cost = ward.penalty * sum(patient.required for patient in ward.model.patients)
        self._left = [list(place.capacity) for place in ward.model.places]
        self._members: list[Counter[str]] = [Counter() for _ in ward.model.places]
        """By place, how many of each cohort."""

    def copy(self) -> "PlacementState":
        """Returns one that changes on its own."""
        other = object.__new__(PlacementState)
        other.ward, other.cost, other.place = self.ward, self.cost, self.place[:]
        other._left = [each[:] for each in self._left]
        other._members = [each.copy() for each in self._members]
        return other

    def fits(self, patient: int, place: int) -> bool:
        """Whether a patient whom a place suits finds room there, and no other cohort."""
        who = self.ward.model.patients[patient]
        for use, left in zip(who.uses, self._left[place], strict=True):
            if use > left:
                return False
        if not who.cohort:
            return True
        return all(cohort == who.cohort or not number for cohort, number in self._members[place].items())

    def put(self, patient: int, place: int) -> None:
        """Puts a patient who is nowhere where they fit."""
        self._change(patient, place, 1)
        self.place[patient] = place

    def remove(self, patient: int) -> None:
        """Takes a placed patient out."""
        self._change(patient, self.place[patient], -1)
        self.place[patient] = NOWHERE

    def _change(self, patient: int, place: int, step: int) -> None:
        who, left = self.ward.model.patients[patient], self._left[place]
        for what, use in enumerate(who.uses):
            left[what] -= step * use
        if who.cohort:
            self._members[place][who.cohort] += step
        self.cost -= step * self.ward.gain[patient][place]

    def placed(self) -> list[int]:
        """Patients who are somewhere."""
        return [p for p, place in enumerate(self.place) if place >= 0]

    def waiting(self) -> list[int]:
        """Patients who are nowhere."""
        return [p for p, place in enumerate(self.place) if place < 0]

    @property
    def complete(self) -> bool:
        """Whether everybody who must be placed is."""
        patients = self.ward.model.patients
        return not any(who.required and at < 0 for who, at in zip(patients, self.place, strict=True))

    def point(self) -> Point:
        """Returns it as a point of the instance, int32, shape (patients,)."""
        return np.array(self.place, dtype=np.int32)


def placement_of(ward: Ward, point: Point) -> PlacementState:
    """Reads a feasible point."""
    placement = PlacementState(ward)
    for patient, place in enumerate(point.tolist()):
        if place >= 0:
            placement.put(patient, place)
    return placement
