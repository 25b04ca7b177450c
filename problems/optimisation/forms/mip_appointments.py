"""Appointments as a time-indexed MIP (Sousa & Wolsey 1992, Math. Program. 54, 353).

Columns say that a patient starts in a slot with a pool of interchangeable clinicians and one of rooms; rows
count, slot by slot, who of a pool is busy. Where a patient has many pools of both to choose from, clinicians
and rooms have columns of their own, tied by a row a start: as any pair that is there may serve, the bound is
the same and the MIP smaller. Patients who differ in nothing are counted, not named.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from problems.optimisation.forms.mip import FREE, Ints, Mip
from problems.optimisation.forms.pools import ResourcePool, deal, pools
from problems.optimisation.forms.rows import ConstraintRows
from problems.optimisation.model.models import Appointments, Patient, Span
from problems.optimisation.model.points import Point

MOST_STARTS = 150_000
"""Starts, summed over patients, up to which exact engines take the MIP; larger ones can be built."""


class StartColumn(NamedTuple):
    """Patients of a class who start in a slot, with a pool of clinicians, of rooms, or both; -1 is neither.

    All of -1 counts those who are not treated.
    """

    kind: int
    clinicians: int
    rooms: int
    start: int


@dataclass(frozen=True, eq=False)
class Layout:
    """What the columns mean.

    Attributes:
        model: the instance.
        classes: patients (their places in the model's list) who differ in nothing but their names.
        clinicians: pools of clinicians.
        rooms: pools of rooms.
        columns: in order.
        place: where each of the columns is found.
    """

    model: Appointments
    classes: list[list[int]]
    clinicians: tuple[ResourcePool, ...]
    rooms: tuple[ResourcePool, ...]
    columns: list[StartColumn] = field(default_factory=list)
    place: dict[StartColumn, int] = field(default_factory=dict)

    def add(self, column: StartColumn) -> None:
        """Appends a column."""
        self.place[column] = len(self.columns)
        self.columns.append(column)

    def patient(self, kind: int) -> Patient:
        """One who stands for a class."""
        return self.model.patients[self.classes[kind][0]]

    def point_of(self, x: Ints) -> Point:
        """Deals out names: patients of a class in their order, members of a pool by their intervals."""
        treated: list[tuple[int, int, int, int]] = []
        for kind, stays in self._stays(x).items():
            treated.extend((who, *stay) for who, stay in zip(self.classes[kind], sorted(stays), strict=False))
        point = np.full((self.model.size, 3), -1, dtype=np.int32)
        for who, start, _, _ in treated:
            point[who, 2] = start
        for side, groups in enumerate((self.clinicians, self.rooms)):
            for g, pool in enumerate(groups):
                whose = [stay[0] for stay in treated if stay[2 + side] == g]
                spans = [self._span(who, int(point[who, 2])) for who in whose]
                point[whose, side] = deal(pool, spans)
        return point

    def vector_of(self, point: Point) -> Ints:
        """Counts appointments by class, pools and start."""
        x = np.zeros(len(self.columns), dtype=np.int64)
        for kind, members in enumerate(self.classes):
            for who in members:
                c, r, start = point[who].tolist()
                if c < 0:
                    x[self.place[refused(kind)]] += 1
                    continue
                groups = (
                    self._pool(self.clinicians, c, self.patient(kind).skills, self._span(who, start)),
                    self._pool(self.rooms, r, self.patient(kind).equipment, self._span(who, start)),
                )
                both = self.place.get(StartColumn(kind, *groups, start))
                if both is not None:
                    x[both] += 1
                else:
                    x[self.place[StartColumn(kind, groups[0], -1, start)]] += 1
                    x[self.place[StartColumn(kind, -1, groups[1], start)]] += 1
        return x

    def _stays(self, x: Ints) -> dict[int, list[tuple[int, int, int]]]:
        """Start, clinician pool and room pool of everybody treated, by class."""
        stays: dict[int, list[tuple[int, int, int]]] = {}
        halves: dict[tuple[int, int], tuple[list[int], list[int]]] = {}
        for k in np.flatnonzero(x).tolist():
            column, times = self.columns[k], int(x[k])
            if column == refused(column.kind):
                continue
            if column.clinicians >= 0 and column.rooms >= 0:
                stay = (column.start, column.clinicians, column.rooms)
                stays.setdefault(column.kind, []).extend([stay] * times)
                continue
            sides = halves.setdefault((column.kind, column.start), ([], []))
            sides[column.clinicians < 0].extend([max(column.clinicians, column.rooms)] * times)
        for (kind, start), (clinicians, rooms) in halves.items():
            pairs = zip(clinicians, rooms, strict=True)
            stays.setdefault(kind, []).extend((start, c, r) for c, r in pairs)
        return stays

    def _span(self, who: int, start: int) -> Span:
        return start, start + self.model.patients[who].duration

    @staticmethod
    def _pool(groups: tuple[ResourcePool, ...], member: int, request: tuple[str, ...], span: Span) -> int:
        return next(
            g for g, pool in enumerate(groups) if member in pool.members and pool.takes(request, *span)
        )


def refused(kind: int) -> StartColumn:
    """The column of those of a class who are not treated."""
    return StartColumn(kind, -1, -1, -1)


def appointments_mip(model: Appointments) -> Mip:
    """Builds the MIP of a clinic."""
    made = layout(model)
    rows = ConstraintRows()
    _patient_rows(rows, made)
    _tie_rows(rows, made)
    table = np.array(made.columns, dtype=np.int64).reshape(-1, 4)
    _capacity_rows(rows, made, table, 1, made.clinicians)
    _capacity_rows(rows, made, table, 2, made.rooms)
    top = np.array([len(members) for members in made.classes], dtype=np.int64)[table[:, 0]]
    lower, upper = rows.limits()
    matrix = rows.matrix(len(top))
    return Mip(_costs(made, table), 0, matrix, lower, upper, top, made.point_of, made.vector_of)


def starts(model: Appointments) -> int:
    """How many starts the patients' own times allow, summed: what the MIP's size grows with."""
    return sum(max(0, p.latest - p.duration - p.earliest + 1) for p in model.patients)


def layout(model: Appointments) -> Layout:
    """Chooses the columns."""
    alike: dict[tuple[object, ...], list[int]] = {}
    for who, p in enumerate(model.patients):
        key = (p.urgency, p.duration, p.skills, p.equipment, p.earliest, p.latest, p.required)
        alike.setdefault(key, []).append(who)
    made = Layout(
        model,
        list(alike.values()),
        pools(model.clinicians, (p.skills for p in model.patients)),
        pools(model.rooms, (p.equipment for p in model.patients)),
    )
    for kind in range(len(made.classes)):
        _add_class(made, kind)
    return made


def _add_class(made: Layout, kind: int) -> None:
    p = made.patient(kind)
    if not p.required:
        made.add(refused(kind))
    choices: list[tuple[int, list[int], list[int]]] = []
    for start in range(p.earliest, p.latest - p.duration + 1):
        clinicians = [
            g for g, x in enumerate(made.clinicians) if x.takes(p.skills, start, start + p.duration)
        ]
        rooms = [g for g, x in enumerate(made.rooms) if x.takes(p.equipment, start, start + p.duration)]
        if clinicians and rooms:
            choices.append((start, clinicians, rooms))
    pairs = sum(len(c) * len(r) for _, c, r in choices)
    apart = sum(len(c) + len(r) + 1 for _, c, r in choices)
    for start, clinicians, rooms in choices:
        if pairs <= apart:
            named = [StartColumn(kind, c, r, start) for c in clinicians for r in rooms]
        else:
            named = [StartColumn(kind, c, -1, start) for c in clinicians] + [
                StartColumn(kind, -1, r, start) for r in rooms
            ]
        for column in named:
            made.add(column)


def _costs(made: Layout, table: Ints) -> Ints:
    """Waiting, on the columns that name a clinician; refusal."""
    patients = [made.patient(kind) for kind in range(len(made.classes))]
    weight = np.array([p.weight for p in patients], dtype=np.int64)
    earliest = np.array([p.earliest for p in patients], dtype=np.int64)
    kind, clinicians, rooms, start = table.T
    waiting = np.where(clinicians >= 0, start - earliest[kind], 0)
    slots = np.where((clinicians < 0) & (rooms < 0), made.model.refusal, waiting)
    return np.asarray(weight[kind] * slots, dtype=np.int64)


def _patient_rows(rows: ConstraintRows, made: Layout) -> None:
    """Everybody is treated once, or not at all where that is allowed."""
    at: list[list[int]] = [[] for _ in made.classes]
    for column, place in made.place.items():
        if column.clinicians >= 0 or column.rooms < 0:
            at[column.kind].append(place)
    for members, columns in zip(made.classes, at, strict=True):
        rows.add(columns, 1, len(members), len(members))


def _tie_rows(rows: ConstraintRows, made: Layout) -> None:
    """As many clinicians as rooms, for each class and start that has columns for both."""
    tied: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for column, place in made.place.items():
        if (column.clinicians < 0) != (column.rooms < 0):
            side = 1 if column.rooms < 0 else -1
            tied.setdefault((column.kind, column.start), []).append((place, side))
    for entries in tied.values():
        rows.add([place for place, _ in entries], [side for _, side in entries], 0, 0)


def _capacity_rows(
    rows: ConstraintRows, made: Layout, table: Ints, side: int, groups: tuple[ResourcePool, ...]
) -> None:
    """No more appointments in a slot than the pool has members; slots that nobody can take have no row."""
    length = np.array([made.patient(kind).duration for kind in range(len(made.classes))], dtype=np.int64)
    used = np.flatnonzero(table[:, side] >= 0)
    busy = length[table[used, 0]]
    columns = np.repeat(used, busy)
    slots = np.repeat(table[used, 3], busy) + _counted(busy)
    keys = np.repeat(table[used, side], busy) * made.model.slots + slots
    found, places = np.unique(keys, return_inverse=True)
    capacity = np.array([len(pool.members) for pool in groups], dtype=np.int64)
    upper = capacity[found // made.model.slots] if len(found) else np.zeros(0, dtype=np.int64)
    rows.add_block(places, columns, 1, np.full(len(found), -FREE), upper)


def _counted(lengths: Ints) -> NDArray[np.int64]:
    """0, 1, … for each of the lengths, in one array."""
    ends = np.cumsum(lengths)
    return np.arange(int(lengths.sum()), dtype=np.int64) - np.repeat(ends - lengths, lengths)
