"""Who works in a generated clinic, when and where."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from problems.optimisation.generate.visits import VisitReason
from problems.optimisation.model.models import Clinician, Room, Span
from problems.optimisation.spec.shapes import ClinicShape

DAY_MIN, SESSION_MIN, BREAK_MIN = 24 * 60, 4 * 60, 60
ROOMS_PER_CLINICIAN = 0.9
"""Of the clinicians at the busiest time."""
ROOM_USE = 0.85
"""Demanded over offered hours of rooms with some equipment, at most."""
ECHO_SHARE = 0.5
"""Of cardiologists who do echocardiography; at least one does."""


@dataclass(frozen=True)
class Hours:
    """The opening hours: two sessions a day.

    Attributes:
        days: consecutive days.
        slot_min: minutes of a slot.
    """

    days: int
    slot_min: int

    @property
    def session_slots(self) -> int:
        """Slots of a session."""
        return SESSION_MIN // self.slot_min

    @property
    def slots(self) -> int:
        """Slots to the end of the last day."""
        return self.day(self.days - 1)[1]

    def day(self, day: int) -> Span:
        """A day from its first to its last session."""
        first = day * DAY_MIN // self.slot_min
        return first, first + (2 * SESSION_MIN + BREAK_MIN) // self.slot_min

    def session(self, day: int, half: int) -> Span:
        """The morning (0) or the afternoon (1) of a day."""
        first = (day * DAY_MIN + half * (SESSION_MIN + BREAK_MIN)) // self.slot_min
        return first, first + self.session_slots


def make_clinicians(
    visits: Sequence[VisitReason],
    durations: Sequence[int],
    hours: Hours,
    shape: ClinicShape,
    rng: np.random.Generator,
) -> tuple[Clinician, ...]:
    """Returns as many clinicians as the demand over the load takes, every speciality among them."""
    shifts = _rota(_lengths(round(sum(durations) / shape.load), hours), hours, shape, rng)
    skills = _specialities(shifts, visits, durations)
    known = sorted({visit.speciality for visit in visits})
    for own in skills:
        if rng.random() < shape.cross_trained:
            own.add(known[rng.integers(len(known))])
    _add_echo(skills, visits, rng)
    return tuple(
        Clinician(id=f"dr-{k + 1}", skills=tuple(sorted(own)), shifts=tuple(spans))
        for k, (own, spans) in enumerate(zip(skills, shifts, strict=True))
    )


def _lengths(supply: int, hours: Hours) -> list[int]:
    """Divides the offered slots into sessions, none shorter than half of one."""
    session = hours.session_slots
    whole, rest = divmod(max(supply, session // 2), session)
    lengths = [session] * whole
    if not rest:
        return lengths
    if rest >= session // 2 or not lengths:
        return [*lengths, rest]
    return [*lengths[:-1], (session + rest + 1) // 2, (session + rest) // 2]


def _rota(lengths: list[int], hours: Hours, shape: ClinicShape, rng: np.random.Generator) -> list[list[Span]]:
    """Hands the sessions out: to people who are there all the time, and to some who are not."""
    left, rota, full = list(lengths), [], 2 * hours.days
    while left:
        count = int(rng.integers(1, full)) if rng.random() < shape.part_time else full
        when = sorted(rng.choice(full, min(count, len(left)), replace=False).tolist())
        spans = []
        for place in when:
            first, _ = hours.session(place // 2, place % 2)
            spans.append((first, first + left.pop(0)))
        rota.append(spans)
    return rota


def _specialities(
    shifts: Sequence[Sequence[Span]], visits: Sequence[VisitReason], durations: Sequence[int]
) -> list[set[str]]:
    """Each clinician takes the speciality that lacks most slots; what nobody took is somebody's second."""
    lacking: Counter[str] = Counter()
    for visit, length in zip(visits, durations, strict=True):
        lacking[visit.speciality] += length
    everything = sorted(lacking)
    skills = []
    for spans in shifts:
        first = max(everything, key=lambda name: lacking[name])
        lacking[first] -= sum(last - start for start, last in spans)
        skills.append({first})
    for name in everything:
        if not any(name in own for own in skills):
            min(skills, key=len).add(name)
    return skills


def _add_echo(skills: Sequence[set[str]], visits: Sequence[VisitReason], rng: np.random.Generator) -> None:
    for skill in sorted({skill for visit in visits for skill in visit.skills}):
        owner = next(visit.speciality for visit in visits if skill in visit.skills)
        able = [own for own in skills if owner in own]
        chosen = [own for own in able if rng.random() < ECHO_SHARE] or able[:1]
        for own in chosen:
            own.add(skill)


def make_rooms(
    visits: Sequence[VisitReason], durations: Sequence[int], clinicians: Sequence[Clinician], hours: Hours
) -> tuple[Room, ...]:
    """Returns fewer rooms than clinicians at the busiest time, equipped for the demand."""
    starts = [start for clinician in clinicians for start, _ in clinician.shifts]
    count = max(1, ceil(ROOMS_PER_CLINICIAN * max(Counter(starts).values())))
    open_slots = sum(last - first for first, last in map(hours.day, range(hours.days)))
    wanted: Counter[str] = Counter()
    for visit, length in zip(visits, durations, strict=True):
        for item in visit.equipment:
            wanted[item] += length
    equipment: list[set[str]] = [set() for _ in range(count)]
    place = 0
    for item in sorted(wanted):
        for _ in range(min(count, ceil(wanted[item] / (ROOM_USE * open_slots)))):
            equipment[place % count].add(item)
            place += 1
    shifts = tuple(hours.day(day) for day in range(hours.days))
    return tuple(
        Room(id=f"room-{k + 1}", equipment=tuple(sorted(own)), shifts=shifts)
        for k, own in enumerate(equipment)
    )
