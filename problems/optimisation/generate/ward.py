"""Hospital wards of any size: fewer beds and nurses than patients need, bays that infections must not share.

Hours of nursing in 24 hours follow the usual minimum ratios: one nurse for eight patients on a ward (3 hours;
NICE 2014, SG1: harm becomes more likely beyond that), one for two in high dependency (12) and one for one
in intensive care (24; Faculty of Intensive Care Medicine, Guidelines for the Provision of Intensive Care
Services); 6 hours between. The mix of patients, of what they need and of infections is an assumption, not a
measurement.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from problems.optimisation.feasibility.treatable import unplaceable
from problems.optimisation.model.models import URGENCY_WEIGHT, Claimant, Place, Triage
from problems.optimisation.spec.shapes import WardShape

CAPACITIES = ("beds", "nurse_hours")
BAY_BEDS, INTENSIVE_BEDS, SIDE_ROOM_SHARE = 4, 2, 0.15
OUTLYING_QUALITY = 85
ONE_TO_TWO_H, ONE_TO_ONE_H = 12, 24
INFECTIONS = ("influenza", "norovirus", "rsv")
URGENCIES = (0.10, 0.25, 0.35, 0.20, 0.10)
"""Shares of urgency 1 to 5 among those who wait for a bed."""
BENEFIT_UNIT, BENEFIT_SPREAD = 10, 0.3


@dataclass(frozen=True)
class Care:
    """A kind of care.

    Attributes:
        share: of patients.
        needs: what the place must offer.
        hours: of nursing in 24 hours.
    """

    share: float
    needs: tuple[str, ...]
    hours: int


CARE: Sequence[Care] = (
    Care(0.40, (), 3),
    Care(0.20, (), 6),
    Care(0.18, ("oxygen",), 6),
    Care(0.08, ("isolation",), 6),
    Care(0.09, ("monitoring", "oxygen"), ONE_TO_TWO_H),
    Care(0.05, ("monitoring", "oxygen", "ventilation"), ONE_TO_ONE_H),
)


def ward(patients: int, seed: int, **shape: object) -> Triage:
    """Returns a ward in which everybody has a possible place, and those who must be placed can be together.

    Args:
        patients: how many, at least 1.
        seed: equal seeds give equal wards.
        shape: fields of `WardShape`.

    Raises:
        pydantic.ValidationError: on an unknown or impossible shape.
    """
    wanted = WardShape.model_validate(shape)
    rng = np.random.default_rng([seed, patients, 1])
    care = [CARE[k] for k in rng.choice(len(CARE), patients, p=[each.share for each in CARE])]
    people = [_patient(index, each, wanted, rng) for index, each in enumerate(care)]
    bare = Triage(capacities=CAPACITIES, patients=tuple(people), places=_places(care, wanted))
    assert not any(unplaceable(bare, person) for person in people)
    must = _plant(bare, round(wanted.required * patients), rng)
    marked = tuple(
        person.model_copy(update={"required": index in must}) for index, person in enumerate(people)
    )
    return bare.model_copy(update={"patients": marked})


def _patient(index: int, care: Care, shape: WardShape, rng: np.random.Generator) -> Claimant:
    """The benefit doubles with a step of urgency, and differs among equals (log-normal)."""
    weight = URGENCY_WEIGHT[rng.choice(len(URGENCIES), p=URGENCIES)]
    infection = INFECTIONS[rng.integers(len(INFECTIONS))] if rng.random() < shape.infected else ""
    return Claimant(
        id=f"p{index + 1}",
        benefit=max(1, round(BENEFIT_UNIT * weight * rng.lognormal(0, BENEFIT_SPREAD))),
        needs=care.needs,
        uses=(1, care.hours),
        cohort=infection,
    )


def _places(care: Sequence[Care], shape: WardShape) -> tuple[Place, ...]:
    """Intensive care, high dependency, side rooms and bays, in the proportions of the demand."""
    beds = max(4, round(shape.beds * len(care)))
    intensive = max(1, ceil(shape.beds * sum(each.hours == ONE_TO_ONE_H for each in care)))
    high = max(1, ceil(shape.beds * sum(each.hours == ONE_TO_TWO_H for each in care)))
    single = max(1, round(SIDE_ROOM_SHARE * beds))
    low = max(1, beds - intensive - high - single)
    low_h = shape.nurses * sum(each.hours for each in care if each.hours < ONE_TO_TWO_H) / (single + low)
    rooms = (
        Place(id=f"side-room-{k + 1}", offers=("isolation", "oxygen"), capacity=(1, max(6, round(low_h))))
        for k in range(single)
    )
    return (
        *_bays("icu", ("monitoring", "oxygen", "ventilation"), intensive, INTENSIVE_BEDS, ONE_TO_ONE_H),
        *_bays("hdu", ("monitoring", "oxygen"), high, BAY_BEDS, ONE_TO_TWO_H),
        *rooms,
        *_bays("bay-a", ("oxygen",), ceil(low / 2), BAY_BEDS, low_h),
        *_bays("bay-b", (), low // 2, BAY_BEDS, low_h),
    )


def _bays(name: str, offers: tuple[str, ...], beds: int, size: int, hours: float) -> list[Place]:
    """Divides beds into bays of `size`, the last smaller; every third is less suited (an outlying one)."""
    return [
        Place(
            id=f"{name}-{k + 1}",
            offers=offers,
            capacity=(here, max(6, round(hours * here))),
            quality=100 if k % 3 < 2 else OUTLYING_QUALITY,
        )
        for k, here in enumerate(min(size, beds - start) for start in range(0, beds, size))
    ]


def _plant(ward: Triage, count: int, rng: np.random.Generator) -> frozenset[int]:
    """Returns up to `count` patients who can be placed together: each goes where there is room still."""
    left = [np.array(place.capacity) for place in ward.places]
    cohorts = ["" for _ in ward.places]
    placed: set[int] = set()
    for index in rng.permutation(len(ward.patients)).tolist():
        if len(placed) == count:
            break
        patient = ward.patients[index]
        for k, place in enumerate(ward.places):
            mixed = patient.cohort and cohorts[k] not in ("", patient.cohort)
            if set(patient.needs) <= set(place.offers) and not mixed and (left[k] >= patient.uses).all():
                left[k] -= np.array(patient.uses)
                cohorts[k] = patient.cohort or cohorts[k]
                placed.add(index)
                break
    return frozenset(placed)
