"""Outpatient clinics of any size: scarce clinicians, scarcer equipped rooms, patients with limited times.

A day has two sessions, 08:00 to 12:00 and 13:00 to 17:00; rooms stay open between. The clinicians' hours are
the patients' demand divided by `load`, so with the default of 1 hardly all can be seen, and many wait:
patients come with times of their own, specialities are staffed in whole people, and there are fewer rooms
than clinicians at the busiest time. What patients need is described in
`problems.optimisation.generate.visits`.

With slots of 15 minutes, a day has 36 in which something may happen. A MIP with one column for every
patient, able clinician and start has some 20 columns a patient for one day and 45 for two: about 9,000 for
200 patients; one for every patient, able room and start has 32,000.
"""

from collections.abc import Sequence

import numpy as np

from problems.optimisation.feasibility.treatable import untreatable
from problems.optimisation.generate.planting import plant
from problems.optimisation.generate.staff import Hours, make_clinicians, make_rooms
from problems.optimisation.generate.visits import URGENCIES, VISITS, VisitReason, duration
from problems.optimisation.model.models import Appointments, Patient, Span
from problems.optimisation.spec.shapes import ClinicShape

OPENS = "2026-11-23T08:00"
MOST_ONE_DAY = 80

_HALF_DAY, _FROM_THEN_ON = 0.3, 0.75
"""Cumulated shares of patients who can come in one half of a day, and from some time of a day to its end; the
others can come on all days from some time on."""


def clinic(patients: int, seed: int, **shape: object) -> Appointments:
    """Returns a clinic in which everybody can be treated, and those who must be seen can be seen together.

    Args:
        patients: how many, at least 1.
        seed: equal seeds give equal clinics.
        shape: fields of `ClinicShape`.

    Raises:
        pydantic.ValidationError: on an unknown or impossible shape.
    """
    wanted = ClinicShape.model_validate(shape)
    rng = np.random.default_rng([seed, patients])
    hours = Hours(wanted.days or (1 if patients <= MOST_ONE_DAY else 2), wanted.slot_min)
    visits = [VISITS[k] for k in rng.choice(len(VISITS), patients, p=[visit.share for visit in VISITS])]
    durations = [duration(visit, wanted.slot_min, rng) for visit in visits]
    clinicians = make_clinicians(visits, durations, hours, wanted, rng)
    rooms = make_rooms(visits, durations, clinicians, hours)
    bare = Appointments(
        opens=OPENS,
        slot_min=wanted.slot_min,
        slots=hours.slots,
        refusal=hours.slots,
        scale=60 // wanted.slot_min,
        patients=(_patient(0, visits[0], 1, (0, hours.slots), 1),),
        clinicians=clinicians,
        rooms=rooms,
    )
    people = _people(bare, visits, durations, hours, rng)
    must = plant(bare, people, round(wanted.required * patients), rng)
    marked = tuple(
        person.model_copy(update={"required": index in must}) for index, person in enumerate(people)
    )
    return bare.model_copy(update={"patients": marked})


def _people(
    bare: Appointments,
    visits: Sequence[VisitReason],
    durations: Sequence[int],
    hours: Hours,
    rng: np.random.Generator,
) -> list[Patient]:
    urgencies = 1 + rng.choice(len(URGENCIES), len(visits), p=URGENCIES)
    people = []
    for index, (visit, length) in enumerate(zip(visits, durations, strict=True)):
        spans = (_times(hours, rng), (0, hours.slots))
        able = [_patient(index, visit, length, span, int(urgencies[index])) for span in spans]
        people.append(next(each for each in able if not untreatable(bare, each)))
    return people


def _times(hours: Hours, rng: np.random.Generator) -> Span:
    """When a patient can come; those without a common time with anybody can come at any time instead."""
    kind, day = rng.random(), int(rng.integers(hours.days))
    first, last = hours.day(day)
    if kind < _HALF_DAY:
        return hours.session(day, int(rng.integers(2)))
    since = first + int(rng.integers(2 * hours.session_slots - 1))
    return (since, last) if kind < _FROM_THEN_ON else (since - first, hours.slots)


def _patient(index: int, visit: VisitReason, length: int, times: Span, urgency: int) -> Patient:
    return Patient(
        id=f"p{index + 1}",
        urgency=urgency,
        duration=length,
        skills=visit.all_skills,
        equipment=visit.equipment,
        earliest=times[0],
        latest=times[1],
    )
