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
from problems.optimisation.form import Kind, Measure, OptimisationForm, OptimisationTarget, WorkForm
from problems.optimisation.model.metrics import METRICS
from problems.optimisation.model.models import KINDS
from problems.optimisation.spec import spec

TABLES = {"patients": "p.csv", "resources": "r.csv", "opens": "2026-11-23T08:00"}


def filled(work: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """A form with everything else left as the page shows it."""
    empty: dict[str, Any] = {
        "search_s": 20.0, "target": {"metric": "gap", "at_most": 0.05},
        "budget": {"usd": 0}, "data_class": "public", "seed": 7,
    }  # fmt: skip
    return forms.stated(families()["optimisation"], empty | parts | {"work": work})


def test_kinds_and_metrics_of_the_form_are_the_familys() -> None:
    assert sorted(map(str, Kind)) == sorted(KINDS)
    assert [str(measure) for measure in Measure] == list(METRICS)
    assert OptimisationForm.model_fields["search_s"].default == spec.DEFAULT_SEARCH_S


def test_every_field_of_tables_and_files_is_on_a_tab() -> None:
    shown = {name for tab in WorkForm.tabs for name in (*tab.needed, *tab.others)}
    assert shown == set(WorkForm.model_fields)
    tables = {*spec.AppointmentsSpec.model_fields, *spec.TriageSpec.model_fields}
    assert tables - {"search_s", "generate"} <= shown
    for bits in (spec.QuboSpec, spec.MaxCutSpec, spec.IndependentSetSpec):
        assert shown & set(bits.model_fields) >= {"file"}


@pytest.mark.parametrize(
    ("work", "instance"),
    [
        ({"kind": "appointments", **TABLES, "slot_min": 10}, TABLES | {"slot_min": 10}),
        ({"kind": "appointments", "generate_patients": 12}, {"generate": {"patients": 12}}),
        ({"kind": "triage", "patients": "p", "places": "w"}, {"patients": "p", "places": "w"}),
        ({"kind": "triage", "generate_patients": 9}, {"generate": {"patients": 9}}),
        ({"kind": "qubo", "file": "bqp50.txt", "number": 3}, {"file": "bqp50.txt", "number": 3}),
        ({"kind": "max_cut", "file": "G1"}, {"file": "G1"}),
        ({"kind": "independent_set", "file": "a.clq"}, {"file": "a.clq"}),
    ],
)
def test_what_is_filled_in_is_the_familys_instance(work: Any, instance: Any) -> None:
    problem = parse_problem(filled(work))
    assert problem.instance == {"kind": work["kind"], "search_s": 20.0} | instance
    assert (problem.target.metric, problem.target.at_most, problem.target.at_least) == ("gap", 0.05, None)
    assert (problem.budget.usd, problem.seed, problem.data_class) == (0, 7, "public")
    spec.parse_spec(problem.instance)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"work": {"kind": "triage", "nix": 1}}, "work: nix: unknown field"),
        ({"work": {"kind": "knapsack"}}, "work: kind: expected 'appointments', 'triage', 'qubo'"),
        ({"target": {"metric": "roc_auc"}}, "target: metric: "),
        ({"budget": {"wall_s": -1}}, "budget: wall_s: "),
    ],
)
def test_a_wrong_field_is_named_in_one_line(change: Any, message: str) -> None:
    with pytest.raises(BadInput, match="^" + message):
        filled(**({"work": {"kind": "appointments"}} | change))


@pytest.mark.parametrize(
    ("work", "message"),
    [
        (
            {"kind": "appointments"},
            "“Patients to make up” on the tab “Example clinic” or “Patients' CSV file”, “Sh",
        ),
        ({"kind": "triage", "patients": "p"}, "needed: “Places' CSV file” on the tab “Your ward”$"),
        ({"kind": "max_cut", "file": "G1", "number": 2}, "number: unknown field"),
        ({"kind": "appointments", **TABLES, "places": "w.csv"}, "places: unknown field"),
        ({"kind": "appointments", **TABLES, "generate_patients": 3}, "expected exactly one source"),
    ],
)
def test_the_family_names_what_is_missing_or_too_much(work: Any, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        spec.parse_spec(parse_problem(filled(work)).instance)


@pytest.mark.timeout(900)  # the first flow run of a session waits for the server's migration
def test_a_filled_in_form_is_solved_and_the_schedule_is_in_the_report(on_server: Any) -> None:
    outcome = optimise(
        WorkForm(kind=Kind.APPOINTMENTS, generate_patients=4),
        OptimisationTarget(at_most=0),
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
    with pytest.raises(BadInput, match="left empty, but needed: “File” on the tab “Mathematical file”"):
        optimise(WorkForm(kind=Kind.QUBO), OptimisationTarget(at_most=0))
    with pytest.raises(BadInput, match=r"^work: expected, but missing"):
        optimise(target=OptimisationTarget(at_most=0))
