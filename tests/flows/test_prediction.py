"""The form of the prediction flow states the problem that the family reads."""

from typing import Any

import pytest

from escalation.engine.opening import parse_problem
from escalation.model.errors import BadInput
from escalation.ports.forms import as_it_stands
from escalation.ports.registry import families
from flows import forms
from problems.prediction.form import AskedForm, DataSet, Metric, PredictionForm, PredictionTarget, TableForm
from problems.prediction.sources.dataset.datasets import BUNDLED
from problems.prediction.sources.source import parse_spec
from problems.prediction.sources.table.spec import FileSpec
from problems.prediction.tasks.task import TASKS, task

FORM: dict[str, Any] = {
    "target": {"metric": "roc_auc", "at_least": 0.9},
    "budget": {"usd": 0},
    "data_class": "public",
    "seed": 7,
}


def stated(*parts: Any, **named: Any) -> dict[str, Any]:
    order = ("table", "target", "budget", "data_class", "seed")
    return forms.stated(families()["prediction"], dict(zip(order, parts, strict=False)) | named)


def test_the_metrics_of_the_form_are_those_that_can_be_targets_from_the_side_they_are_reached() -> None:
    known = {name: metric for each in TASKS for name, metric in task(each).metrics.items()}
    targets = {name: each for name, each in known.items() if not each.only_reported}
    assert [str(metric) for metric in Metric] == list(targets)
    for tab in PredictionTarget.tabs:
        (side,) = tab.needed
        assert list(tab.choices["metric"]) == [name for name, each in targets.items() if each.side == side]


def test_every_task_is_a_tab_that_shows_its_own_fields() -> None:
    assert [tab.choices["task"] for tab in AskedForm.tabs] == [[name] for name in TASKS]
    for tab in AskedForm.tabs:
        own = set(task(str(tab.choices["task"][0])).fields) - {"positive"}
        assert {*tab.needed, *tab.others} == {"task", *own}


@pytest.mark.parametrize(
    "asked",
    [
        {"task": "multiclass", "top": 2},
        {"task": "ordinal", "order": ["low", "high", "top"]},
        {"task": "regression", "tolerance": 7.0, "range": [0.0, 100.0]},
        {"task": "time_to_event", "event": "died", "horizon": 365.0},
    ],
)
def test_what_is_asked_goes_into_the_problem(asked: dict[str, Any]) -> None:
    table = {"file": "t.csv", "target": "dose"}
    instance = parse_problem(stated(table=table, asked=asked, **FORM)).instance
    assert instance == {"csv": "t.csv", "target": "dose", "sealed_fraction": 0.4, **asked}
    parse_spec(instance)


def test_the_time_to_an_event_without_its_column_is_refused_by_the_tab() -> None:
    with pytest.raises(BadInput, match="What is asked: left empty, but needed: “Column of the event” on"):
        stated(table={"file": "t.csv", "target": "days"}, asked={"task": "time_to_event"}, **FORM)


def test_the_data_sets_of_the_form_are_those_that_come_with_the_installation() -> None:
    assert [str(each) for each in DataSet] == list(BUNDLED)


def test_every_field_of_a_file_is_in_the_form_and_on_its_tab() -> None:
    left_out, file = set(PredictionForm.left_out), TableForm.tabs[1]
    asked = {*TableForm.model_fields, *AskedForm.model_fields} - {"dataset", "file"}
    assert set(FileSpec.model_fields) - left_out == asked
    assert {*file.needed, *file.others} == set(TableForm.model_fields) - {"dataset"}


def test_a_data_set_by_name() -> None:
    problem = parse_problem(stated(table={"dataset": "breast_cancer"}, **FORM))
    assert problem.instance == {"dataset": "breast_cancer", "sealed_fraction": 0.4}
    assert (problem.target.metric, problem.target.at_least, problem.target.at_most) == ("roc_auc", 0.9, None)
    assert (problem.budget.usd, problem.seed, problem.data_class) == (0, 7, "public")
    parse_spec(problem.instance)


@pytest.mark.parametrize(("file", "kind"), [("t.csv", "csv"), ("t", "csv"), ("a/T.Parquet", "parquet")])
def test_a_file_with_roles(file: str, kind: str) -> None:
    roles = {"target": "dead", "positive": "1", "group": "patient", "drop": ["id"]}
    problem = parse_problem(stated(table={"file": file, "time": "", **roles}, **FORM))
    assert problem.instance == {kind: file, **roles, "sealed_fraction": 0.4}
    parse_spec(problem.instance)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"table": {"nix": 1}}, "table: nix: unknown field"),
        ({"target": {"metric": "auroc"}}, "target: metric: "),
        ({"budget": {"wall_s": -1}}, "budget: wall_s: "),
    ],
)
def test_a_wrong_field_is_named_in_one_line(change: Any, message: str) -> None:
    with pytest.raises(BadInput, match="^" + message):
        stated(**({"table": {"dataset": "breast_cancer"}} | FORM | change))


def test_the_form_as_it_stands_states_a_valid_problem_and_its_examples_are_of_the_page_alone() -> None:
    form = forms.form_of(families()["prediction"])
    example = as_it_stands(form)
    problem = parse_problem(stated(example["table"], example["target"], {}, "public", 0))
    assert (problem.instance["dataset"], problem.target.at_least) == ("breast_cancer", 0.9)
    parse_spec(problem.instance)
    mine = stated({"file": "mine.csv", "target": "ill"}, example["target"], {}, "public", 0)
    assert mine["instance"] == {"csv": "mine.csv", "target": "ill", "sealed_fraction": 0.4}
