"""Nested cross-validation of classes, levels, numbers and times, a task at a time as a rank does it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from problems.prediction.hpc import nested_cv
from problems.prediction.hpc.grids import SearchPlan
from problems.prediction.hpc.open_rows import OpenRows
from problems.prediction.hpc.search import ModelChoice
from problems.prediction.hpc.set_search import set_search
from problems.prediction.hpc.task_search import TaskSearch, with_strata
from problems.prediction.models.artefact import scores
from problems.prediction.prediction_sets.rules import RULES
from problems.prediction.tasks.task import outcomes_of
from tests.problems.prediction.task_tables import COLUMNS, METRICS, TASKS, asked, models, table
from toolbox.arrays import npy
from toolbox.stats.splits import codes


def search(task: str, forward: bool = False) -> TaskSearch:
    frame, known = table(task), models(task)
    names = [column.name for column in COLUMNS]
    outcomes = outcomes_of(frame)
    groups = codes(frame["__group__"].tolist())
    digests = tuple(frame["__row__"])
    rows = OpenRows(COLUMNS, frame[names], outcomes.values, groups, digests, frame[names], outcomes=outcomes)
    own = {"time_to_event": ("cox", "penalty"), "regression": ("least_squares_ridge", "alpha")}
    model, named = own.get(task, ("ridge", "C"))
    grid: list[dict[str, Any]] = [{named: 0.1}, {named: 1.0}]
    plan = SearchPlan({model: grid}, outer_folds=3, outer_repeats=1, inner_folds=2, replicates=5)
    return TaskSearch(with_strata(rows, known), plan, METRICS[task], 3, forward, modelled=known)


@pytest.mark.parametrize("task", TASKS)
def test_outer_folds_are_tuned_and_tested_without_their_rows(task: str) -> None:
    """What is estimated out of fold is close to what a model reaches on rows that it was fitted on."""
    found = search(task)
    model = found.models[0]
    assert all(np.isfinite(found.tune(number)).all() for number in range(len(found.tuning_tasks)))
    assert len(found.rounds) == 4
    series = np.full((1, 120, *found.said), np.nan)
    folds = np.full((1, 120), -1, dtype=np.intp)
    for number, one in enumerate(found.rounds[:-1]):
        assert not set(found.rows.groups[one.train]) & set(found.rows.groups[one.test])
        params = found.plan.grids[model][-1]
        series[0, one.test] = found.test(number, model, params).reshape(-1, *found.said)
        folds[0, one.test] = number
    estimator = found.estimator(folds, 5)
    estimate, replicate = estimator.estimate(series), estimator.replicates(series[None], [0])[0]
    final = scores("ensemble", found.final_model(model, found.plan.grids[model][-1]), found.rows.features)
    apparent = found.modelled.criterion.sign * found.modelled.loss(found.outcomes, final)
    assert estimate == pytest.approx(apparent, rel=0.35)
    assert replicate[0] == pytest.approx(estimate, rel=0.35)
    assert replicate[0] != estimate


def test_in_order_of_time_every_fold_trains_on_earlier_rows() -> None:
    found = search("regression", forward=True)
    assert all(one.train.max() < one.test.min() for one in found.rounds[:-1])


@pytest.mark.parametrize("task", TASKS)
def test_open_sites_are_stated_with_what_their_folds_said(task: str) -> None:
    found = search(task)
    rows = replace(found.rows, groups=np.repeat(np.arange(4), 30), names=("a", "b", "c", "d"))
    says = {"regression": found.outcomes.values, "time_to_event": np.full((120, 3), 0.5)}
    said = says.get(task, np.full((120, 3), 1 / 3)).astype(float)
    said[rows.groups == 1] = np.nan  # was left out in no fold
    params = {
        "asked": {**asked(task), "parameters": {"top": 2, "range": [0, 50], **asked(task)["parameters"]}}
    }
    stated = nested_cv.by_site(replace(found, rows=rows), params, said)
    assert [(each["site"], each["rows"]) for each in stated] == [("a", 30), ("c", 30), ("d", 30)]


@pytest.mark.parametrize("task", TASKS)
def test_the_set_model_is_chosen_and_fitted_without_the_rows_that_calibrate_it(task: str) -> None:
    whole = search(task)
    twin = set_search(whole)
    assert isinstance(twin.search, TaskSearch)
    groups = whole.rows.groups
    assert len(twin.held) + len(twin.search.rows.labels) == 120
    others = np.setdiff1d(np.arange(120), twin.held)
    units = len(set(groups[twin.held]))  # a third of 60 would be too few: half
    assert 25 <= units <= 35
    assert not set(groups[twin.held]) & set(groups[others])
    assert not {whole.rows.digests[row] for row in twin.held} & set(twin.search.rows.digests)
    name, grid = next(iter(twin.search.plan.grids.items()))
    model = twin.search.final_model(name, grid[0])
    choice = ModelChoice({name: grid[0]}, {name: 1.0})
    sets = twin.sets(whole, model, choice, asked(task))
    if task == "time_to_event":  # 60 rows of which half are censored
        assert sets.notes["made"] or "have the event by" in sets.notes["because"]
        return
    assert sets.notes["caveat"].startswith("rows come in groups")
    assert sets.values["conformal"]["units"] == units
    made = npy.load(sets.files["sealed_sets"])
    held_by = RULES[task].held(made, whole.outcomes)
    assert held_by[twin.held].mean() >= 0.85


def test_a_fold_in_which_nothing_can_be_scored_chooses_nothing() -> None:
    plan = SearchPlan({"cox": [{"penalty": 1.0}, {"penalty": 0.1}], "ridge": [{"C": 1.0}]})
    undefined = np.full(2, -np.inf)
    said = {"cox": [np.array([0.5, 0.7]), undefined], "ridge": [np.array([0.6]), undefined[:1]]}
    choice = nested_cv._choose(plan, said)
    assert (choice.model, choice.settings["cox"]) == ("cox", {"penalty": 0.1})
    nowhere = nested_cv._choose(plan, {"cox": [undefined], "ridge": [undefined[:1]]})
    assert nowhere.settings["cox"] == {"penalty": 1.0}
