"""Triage as a MIP: who is placed where, and which cohort a place is given to."""

import numpy as np

from problems.optimisation.forms.mip import FREE, Ints, Mip
from problems.optimisation.forms.rows import ConstraintRows, at_most
from problems.optimisation.model.models import Triage
from problems.optimisation.model.points import Point


def triage_mip(model: Triage) -> Mip:
    """One column a patient and place that suit each other, one a place and cohort where cohorts compete."""
    pairs = suited(model)
    place_of = np.array([place for _, place in pairs], dtype=np.int64)
    column = {pair: k for k, pair in enumerate(pairs)}
    given = _contested(model, pairs)
    gives = {pair: len(pairs) + k for k, pair in enumerate(given)}
    rows = ConstraintRows()
    _patient_rows(rows, model, column)
    _place_rows(rows, model, column, gives)

    def point_of(x: Ints) -> Point:
        point = np.full(model.size, -1, dtype=np.int32)
        for k in np.flatnonzero(x[: len(pairs)]).tolist():
            point[pairs[k][0]] = pairs[k][1]
        return point

    def vector_of(point: Point) -> Ints:
        x = np.zeros(len(pairs) + len(given), dtype=np.int64)
        for patient, place in enumerate(point.tolist()):
            if place >= 0:
                x[column[patient, place]] = 1
                if (place, model.patients[patient].cohort) in gives:
                    x[gives[place, model.patients[patient].cohort]] = 1
        return x

    benefit = np.array([model.patients[patient].benefit for patient, _ in pairs], dtype=np.int64)
    quality = np.array([place.quality for place in model.places], dtype=np.int64)
    cost = np.concatenate([-benefit * quality[place_of], np.zeros(len(given), dtype=np.int64)])
    lower, upper = rows.limits()
    top = np.ones(len(cost), dtype=np.int64)
    return Mip(cost, 0, rows.matrix(len(cost)), lower, upper, top, point_of, vector_of)


def suited(model: Triage) -> list[tuple[int, int]]:
    """Patients and places that offer what the patient needs and are large enough for them alone."""
    offers = [set(place.offers) for place in model.places]
    return [
        (p, k)
        for p, patient in enumerate(model.patients)
        for k, place in enumerate(model.places)
        if offers[k].issuperset(patient.needs)
        and all(use <= room for use, room in zip(patient.uses, place.capacity, strict=True))
    ]


def _contested(model: Triage, pairs: list[tuple[int, int]]) -> list[tuple[int, str]]:
    """Places and cohorts, where more than one cohort could come."""
    cohorts: dict[int, set[str]] = {}
    for patient, place in pairs:
        if model.patients[patient].cohort:
            cohorts.setdefault(place, set()).add(model.patients[patient].cohort)
    return [
        (place, cohort)
        for place in sorted(cohorts)
        if len(cohorts[place]) > 1
        for cohort in sorted(cohorts[place])
    ]


def _patient_rows(rows: ConstraintRows, model: Triage, column: dict[tuple[int, int], int]) -> None:
    """Each in one place at most, whoever is required in exactly one."""
    at: list[list[int]] = [[] for _ in model.patients]
    for (patient, _), k in column.items():
        at[patient].append(k)
    for who, columns in zip(model.patients, at, strict=True):
        if who.required or columns:
            rows.add(columns, 1, 1 if who.required else -FREE, 1)


def _place_rows(
    rows: ConstraintRows, model: Triage, column: dict[tuple[int, int], int], gives: dict[tuple[int, str], int]
) -> None:
    """Capacities, for all and for each cohort that the place may be given to; one cohort a place."""
    there: list[list[tuple[int, int]]] = [[] for _ in model.places]
    for (patient, place), k in column.items():
        there[place].append((patient, k))
    for place, comers in enumerate(there):
        cohorts = {cohort: y for (where, cohort), y in gives.items() if where == place}
        _capacity_rows(rows, model, place, comers, None)
        for cohort, y in cohorts.items():
            own = [(patient, k) for patient, k in comers if model.patients[patient].cohort == cohort]
            _capacity_rows(rows, model, place, own, y)
            for _, k in own:
                rows.add([k, y], [1, -1], -FREE, 0)
        if cohorts:
            at_most(rows, list(cohorts.values()), 1)


def _capacity_rows(
    rows: ConstraintRows, model: Triage, place: int, comers: list[tuple[int, int]], given: int | None
) -> None:
    """Σ uses ≤ capacity, which is there for a cohort only where the place is given to it."""
    for what, capacity in enumerate(model.places[place].capacity):
        uses = [(model.patients[patient].uses[what], k) for patient, k in comers]
        if sum(use for use, _ in uses) <= capacity:
            continue
        used = [(use, k) for use, k in uses if use]
        values, columns = [use for use, _ in used], [k for _, k in used]
        if given is None:
            rows.add(columns, values, -FREE, capacity)
        else:
            rows.add([*columns, given], [*values, -capacity], -FREE, 0)
