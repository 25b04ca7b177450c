"""CP-SAT models against trying every answer."""

from collections.abc import Sequence

import pytest
from ortools.sat.python import cp_model

from problems.optimisation.forms import interval
from problems.optimisation.forms.interval import IntervalModel, clinic_intervals, interval_model
from problems.optimisation.model.models import Appointments, Model
from problems.optimisation.model.points import cost
from tests.problems.optimisation.forms import small


def _solved(made: IntervalModel) -> tuple[int, list[int]] | None:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    status = solver.solve(made.model)
    if status == cp_model.INFEASIBLE:
        return None
    assert status == cp_model.OPTIMAL
    return round(solver.objective_value), list(solver.response_proto.solution)


def _check(model: Model, made: IntervalModel) -> None:
    found, least = _solved(made), small.least(model)
    if found is None:
        assert least is None
        return
    assert found[0] == least
    assert cost(model, made.point_of(found[1])) == least


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", small.KINDS)
def test_the_least_cost_is_that_of_all_answers(kind: str, seed: int) -> None:
    model = small.instance(kind, seed)
    _check(model, interval_model(model))


@pytest.mark.parametrize("seed", range(8))
def test_intervals_give_the_least_cost_of_all_schedules(seed: int) -> None:
    model = small.instance("appointments", seed)
    assert isinstance(model, Appointments)
    _check(model, clinic_intervals(model))


def test_clinics_with_many_starts_are_modelled_by_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    model = small.instance("appointments", 1)
    assert "interval" not in str(interval_model(model).model.proto)
    monkeypatch.setattr(interval, "MOST_STARTS", 0)
    assert "interval" in str(interval_model(model).model.proto)


@pytest.mark.parametrize("kind", [*small.KINDS, "intervals"])
def test_the_values_of_a_point_are_a_solution_that_reads_as_a_point_of_its_cost(kind: str) -> None:
    model = small.instance("appointments" if kind == "intervals" else kind, 2)
    made = interval_model(model)
    if kind == "intervals":
        assert isinstance(model, Appointments)
        made = clinic_intervals(model)
    for point, value in list(small.points(model))[::97]:
        values = made.values_of(point)
        assert cost(model, made.point_of(values)) == value
        assert _value_when_fixed(made, values) == value


def _value_when_fixed(made: IntervalModel, values: Sequence[int]) -> int:
    fixed = made.model.clone()
    for variable, value in zip(made.variables, values, strict=True):
        fixed.add(variable == value)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    assert solver.solve(fixed) == cp_model.OPTIMAL
    found: float = solver.objective_value
    return round(found)


def test_a_hint_is_a_complete_answer_and_can_be_forgotten() -> None:
    model = small.instance("triage", 4)
    made = interval_model(model)
    point, _ = next(small.points(model))
    made.hint(point)
    made.hint(point)
    assert list(made.model.proto.solution_hint.vars) == [v.index for v in made.variables]
    made.hint(None)
    assert not list(made.model.proto.solution_hint.vars)
