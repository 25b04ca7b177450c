"""Models for CP-SAT: clinics as intervals that take clinicians and rooms, anything as MIP.

For clinics of ordinary size the time-indexed MIP serves CP-SAT better than intervals do, in answers and
in bounds: its linear relaxation knows what an hour costs, that of intervals does not (both were measured; cf.
Ku & Beck 2016, Comput. Oper. Res. 73, 165). Its size grows with the slots, so clinics in fine slots over many
days are modelled by intervals: one start a patient, an optional interval for each pool that could serve, and
no more intervals at once than a pool has members.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from ortools.sat.python import cp_model

from problems.optimisation.forms.compile import compile_mip
from problems.optimisation.forms.mip import FREE, Ints, Mip
from problems.optimisation.forms.mip_appointments import MOST_STARTS, starts
from problems.optimisation.forms.pools import ResourcePool, deal, pools
from problems.optimisation.model.models import Appointments, Model, Patient
from problems.optimisation.model.points import Point


@dataclass(frozen=True, eq=False)
class IntervalModel:
    """A CP-SAT model of one instance, and the way between its values and points.

    Attributes:
        model: minimises `cost`.
        cost: as an expression in the model's variables.
        variables: in the model's order.
        values_of: writes a feasible point as the variables' values, with the same cost.
        point_of: reads the values of all variables as a point, with the same cost or a lower one.
    """

    model: cp_model.CpModel
    cost: cp_model.LinearExprT
    variables: Sequence[cp_model.IntVar]
    values_of: Callable[[Point], Sequence[int]]
    point_of: Callable[[Sequence[int]], Point]

    def hint(self, point: Point | None) -> None:
        """Makes the search begin from a point; None forgets an earlier one."""
        self.model.clear_hints()
        if point is not None:
            for variable, value in zip(self.variables, self.values_of(point), strict=True):
                self.model.add_hint(variable, value)


def interval_model(model: Model) -> IntervalModel:
    """Builds the model; a new one each time, as hints and limits are put into it."""
    if isinstance(model, Appointments) and starts(model) > MOST_STARTS:
        return clinic_intervals(model)
    return mip_model(compile_mip(model))


def mip_model(mip: Mip) -> IntervalModel:
    """The MIP, with its packing rows as what they are: at most one of several."""
    model = cp_model.CpModel()
    tops = mip.top.tolist()
    x = [model.new_bool_var("") if top == 1 else model.new_int_var(0, top, "") for top in tops]
    starts = mip.matrix.indptr.tolist()
    columns, values = mip.matrix.indices.tolist(), mip.matrix.data.tolist()
    for row, (lower, upper) in enumerate(zip(mip.lower.tolist(), mip.upper.tolist(), strict=True)):
        entries = slice(starts[row], starts[row + 1])
        _add_row(model, [x[j] for j in columns[entries]], values[entries], lower, upper)
    cost = cp_model.LinearExpr.weighted_sum(x, mip.cost.tolist()) + mip.offset
    model.minimize(cost)

    def values_of(point: Point) -> list[int]:
        return [int(value) for value in mip.vector_of(point)]

    def point_of(values: Sequence[int]) -> Point:
        return mip.point_of(np.asarray(values[: len(x)], dtype=np.int64))

    return IntervalModel(model, cost, x, values_of, point_of)


def _add_row(
    model: cp_model.CpModel, x: list[cp_model.IntVar], values: list[int], lower: int, upper: int
) -> None:
    packs = upper == 1 and set(values) <= {1} and all(variable.is_boolean for variable in x)
    if packs and lower == 1:
        model.add_exactly_one(x)
    elif packs and lower == -FREE:
        model.add_at_most_one(x)
    else:
        most = cp_model.INT32_MAX * 2**16
        limits = cp_model.Domain(max(lower, -most), min(upper, most))
        model.add_linear_expression_in_domain(cp_model.LinearExpr.weighted_sum(x, values), limits)


@dataclass
class _Stay:
    """A patient's variables."""

    patient: Patient
    start: cp_model.IntVar
    treated: cp_model.IntVar
    choices: tuple[dict[int, cp_model.IntVar], dict[int, cp_model.IntVar]] = field(
        default_factory=lambda: ({}, {})
    )


def clinic_intervals(clinic: Appointments) -> IntervalModel:
    """One start a patient; optional intervals in the pools of clinicians and of rooms."""
    model = cp_model.CpModel()
    sides = (
        pools(clinic.clinicians, (p.skills for p in clinic.patients)),
        pools(clinic.rooms, (p.equipment for p in clinic.patients)),
    )
    busy: tuple[list[list[cp_model.IntervalVar]], ...] = tuple([[] for _ in groups] for groups in sides)
    stays = [_stay(model, patient) for patient in clinic.patients]
    for stay in stays:
        for side, groups in enumerate(sides):
            _choose(model, stay, side, groups, busy[side])
    for groups, taken in zip(sides, busy, strict=True):
        for pool, intervals in zip(groups, taken, strict=True):
            # counting is enough: members are interchangeable, and intervals of which no more than c overlap
            # at once can be coloured with c colours (`pools.deal`)
            model.add_cumulative(intervals, [1] * len(intervals), len(pool.members))
    cost = sum(
        stay.patient.weight * (stay.start - stay.patient.earliest + clinic.refusal * (1 - stay.treated))
        for stay in stays
    )
    model.minimize(cost)
    return _read_and_written(model, cost, stays, sides)


def _stay(model: cp_model.CpModel, patient: Patient) -> _Stay:
    """Who is not treated starts at once, so that waiting costs nothing besides."""
    start = model.new_int_var(patient.earliest, max(patient.earliest, patient.latest - patient.duration), "")
    treated = model.new_bool_var("")
    if patient.required:
        model.add(treated == 1)
    model.add(start == patient.earliest).only_enforce_if(treated.negated())
    return _Stay(patient, start, treated)


def _choose(
    model: cp_model.CpModel,
    stay: _Stay,
    side: int,
    groups: tuple[ResourcePool, ...],
    taken: list[list[cp_model.IntervalVar]],
) -> None:
    """One pool for who is treated; clinicians are side 0, rooms side 1."""
    patient, choice = stay.patient, stay.choices[side]
    request = patient.equipment if side else patient.skills
    for g, pool in enumerate(groups):
        first, last = max(pool.first, patient.earliest), min(pool.last, patient.latest) - patient.duration
        if request in pool.serves and first <= last:
            choice[g] = model.new_bool_var("")
            model.add_linear_constraint(stay.start, first, last).only_enforce_if(choice[g])
            taken[g].append(
                model.new_optional_fixed_size_interval_var(stay.start, patient.duration, choice[g], "")
            )
    model.add_exactly_one([*choice.values(), stay.treated.negated()])


def _read_and_written(
    model: cp_model.CpModel,
    cost: cp_model.LinearExprT,
    stays: list[_Stay],
    sides: tuple[tuple[ResourcePool, ...], ...],
) -> IntervalModel:
    variables = sorted(
        (v for s in stays for v in (s.start, s.treated, *s.choices[0].values(), *s.choices[1].values())),
        key=lambda variable: variable.index,
    )

    def values_of(point: Point) -> list[int]:
        values = dict.fromkeys((variable.index for variable in variables), 0)
        for stay, (c, r, start) in zip(stays, point.tolist(), strict=True):
            values[stay.start.index] = stay.patient.earliest if c < 0 else start
            values[stay.treated.index] = int(c >= 0)
            for member, groups, choice in zip((c, r), sides, stay.choices, strict=True):
                for g, variable in choice.items():
                    pool = groups[g]
                    inside = pool.first <= start and start + stay.patient.duration <= pool.last
                    values[variable.index] = int(c >= 0 and member in pool.members and inside)
        return [values[variable.index] for variable in variables]

    def point_of(values: Sequence[int]) -> Point:
        point: Ints = np.full((len(stays), 3), -1, dtype=np.int64)
        for side, groups in enumerate(sides):
            for g, pool in enumerate(groups):
                served = [
                    k
                    for k, s in enumerate(stays)
                    if g in s.choices[side] and values[s.choices[side][g].index]
                ]
                starts = [values[stays[k].start.index] for k in served]
                point[served, 2] = starts
                spans = [(s, s + stays[k].patient.duration) for s, k in zip(starts, served, strict=True)]
                point[served, side] = deal(pool, spans)
        return point.astype(np.int32)

    return IntervalModel(model, cost, variables, values_of, point_of)
