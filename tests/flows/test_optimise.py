"""The form of the optimisation flow states the problem that the family reads."""

from pathlib import Path
from typing import Any

import pytest

from escalation.engine.opening import parse_problem
from escalation.model.case import CaseStatus, Outcome
from escalation.model.errors import BadInput
from escalation.model.problem import DataClass, Tier
from escalation.ports.registry import families
from flows import forms
from flows.entry import optimise
from problems.optimisation.form import (
    AppointmentsForm,
    FileForm,
    Kind,
    Measure,
    OptimisationForm,
    OptimisationTarget,
    TriageForm,
)
from problems.optimisation.model.metrics import METRICS
from problems.optimisation.model.models import KINDS
from problems.optimisation.spec import spec

TABLES = {"patients": "p.csv", "resources": "r.csv", "opens": "2026-11-23T08:00"}


def filled(**parts: Any) -> dict[str, Any]:
    """A form with everything else left as the page shows it."""
    empty: dict[str, Any] = {
        "kind": "appointments", "appointments": {}, "triage": {}, "file": {}, "search_s": 20.0,
        "target": {"metric": "gap", "at_most": 0.05}, "budget": {"usd": 0}, "data_class": "public", "seed": 7,
    }  # fmt: skip
    return forms.stated(families()["optimisation"], empty | parts)


def test_kinds_and_metrics_of_the_form_are_the_familys() -> None:
    assert sorted(map(str, Kind)) == sorted(KINDS)
    assert [str(measure) for measure in Measure] == list(METRICS)
    assert OptimisationForm.model_fields["search_s"].default == spec.DEFAULT_SEARCH_S


def test_every_field_of_tables_is_in_the_form() -> None:
    common = {"kind", "search_s", "generate"}
    for form, fields in (
        (AppointmentsForm, spec.AppointmentsSpec.model_fields),
        (TriageForm, spec.TriageSpec.model_fields),
    ):
        assert set(form.model_fields) - {"generate_patients"} == set(fields) - common
    for bits in (spec.QuboSpec, spec.MaxCutSpec, spec.IndependentSetSpec):
        assert set(FileForm.model_fields) & set(bits.model_fields) >= {"file"}


@pytest.mark.parametrize(
    ("parts", "instance"),
    [
        ({"appointments": TABLES | {"slot_min": 10}}, TABLES | {"slot_min": 10}),
        ({"appointments": {"generate_patients": 12}}, {"generate": {"patients": 12}}),
        ({"kind": "triage", "triage": {"patients": "p", "places": "w"}}, {"patients": "p", "places": "w"}),
        ({"kind": "triage", "triage": {"generate_patients": 9}}, {"generate": {"patients": 9}}),
        ({"kind": "qubo", "file": {"file": "bqp50.txt", "number": 3}}, {"file": "bqp50.txt", "number": 3}),
        ({"kind": "max_cut", "file": {"file": "G1"}}, {"file": "G1"}),
        ({"kind": "independent_set", "file": {"file": "a.clq"}}, {"file": "a.clq"}),
    ],
)
def test_what_is_filled_in_is_the_familys_instance(parts: Any, instance: Any) -> None:
    problem = parse_problem(filled(**parts))
    kind = parts.get("kind", "appointments")
    assert problem.instance == {"kind": kind, "search_s": 20.0} | instance
    assert (problem.target.metric, problem.target.at_most, problem.target.at_least) == ("gap", 0.05, None)
    assert (problem.budget.usd, problem.seed, problem.data_class) == (0, 7, "public")
    spec.parse_spec(problem.instance)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"appointments": {"nix": 1}}, "appointments: nix: unknown field"),
        ({"target": {"metric": "roc_auc"}}, "target: metric: "),
        ({"budget": {"wall_s": -1}}, "budget: wall_s: "),
        ({"triage": {"places": "w.csv"}}, "triage: expected an empty part for kind appointments"),
        ({"kind": "qubo", "appointments": TABLES}, "appointments: expected an empty part for kind qubo"),
    ],
)
def test_a_wrong_field_is_named_in_one_line(change: Any, message: str) -> None:
    with pytest.raises(BadInput, match="^" + message):
        filled(**change)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({}, "expected exactly one source"),
        ({"kind": "knapsack"}, "kind: input should be 'appointments', 'triage', 'qubo'"),
        ({"kind": "max_cut", "file": {"file": "G1", "number": 2}}, "number: unknown field"),
        ({"appointments": TABLES | {"generate_patients": 3}}, "expected exactly one source"),
    ],
)
def test_the_family_names_what_is_missing_or_too_much(parts: Any, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        spec.parse_spec(parse_problem(filled(**parts)).instance)


def test_the_example_left_as_it_stands_is_in_nobodys_way() -> None:
    example = {"generate_patients": 20}
    problem = parse_problem(filled(kind="max_cut", appointments=example, file={"file": "G1"}))
    assert problem.instance == {"kind": "max_cut", "search_s": 20.0, "file": "G1"}
    assert parse_problem(filled(appointments=example)).instance["generate"] == {"patients": 20}


@pytest.mark.timeout(900)  # the first flow run of a session waits for the server's migration
def test_a_filled_in_form_is_solved_and_the_schedule_is_in_the_report(on_server: Any) -> None:
    outcome = optimise(
        Kind.APPOINTMENTS,
        OptimisationTarget(at_most=0),
        AppointmentsForm(generate_patients=4),
        search_s=60.0,
        data_class=DataClass.PUBLIC,
        seed=7,
    )
    assert isinstance(outcome, Outcome)
    assert (outcome.status, outcome.tier, outcome.value) == (CaseStatus.ACCEPTED, Tier.HPC, 0)
    assert outcome.record is not None
    report = Path(outcome.record).read_text(encoding="utf-8")
    assert 'download="schedule-attempt-0.ics" href="data:text/calendar;charset=utf-8;base64,' in report


@pytest.mark.timeout(900)
def test_a_form_that_states_no_problem_ends_with_one_line(on_server: Any) -> None:
    with pytest.raises(BadInput, match=r"^triage: expected an empty part for kind qubo, which reads file"):
        optimise(Kind.QUBO, OptimisationTarget(at_most=0), triage=TriageForm(generate_patients=3))
    with pytest.raises(BadInput, match="expected exactly one source"):
        optimise(Kind.QUBO, OptimisationTarget(at_most=0))
