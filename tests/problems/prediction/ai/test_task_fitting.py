"""Ensembles of the AI tier: every task ends with one, its bytes score alike, and members are weighed."""

import io

import numpy as np
import pandas as pd
import pytest

from escalation.model.output import Output
from escalation.model.report import Report
from problems.prediction.ai import task_boosting
from problems.prediction.ai.stacking import greedy_weights, temperature
from problems.prediction.ai.task_budgets import TaskBudget, task_budget
from problems.prediction.ai.task_fitting import Selection
from problems.prediction.models.artefact import scores
from problems.prediction.models.ensemble_model import Finish
from problems.prediction.tasks.task import outcomes_of
from tests.problems.prediction.task_tables import COLUMNS, METRICS, TASKS, asked, models, table
from toolbox.arrays import npy

TINY = TaskBudget(configurations=2, finalists=1, folds=3, rows=80, first_rows=60, trees=10, max_rounds=25)


def bytes_of(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def run(task: str, frame: pd.DataFrame, time_ordered: bool = False) -> Output:
    hidden = [name for name in ("__label__", "__event__") if name in frame]
    params = {
        "columns": [column.to_json() for column in COLUMNS],
        "metric": METRICS[task],
        "asked": asked(task),
        "time_ordered": time_ordered,
        "seed": 1,
        "selection": TINY.to_json(),
    }
    inputs = {"open_rows": bytes_of(frame[:90]), "sealed_rows": bytes_of(frame[90:].drop(columns=hidden))}
    return task_boosting.run(params, inputs, Report())


@pytest.fixture(scope="module", params=TASKS)
def solved(request: pytest.FixtureRequest) -> tuple[str, Output]:
    return request.param, run(request.param, table(request.param))


def test_sealed_rows_are_scored_from_the_bytes_and_better_than_without_features(
    solved: tuple[str, Output],
) -> None:
    task, output = solved
    frame, known = table(task)[90:], models(task)
    said = npy.load(output.files["sealed_scores"])
    np.testing.assert_array_equal(scores("ensemble", output.files["model"], frame), said)
    outcomes = outcomes_of(frame)
    alike = np.tile(said.mean(axis=0), (30, 1)) if said.ndim == 2 else np.full(30, np.median(said))
    assert known.loss(outcomes, said) < known.loss(outcomes, alike)
    weights = [member["weight"] for member in output.values["notes"]["members"]]
    assert sum(weights) == pytest.approx(1, abs=1e-3)


def test_forward_in_time_with_weights_and_a_class_that_comes_late() -> None:
    frame = table("multiclass").sort_values("__label__", kind="stable").reset_index(drop=True)
    frame["__weight__"] = np.linspace(0.5, 2, len(frame))
    frame["__group__"] = [str(row) for row in range(len(frame))]
    said = npy.load(run("multiclass", frame, time_ordered=True).files["sealed_scores"])
    np.testing.assert_allclose(said.sum(axis=1), 1)


def test_members_are_weighed_so_that_their_mean_is_better_than_the_best() -> None:
    truth = np.linspace(-1, 1, 40)
    wave = np.sin(np.arange(40) * 2.0)
    said = [truth + wave, truth - wave, np.full(40, 3.0)]

    def loss(mean: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
        return float(np.mean((mean - truth) ** 2))

    found = greedy_weights(said, loss)
    assert found.shares == (0.5, 0.5, 0.0)
    assert found.loss == pytest.approx(0)


def test_a_temperature_is_that_of_least_loss_and_1_where_none_is_better() -> None:
    assert temperature(lambda each: (each - 1.58) ** 2) == pytest.approx(1.58, abs=0.1)
    assert temperature(lambda each: abs(each - 1.0)) == 1.0


def test_budgets_grow_with_rows_and_shrink_with_the_trees_of_a_round() -> None:
    assert task_budget(100_000, 1).fits < task_budget(500, 1).fits
    assert task_budget(1500, 6).configurations <= task_budget(1500, 1).configurations
    assert TaskBudget.from_json(TINY.to_json()) == TINY


def test_a_fold_without_events_says_nothing_of_any_member() -> None:
    frame = table("time_to_event")[:60].reset_index(drop=True)
    frame.loc[:29, "__event__"] = False
    known = models("time_to_event")
    rows = task_boosting._rows(known, frame)
    said = -np.sort(-np.random.default_rng(1).random((60, *known.said)), axis=1)
    parts = [np.arange(30), np.arange(30, 60)]
    assert known.loss(rows.outcomes.take(parts[0]), said[:30]) == np.inf
    select = Selection(known, TINY, seed=1, forward=False, tick=lambda *_: None)
    found = select.loss(said, rows, [(parts[1], parts[0]), (parts[0], parts[1])], Finish(survival=True))
    assert found == known.loss(rows.outcomes.take(parts[1]), said[30:]) < np.inf
