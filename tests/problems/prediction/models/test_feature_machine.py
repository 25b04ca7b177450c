"""Machines on features, held to their textbook duals and to scikit-learn; as bytes they say the same."""

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from problems.prediction.kernels.geometric import rbf
from problems.prediction.models import artefact
from problems.prediction.models.feature_machine import (
    FORMAT,
    FeatureMachine,
    Fitting,
    fit_machine,
    fitting,
    targets,
    tune_machine,
)
from problems.prediction.tasks.task import outcomes_of
from tests.problems.prediction.task_tables import TASKS, asked, models, table
from toolbox.arrays.types import Floats
from toolbox.models import cox
from toolbox.stats.splits import codes, train_test_pairs

GAMMA, COST = 0.4, 3.0


def made(task: str, rows: int = 60) -> tuple[Floats, Fitting, Any]:
    frame = table(task, rows)
    features = np.column_stack([frame["dose"], frame["ward"] == "a", frame["age"].fillna(0.0)]).astype(float)
    return features, fitting(models(task), outcomes_of(frame), {"asked": asked(task)}), frame


def test_the_machine_of_numbers_is_kernel_ridge_with_a_free_mean() -> None:
    features, rows, _ = made("regression")
    machine = fit_machine(features, rows, GAMMA, COST)
    learnt = machine.link.forward(rows.outcomes.values.astype(float))
    kernel, centre = rbf(features, features, GAMMA), np.eye(60) - 1 / 60
    dual = np.linalg.solve(centre @ kernel @ centre + np.eye(60) / COST, learnt - learnt.mean())
    expected = learnt.mean() + (kernel - kernel.mean(axis=0)) @ centre @ dual
    np.testing.assert_allclose(machine.link.forward(machine.predictions(features)), expected, atol=1e-6)


def test_the_machine_of_classes_is_a_logistic_regression_on_the_kernel() -> None:
    features, rows, _ = made("multiclass")
    machine = fit_machine(features, rows, GAMMA, COST)
    values, vectors = np.linalg.eigh(rbf(features, features, GAMMA))
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    reference = LogisticRegression(C=COST, max_iter=2000, tol=1e-8).fit(root, rows.outcomes.values)
    np.testing.assert_allclose(machine.predictions(features), reference.predict_proba(root), atol=5e-3)


def test_the_machine_of_times_is_coxs_model_on_the_kernel() -> None:
    features, rows, _ = made("time_to_event")
    machine = fit_machine(features, rows, GAMMA, COST)
    values, vectors = np.linalg.eigh(rbf(features, features, GAMMA))
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    times, seen = rows.outcomes.values.astype(float), np.asarray(rows.outcomes.events)
    risk = root @ cox.fit(root, times, seen, 1 / COST / 60)
    base = cox.baseline(risk, times, seen, machine.baseline.grid, calibrated=False)
    np.testing.assert_allclose(machine.predictions(features), base.surviving(risk), atol=5e-3)


@pytest.mark.parametrize("task", TASKS)
def test_tuned_machines_say_the_same_as_bytes_and_more_than_nothing(task: str) -> None:
    features, rows, frame = made(task)
    groups = codes(frame["__group__"].tolist())
    folds = train_test_pairs(rows.models.strata(rows.outcomes), groups, 3, 0, least=rows.models.least)
    tuned = tune_machine(features, rows, folds, ((0.3,), (0.1, 1.0)))
    machine = fit_machine(features, rows, tuned.gamma, tuned.cost)
    said = machine.predictions(features)
    assert np.array_equal(artefact.scores(FORMAT, machine.to_bytes(), frame, features), said)
    assert FeatureMachine.from_bytes(machine.to_bytes()).to_bytes() == machine.to_bytes()
    shuffled = machine.predictions(features[::-1])
    assert rows.models.loss(rows.outcomes, said) < rows.models.loss(rows.outcomes, shuffled)


@pytest.mark.parametrize("task", ["multiclass", "ordinal"])
def test_classes_that_the_rows_lack_are_all_but_impossible(task: str) -> None:
    features, rows, _ = made(task)
    low = rows.take(np.flatnonzero(rows.outcomes.values < 2))
    kept = features[rows.outcomes.values < 2]
    for gamma in (GAMMA, 0.0):
        said = fit_machine(kept, low, gamma, COST).predictions(features)
        assert said.shape == (60, 3)
        assert said[:, 2].max() < 0.02
        np.testing.assert_allclose(said.sum(axis=1), 1.0)


def test_targets_are_one_a_class_or_one_number() -> None:
    assert {task: targets(made(task)[1]).shape[1] for task in TASKS} == {
        "multiclass": 3,
        "ordinal": 1,
        "regression": 1,
        "time_to_event": 1,
    }
    for task in TASKS:
        found = targets(made(task)[1])
        np.testing.assert_allclose(found.mean(axis=0), 0.0, atol=1e-9)
        np.testing.assert_allclose(found.std(axis=0), 1.0)


def test_bytes_of_another_shape_are_no_machine() -> None:
    features, rows, frame = made("regression")
    data = fit_machine(features, rows, GAMMA, COST).to_bytes()
    with pytest.raises(ValueError, match="expected features of shape"):
        artefact.scores(FORMAT, data, frame, features[:, :2])
    with pytest.raises(ValueError, match="got none"):
        artefact.scores(FORMAT, data, frame)
