"""The checker against answers that were worked out by hand."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from problems.optimisation.checking.check import check
from problems.optimisation.checking.finding import Finding
from problems.optimisation.model.models import Appointments, IndependentSet, MaxCut, Qubo
from tests.problems.optimisation.honest import MODELS, solutions

CLINIC = MODELS["appointments"]
WARD = MODELS["triage"]
CYCLES = MODELS["independent_set"]


def visit(patient: Any, clinician: Any, room: Any, start: Any) -> dict[str, Any]:
    return {"patient": patient, "clinician": clinician, "room": room, "start": start}


def clinic_faults(*visits: Any) -> tuple[str, ...]:
    return check(CLINIC, {"appointments": list(visits)}).faults


def ward_faults(**placements: Any) -> tuple[str, ...]:
    return check(WARD, {"placements": placements}).faults


def test_a_qubo_is_added_up_term_by_term() -> None:
    model = Qubo(linear=(1, -2, 4), quadratic=((0, 1, 10), (1, 2, -7)), offset=3)
    assert check(model, {"bits": "111"}) == Finding(3 + 1 - 2 + 4 + 10 - 7)
    assert check(model, {"bits": "011"}) == Finding(3 - 2 + 4 - 7)
    assert check(model, {"bits": "000"}) == Finding(3)


def test_a_cut_is_the_weight_between_the_sides() -> None:
    model = MaxCut(vertices=3, edges=((0, 1, 5), (0, 2, -2), (1, 2, 1)))
    assert check(model, {"bits": "011"}) == Finding(5 - 2)
    assert check(model, {"bits": "010"}) == Finding(5 + 1)
    assert check(model, {"bits": "111"}) == Finding(0)


def test_an_independent_set_is_counted_by_the_users_names() -> None:
    assert check(CYCLES, {"vertices": ["a", "c", "f", "h"]}) == Finding(4)
    assert check(CYCLES, {"vertices": []}) == Finding(0)
    assert check(IndependentSet(vertices=2, edges=()), {"vertices": ["1", "2"]}) == Finding(2)


def test_edges_repeats_and_strangers_in_a_set_are_told() -> None:
    finding = check(CYCLES, {"vertices": ["a", "b", "b", "z", 1, None]})
    assert finding.objective is None
    assert finding.faults == (
        "vertex b is in the set twice",
        "there is no vertex 'z'",
        "there is no vertex 1",
        "there is no vertex None",
        "vertices a and b are joined by an edge",
    )


def test_a_schedule_costs_its_weighted_waiting() -> None:
    # p1 (urgency 3, weight 4) waits 4 slots, p2 (weight 2) from its slot 1 none, p3 (weight 1) is refused: 8
    visits = [visit("p1", "Chen", "r1", 4), visit("p2", "Chen", "r1", 1)]
    assert check(CLINIC, {"appointments": visits}) == Finding(4 * 4 + 0 + 8)


@pytest.mark.parametrize(
    ("visits", "fault"),
    [
        (
            [visit("p1", "Haddad", "r1", 0), visit("p2", "Chen", "r1", 1)],
            "p1 and p2 overlap in room r1 from 08:15 to 08:45",
        ),
        (
            [visit("p1", "Haddad", "r1", 1), visit("p3", "Haddad", "r2", 2)],
            "p1 and p3 overlap with Haddad from 08:30 to 09:00",
        ),
        ([visit("p2", "Haddad", "r1", 1)], "Haddad lacks ecg, which p2 needs"),
        ([visit("p3", "Haddad", "r2", 2)], "room r2 lacks bed, which p3 needs"),
        ([visit("p1", "Chen", "r1", 1)], "no shift of Chen holds the appointment of p1 from 08:15 to 09:00"),
        (
            [visit("p1", "Chen", "r2", 5)],
            "room r2 is not open for the whole appointment of p1 from 09:15 to 10:00",
        ),
        (
            [visit("p2", "Chen", "r1", 0)],
            "p2 is seen from 08:00 to 08:30, and can only be seen from 08:15 to 10:00",
        ),
        (
            [visit("p3", "Chen", "r1", 5)],
            "p3 is seen from 09:15 to 09:45, and can only be seen from 08:00 to 09:30",
        ),
        ([visit("p1", "Chen", "r1", 4)] * 2, "p1 has more than one appointment"),
        ([visit("p9", "Chen", "r1", 4)], "there is no patient 'p9'"),
        ([visit("p1", "Grey", "r1", 4)], "there is no clinician 'Grey'"),
        ([visit("p1", "Chen", ["r1"], 4)], "there is no room a list"),
        ([visit("p1", "Chen", "r1", 4.0)], "p1 starts in slot 4.0, which is not a whole number"),
        ([visit("p1", "Chen", "r1", True)], "p1 starts in slot True, which is not a whole number"),
        (
            [visit("p1", "Chen", "r1", -3)],
            "p1 is seen from slot -3 to slot 0, and can only be seen from 08:00 to 10:00",
        ),
        ([visit("p2", "Chen", "r1", 1)], "p1 must be seen, and has no appointment"),
        ([{"patient": "p1"}], "expected an appointment with patient, clinician, room, start, got a dict"),
    ],
)
def test_what_is_wrong_with_a_schedule_is_said_in_the_users_words(visits: list[Any], fault: str) -> None:
    assert fault in clinic_faults(*visits)


def test_the_date_is_told_where_a_schedule_is_longer_than_a_day() -> None:
    assert isinstance(CLINIC, Appointments)
    long = CLINIC.model_copy(update={"slots": 200})
    visits = [visit("p1", "Haddad", "r1", 0), visit("p2", "Chen", "r1", 1)]
    faults = check(long, {"appointments": visits}).faults
    assert "p1 and p2 overlap in room r1 on 2026-11-23 from 08:15 to 08:45" in faults


def test_every_appointment_under_a_long_one_overlaps_it() -> None:
    assert isinstance(CLINIC, Appointments)
    patients = [
        patient.model_copy(update={"duration": duration})
        for patient, duration in zip(CLINIC.patients, (6, 1, 1), strict=True)
    ]
    long = CLINIC.model_copy(update={"patients": tuple(patients)})
    visits = [visit("p1", "Haddad", "r1", 0), visit("p2", "Chen", "r1", 1), visit("p3", "Chen", "r1", 4)]
    faults = " ".join(check(long, {"appointments": visits}).faults)
    assert "p1 and p2 overlap" in faults
    assert "p1 and p3 overlap" in faults


def test_benefits_are_added_by_quality() -> None:
    # 5 in North at 100 %, 4 in South at 80 %, 2 in North
    placements = {"a": "North", "b": "South", "d": "North"}
    assert check(WARD, {"placements": placements}) == Finding(500 + 320 + 200)


@pytest.mark.parametrize(
    ("placements", "fault"),
    [
        ({"a": "North", "b": "North"}, "North is shared by the cohorts covid and flu"),
        ({"c": "South"}, "South does not offer oxygen, which c needs"),
        ({"a": "South", "d": "South"}, "South has 1 beds, and its patients use 2"),
        ({"a": "North", "e": "North"}, "North has 5 hours, and its patients use 7"),
        ({"a": "North"}, "d must be placed, and is not"),
        ({"z": "North"}, "there is no patient 'z'"),
        ({"a": "West"}, "a is placed in 'West', which does not exist"),
        ({"a": ["North"]}, "a is placed in a list, which does not exist"),
    ],
)
def test_what_is_wrong_with_a_placement_is_said_in_the_users_words(
    placements: dict[str, Any], fault: str
) -> None:
    assert fault in ward_faults(**placements)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(
    "sent",
    [
        None,
        0,
        "",
        [],
        {},
        {"bits": None},
        {"bits": "2" * 7},
        {"bits": "01"},
        {"bits": ["0"] * 7},
        {"vertices": "abc"},
        {"appointments": {"p1": 3}},
        {"appointments": [None, 1, "x", [], {}]},
        {"appointments": [visit("p1", "Chen", "r1", 10**5000)]},
        {"appointments": [visit("p1", "Chen", "r1", float("nan"))]},
        {"placements": []},
        {"placements": {"a": None, 1: "North"}},
        {"bits": "0" * 7, "more": 1},
        {"x" * 10**6: float("inf")},
        object(),
    ],
    ids=range(19),
)
def test_anything_that_is_no_answer_is_a_finding(name: str, sent: Any) -> None:
    finding = check(MODELS[name], sent)
    assert finding.objective is None
    assert finding.faults
    assert all(len(fault) < 1000 for fault in finding.faults)


def test_many_faults_are_counted_and_not_all_told() -> None:
    finding = check(CYCLES, {"vertices": ["x"] * 10_000})
    assert len(finding.faults) == 21
    assert finding.faults[-1] == "and 9980 more faults"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from(["bits", "vertices", "appointments", "placements"])


@given(st.sampled_from(sorted(MODELS)), st.dictionaries(FIELDS, JSON, max_size=2) | JSON)
@settings(max_examples=200, deadline=None)
def test_the_checker_never_raises(name: str, sent: Any) -> None:
    finding = check(MODELS[name], sent)
    assert (finding.objective is None) == bool(finding.faults)


@pytest.mark.parametrize(("name", "feasible"), [("max_cut", 128), ("independent_set", 11 * 11)])
def test_as_many_answers_are_feasible_as_counting_says(name: str, feasible: int) -> None:
    # independent sets of a cycle of five: the Lucas number L5 = 11, and there are two such cycles
    found = [check(MODELS[name], solution) for solution in solutions(MODELS[name])]
    assert sum(finding.objective is not None for finding in found) == feasible
