"""What a large neighbourhood search of schedules takes out, and how it puts it back in.

Ropke & Pisinger 2006, Transportation Science 40, 455 (removals: random, worst, related; insertions: greedy,
regret, perturbed), with removals of a stretch of time and of one resource's stretch. The greedy order is
Smith's (1956, Naval Research Logistics Quarterly 3, 59): weight over duration. As waiting counts from the
start, everybody is put at the earliest possible one.
"""

from collections.abc import Callable
from random import Random

from problems.optimisation.engines.schedule_state import Clinic, ScheduleState, first_slot

Removal = Callable[[ScheduleState, int, Random], list[int]]
"""Chooses about so many treated patients of a schedule that has some."""
Insertion = Callable[[ScheduleState, list[int], Random], int]
"""Puts patients back in, where possible; returns how often possible starts were looked for."""

_SKEW = 4.0
"""How strongly the worst and the most related come first: rank = u**4 (Ropke & Pisinger's p)."""
_BLINK = 0.02


def random_removal(schedule: ScheduleState, count: int, random: Random) -> list[int]:
    """Anybody."""
    treated = schedule.treated()
    return random.sample(treated, min(count, len(treated)))


def worst_removal(schedule: ScheduleState, count: int, random: Random) -> list[int]:
    """Those whose waiting costs most."""
    price, start = schedule.clinic.price, schedule.start
    return _skewed(sorted(schedule.treated(), key=lambda p: -price(p, start[p])), count, random)


def related_removal(schedule: ScheduleState, count: int, random: Random) -> list[int]:
    """Somebody, and those who are treated about then, of the same kind, by the same or in the same room."""
    treated = schedule.treated()
    one = random.choice(treated)
    start, clinician, room = schedule.start, schedule.clinician, schedule.room
    clinic, at = schedule.clinic, start[one]
    near = 2 * clinic.duration[one]

    def distance(p: int) -> int:
        apart = abs(start[p] - at)
        apart += near * (clinician[p] != clinician[one]) + near * (room[p] != room[one])
        return apart + near * (clinic.clinicians[p] != clinic.clinicians[one])

    return _skewed(sorted(treated, key=distance), count, random)


def time_removal(schedule: ScheduleState, count: int, random: Random) -> list[int]:
    """Everybody in a stretch of time."""
    start = schedule.start
    order = sorted(schedule.treated(), key=start.__getitem__)
    first = random.randrange(max(1, len(order) - count + 1))
    return order[first : first + count]


def resource_removal(schedule: ScheduleState, count: int, random: Random) -> list[int]:
    """Everybody in a stretch of time of two resources, of clinicians or of rooms."""
    treated, start = schedule.treated(), schedule.start
    of = schedule.clinician if random.random() < 0.5 else schedule.room
    two = of[random.choice(treated)], of[random.choice(treated)]
    order = sorted((p for p in treated if of[p] in two), key=start.__getitem__)
    first = random.randrange(max(1, len(order) - count + 1))
    return order[first : first + count]


def _skewed(order: list[int], count: int, random: Random) -> list[int]:
    chosen = []
    for _ in range(min(count, len(order))):
        chosen.append(order.pop(int(random.random() ** _SKEW * len(order))))
    return chosen


def smith_rank(clinic: Clinic, patient: int) -> float:
    """Weight over duration; those who must be treated first."""
    required = clinic.model.patients[patient].required
    return clinic.weight[patient] / clinic.duration[patient] + 1e6 * required


def insert(schedule: ScheduleState, patient: int, feasible: int, random: Random) -> tuple[int, int]:
    """Puts a patient at the earliest of some feasible starts, with whom few others could be.

    Now and then a start is passed over, or any resource is taken (blinks: Christiaens & Vanden Berghe 2020,
    Transportation Science 54, 417). Returns the first slot taken and the one after the last; none: -1, -1.
    """
    if random.random() < _BLINK:
        feasible = feasible & (feasible - 1) or feasible
    at = first_slot(feasible)
    if at < 0:
        return -1, -1
    clinic = schedule.clinic
    by = schedule.able(clinic.clinicians[patient], patient, at)
    where = schedule.able(clinic.rooms[patient], patient, at)
    schedule.place(patient, at, _one(by, random), _one(where, random))
    return at, at + clinic.duration[patient]


def _one(able: list[int], random: Random) -> int:
    return able[0] if len(able) == 1 or random.random() < 0.5 else random.choice(able)


def greedy_insertion(schedule: ScheduleState, patients: list[int], random: Random) -> int:
    """In Smith's order."""
    clinic = schedule.clinic
    return _in_order(schedule, sorted(patients, key=lambda p: -smith_rank(clinic, p)), random)


def perturbed_insertion(schedule: ScheduleState, patients: list[int], random: Random) -> int:
    """In Smith's order with noise."""
    clinic = schedule.clinic
    noisy = {p: -smith_rank(clinic, p) * (0.5 + random.random()) for p in patients}
    return _in_order(schedule, sorted(patients, key=noisy.__getitem__), random)


def shuffled_insertion(schedule: ScheduleState, patients: list[int], random: Random) -> int:
    """In any order."""
    random.shuffle(patients)
    return _in_order(schedule, patients, random)


def _in_order(schedule: ScheduleState, patients: list[int], random: Random) -> int:
    for patient in patients:
        insert(schedule, patient, schedule.feasible(patient), random)
    return len(patients)


def regret_insertion(schedule: ScheduleState, patients: list[int], random: Random) -> int:
    """First who would lose most if somebody else took their earliest start.

    The loss is the weight times the slots to the first start after an appointment of their length there. It
    is looked up again only for those whose earliest start the last appointment may have taken.
    """
    clinic, looked = schedule.clinic, len(patients)
    feasible = {p: schedule.feasible(p) for p in patients}
    regret = {p: _regret(clinic, p, feasible[p]) for p in patients}
    while regret:
        chosen = max(regret, key=regret.__getitem__)
        del regret[chosen]
        begin, end = insert(schedule, chosen, schedule.feasible(chosen), random)
        looked += 1
        for p in regret:
            if begin - clinic.duration[p] < first_slot(feasible[p]) < end:
                feasible[p] = schedule.feasible(p)
                regret[p] = _regret(clinic, p, feasible[p])
                looked += 1
    return looked


def _regret(clinic: Clinic, patient: int, feasible: int) -> int:
    first = first_slot(feasible)
    if first < 0:
        return -1
    after = first + clinic.duration[patient]
    later = feasible >> after
    if not later:
        return clinic.refusal[patient] - clinic.price(patient, first)
    return clinic.weight[patient] * (after + first_slot(later) - first)


def compact(schedule: ScheduleState, random: Random) -> int:
    """Moves everybody, in order of time, to the earliest start there is; returns how often it looked."""
    order = sorted(schedule.treated(), key=schedule.start.__getitem__)
    for patient in order:
        before, by, where = schedule.start[patient], schedule.clinician[patient], schedule.room[patient]
        schedule.remove(patient)
        feasible = schedule.feasible(patient)
        if first_slot(feasible) < before:
            insert(schedule, patient, feasible, random)
        else:
            schedule.place(patient, before, by, where)
    return len(order)


REMOVALS: tuple[Removal, ...] = (
    random_removal,
    worst_removal,
    related_removal,
    time_removal,
    resource_removal,
)
INSERTIONS: tuple[Insertion, ...] = (
    greedy_insertion,
    perturbed_insertion,
    shuffled_insertion,
    regret_insertion,
)
