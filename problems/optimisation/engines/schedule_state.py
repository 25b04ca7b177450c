"""Schedules of appointments, with integers as sets of slots: bit t is slot t.

An appointment of d slots may start where d free slots follow one another, which `runs` finds for all slots at
once with about log2(d) shifts (Warren, Hacker's Delight, section 6-2). Some clinician and some room must be
free in the same slots, and any two of them go together: so a patient's possible starts are the union over
clinicians, cut with the union over rooms and with the patient's own times.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from problems.optimisation.model.models import Appointments, Clinician, Names, Room, Span
from problems.optimisation.model.points import Point

NOWHERE = -1


def runs(free: int, length: int) -> int:
    """Slots from which on `length` slots are free, as bits."""
    have = 1
    while have < length:
        step = min(have, length - have)
        free &= free >> step
        have += step
    return free


def span(first: int, after: int) -> int:
    """The slots from `first` up to, not including, `after`, as bits; none where they are not in order."""
    return ((1 << (after - first)) - 1) << first if after > first else 0


def first_slot(slots: int) -> int:
    """The first slot of a set of slots; -1 of the empty one."""
    return (slots & -slots).bit_length() - 1


@dataclass(frozen=True, eq=False)
class Clinic:
    """An instance, prepared for search. Resources are the clinicians, then the rooms.

    Attributes:
        model: the instance.
        duration: slots, one a patient, as all that follow but the last two.
        weight: cost of a slot of waiting.
        earliest: first slot in which the appointment may start.
        window: starts that the patient's own times allow, as bits.
        clinicians: resources that can treat the patient, those that fewest patients can use first.
        rooms: resources that the patient can be treated in, in the same order.
        refusal: cost of not being treated; more than any schedule costs where treatment is required.
        open: slots of each resource, as bits.
        starts: by resource and duration, the starts that its shifts allow, as bits.
    """

    model: Appointments
    duration: tuple[int, ...]
    weight: tuple[int, ...]
    earliest: tuple[int, ...]
    window: tuple[int, ...]
    clinicians: tuple[tuple[int, ...], ...]
    rooms: tuple[tuple[int, ...], ...]
    refusal: tuple[int, ...]
    open: tuple[int, ...]
    starts: tuple[dict[int, int], ...]

    @property
    def size(self) -> int:
        """Number of patients."""
        return len(self.duration)

    def price(self, patient: int, start: int) -> int:
        """What treating a patient from a slot on costs."""
        return self.weight[patient] * (start - self.earliest[patient])


def prepare(model: Appointments) -> Clinic:
    """Returns the instance with its sets of slots."""
    patients, staff, rooms = model.patients, model.clinicians, model.rooms
    more_than_all = 1 + sum(p.weight * model.refusal for p in patients)
    lengths = sorted({p.duration for p in patients})
    resources: tuple[Clinician | Room, ...] = (*staff, *rooms)
    return Clinic(
        model=model,
        duration=tuple(p.duration for p in patients),
        weight=tuple(p.weight for p in patients),
        earliest=tuple(p.earliest for p in patients),
        window=tuple(span(p.earliest, p.latest - p.duration + 1) for p in patients),
        clinicians=_rarest_first([(p.skills, tuple(c.skills for c in staff)) for p in patients], 0),
        rooms=_rarest_first([(p.equipment, tuple(r.equipment for r in rooms)) for p in patients], len(staff)),
        refusal=tuple(more_than_all if p.required else p.weight * model.refusal for p in patients),
        open=tuple(_open(each) for each in resources),
        starts=tuple({d: _starts(each.shifts, d) for d in lengths} for each in resources),
    )


def _rarest_first(needs: list[tuple[Names, tuple[Names, ...]]], first: int) -> tuple[tuple[int, ...], ...]:
    """By patient, the resources that offer what is needed, those that fewest patients can use first."""
    able = [[k for k, has in enumerate(offers) if set(needed) <= set(has)] for needed, offers in needs]
    wanted = Counter(k for each in able for k in each)
    return tuple(tuple(first + k for k in sorted(each, key=lambda k: (wanted[k], k))) for each in able)


def _open(resource: Clinician | Room) -> int:
    slots = 0
    for first, after in resource.shifts:
        slots |= span(first, after)
    return slots


def _starts(shifts: tuple[Span, ...], duration: int) -> int:
    slots = 0
    for first, after in shifts:
        slots |= span(first, after - duration + 1)
    return slots


class ScheduleState:
    """Who is treated when, by whom and where, and which slots of whom are free. Changed in place.

    Attributes:
        clinic: the prepared instance.
        start: one slot a patient, -1 for those who are not treated.
        clinician: one resource a patient.
        room: one resource a patient.
        cost: what it costs in all; more than any feasible one while a required patient is not treated.
    """

    __slots__ = ("_found", "_free", "clinic", "clinician", "cost", "room", "start")

    def __init__(self, clinic: Clinic) -> None:
        self.clinic = clinic
        self.start = [NOWHERE] * clinic.size
        self.clinician = [NOWHERE] * clinic.size
        self.room = [NOWHERE] * clinic.size
        self.cost = sum(clinic.refusal)
        self._free = list(clinic.open)
        self._found: list[dict[int, int]] = [{} for _ in clinic.open]
        """By resource and duration, the possible starts; a new dict with every change of `_free`."""

    def copy(self) -> "ScheduleState":
        """Returns one that changes on its own."""
        other = object.__new__(ScheduleState)
        other.clinic, other.cost = self.clinic, self.cost
        other.start, other.clinician, other.room = self.start[:], self.clinician[:], self.room[:]
        other._free, other._found = self._free[:], self._found[:]
        return other

    def possible(self, resource: int, duration: int) -> int:
        """Starts of an appointment of a duration with one resource, as bits."""
        found = self._found[resource]
        slots = found.get(duration)
        if slots is None:
            slots = runs(self._free[resource], duration) & self.clinic.starts[resource][duration]
            found[duration] = slots
        return slots

    def feasible(self, patient: int) -> int:
        """All starts of a patient who is not in the schedule, as bits."""
        clinic, found = self.clinic, self._found
        duration = clinic.duration[patient]
        by = at = 0
        for c in clinic.clinicians[patient]:
            slots = found[c].get(duration)
            by |= self.possible(c, duration) if slots is None else slots
        for r in clinic.rooms[patient]:
            slots = found[r].get(duration)
            at |= self.possible(r, duration) if slots is None else slots
        return by & at & clinic.window[patient]

    def able(self, resources: tuple[int, ...], patient: int, start: int) -> list[int]:
        """Those of some resources that are free for a patient from a slot on."""
        duration = self.clinic.duration[patient]
        return [each for each in resources if self.possible(each, duration) >> start & 1]

    def place(self, patient: int, start: int, clinician: int, room: int) -> None:
        """Puts a patient who is not in the schedule where it is feasible."""
        clinic = self.clinic
        taken = ~(((1 << clinic.duration[patient]) - 1) << start)
        self._free[clinician] &= taken
        self._free[room] &= taken
        self._found[clinician], self._found[room] = {}, {}
        self.start[patient], self.clinician[patient], self.room[patient] = start, clinician, room
        self.cost += clinic.price(patient, start) - clinic.refusal[patient]

    def remove(self, patient: int) -> None:
        """Takes a treated patient out."""
        clinic, start = self.clinic, self.start[patient]
        clinician, room = self.clinician[patient], self.room[patient]
        freed = ((1 << clinic.duration[patient]) - 1) << start
        self._free[clinician] |= freed
        self._free[room] |= freed
        self._found[clinician], self._found[room] = {}, {}
        self.start[patient] = NOWHERE
        self.cost += clinic.refusal[patient] - clinic.price(patient, start)

    def treated(self) -> list[int]:
        """Patients in the schedule."""
        return [p for p, start in enumerate(self.start) if start >= 0]

    def untreated(self) -> list[int]:
        """Patients who are not in it."""
        return [p for p, start in enumerate(self.start) if start < 0]

    @property
    def complete(self) -> bool:
        """Whether everybody who must be treated is."""
        return not any(
            each.required and start < 0
            for each, start in zip(self.clinic.model.patients, self.start, strict=True)
        )

    def point(self) -> Point:
        """Returns it as a point of the instance, int32, shape (patients, 3)."""
        return np.array(list(self._rows()), dtype=np.int32)

    def _rows(self) -> Iterator[tuple[int, int, int]]:
        first_room = len(self.clinic.model.clinicians)
        for start, clinician, room in zip(self.start, self.clinician, self.room, strict=True):
            yield (clinician, room - first_room, start) if start >= 0 else (NOWHERE, NOWHERE, NOWHERE)


def schedule_of(clinic: Clinic, point: Point) -> ScheduleState:
    """Reads a feasible point."""
    schedule = ScheduleState(clinic)
    first_room = len(clinic.model.clinicians)
    for patient, (clinician, room, start) in enumerate(point.tolist()):
        if clinician >= 0:
            schedule.place(patient, start, clinician, first_room + room)
    return schedule
