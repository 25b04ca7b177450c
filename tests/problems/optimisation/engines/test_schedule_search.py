import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from problems.optimisation.engines.base import Unsuitable
from problems.optimisation.engines.schedule_search import ScheduleSearch
from problems.optimisation.engines.schedule_state import (
    ScheduleState,
    first_slot,
    prepare,
    runs,
    schedule_of,
    span,
)
from problems.optimisation.generate.clinic import clinic
from problems.optimisation.model import points
from problems.optimisation.model.models import MaxCut
from tests.problems.optimisation.engines.clinics_twin import least_cost, small_clinic
from tests.problems.optimisation.engines.incumbent_twin import BoardTwin, run


@given(st.integers(0, 2**40 - 1), st.integers(1, 9))
def test_runs_are_where_every_slot_is_free(free: int, length: int) -> None:
    expected = [t for t in range(40) if all(free >> (t + k) & 1 for k in range(length))]
    found = runs(free, length)
    assert [t for t in range(41) if found >> t & 1] == expected
    assert first_slot(found) == (expected[0] if expected else -1)


def test_a_span_is_its_slots_and_nothing_where_it_ends_before_it_starts() -> None:
    assert span(2, 5) == 0b11100
    assert span(5, 2) == 0


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6))
def test_possible_starts_are_those_that_the_points_own_rules_allow(seed: int) -> None:
    model = small_clinic(seed)
    schedule = ScheduleState(prepare(model))
    for patient in range(model.size):
        allowed = {
            start
            for c, r, start in itertools.product(range(2), range(2), range(10))
            if _accepted(schedule, patient, (c, r, start))
        }
        feasible = schedule.feasible(patient)
        assert {t for t in range(11) if feasible >> t & 1} == allowed
        if allowed:
            at = min(allowed)
            clinician = schedule.able(schedule.clinic.clinicians[patient], patient, at)[0]
            room = schedule.able(schedule.clinic.rooms[patient], patient, at)[0]
            schedule.place(patient, at, clinician, room)


def _accepted(schedule: ScheduleState, patient: int, place: tuple[int, int, int]) -> bool:
    point, model = schedule.point(), schedule.clinic.model
    point[patient] = place
    nobody_required = tuple(each.model_copy(update={"required": False}) for each in model.patients)
    try:
        points.cost(model.model_copy(update={"patients": nobody_required}), point)
    except points.Infeasible:
        return False
    return True


@settings(deadline=None, max_examples=12, derandomize=True)
@given(st.integers(0, 10**6))
def test_the_best_schedule_of_a_small_clinic_is_found(seed: int) -> None:
    model = small_clinic(seed)
    best = least_cost(model)
    incumbent = BoardTwin(model, seconds=600, ends=lambda b: b.cost is not None and b.cost == best)
    run(ScheduleSearch(model, seed), incumbent, slices=3, effort_s=0.05)
    assert incumbent.cost == best
    assert not incumbent.faults


def test_schedules_of_a_clinic_of_sixty_are_feasible_and_become_better() -> None:
    model = clinic(60, 1)
    incumbent = BoardTwin(model, seconds=600)
    run(ScheduleSearch(model, 0), incumbent, slices=1, effort_s=1.0)
    assert not incumbent.faults
    assert incumbent.offers[-1] < incumbent.offers[0]


def test_equal_seeds_give_equal_schedules_however_the_slices_fall_on_the_clock() -> None:
    model = clinic(40, 2)
    first, second = BoardTwin(model, seconds=600), BoardTwin(model, seconds=600)
    for incumbent in (first, second):
        run(ScheduleSearch(model, 7), incumbent, slices=2, effort_s=0.6)
    assert first.offers == second.offers
    assert first.point is not None
    assert second.point is not None
    assert np.array_equal(first.point, second.point)


def test_a_better_schedule_of_somebody_else_is_taken_up() -> None:
    model = clinic(30, 3)
    good = BoardTwin(model)
    run(ScheduleSearch(model, 0), good, slices=2, effort_s=0.5)
    incumbent = BoardTwin(model)
    assert good.point is not None
    incumbent.offer(good.point, "another")
    engine = ScheduleSearch(model, 1)
    run(engine, incumbent, slices=1, effort_s=0.01)
    assert engine.notes()["from_others"] == 1
    assert incumbent.cost is not None
    assert good.cost is not None
    assert incumbent.cost <= good.cost


def test_a_schedule_read_from_a_point_gives_the_point_and_its_cost_back() -> None:
    model = clinic(30, 4)
    incumbent = BoardTwin(model)
    run(ScheduleSearch(model, 0), incumbent, slices=1, effort_s=0.1)
    assert incumbent.point is not None
    schedule = schedule_of(prepare(model), incumbent.point)
    assert np.array_equal(schedule.point(), incumbent.point)
    assert schedule.cost == incumbent.cost


def test_other_kinds_are_refused() -> None:
    with pytest.raises(Unsuitable, match="max_cut"):
        ScheduleSearch(MaxCut(vertices=2, edges=((0, 1, 1),)), 0)
