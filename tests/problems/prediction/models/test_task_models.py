"""Models of every task: what they say, and that their bytes say the same."""

import numpy as np
import pytest

from problems.prediction.hpc.task_grids import task_grids
from problems.prediction.models import ensemble_model
from problems.prediction.models.artefact import scores
from problems.prediction.models.ensemble_model import EnsemblePart, Finish, estimator_says
from problems.prediction.models.links import link_for, skewed
from problems.prediction.tasks.task import Outcomes, outcomes_of
from tests.problems.prediction.task_tables import TASKS, models, table
from toolbox.models.archive import pack


@pytest.mark.parametrize("task", TASKS)
def test_the_bytes_of_every_model_say_what_it_says(task: str) -> None:
    """With every model of the task's grids, and the first one on fewer columns."""
    frame, known = table(task), models(task)
    train, test = frame[:90], frame[90:]
    outcomes, finish = outcomes_of(train), known.finish(outcomes_of(train))
    prepare, data = known.prepared(train)
    after = np.asarray(prepare.transform(test), dtype=np.float64)
    grids = task_grids(task, 90, 5, known.classes, 1000)
    first = next(iter(grids))
    for model, grid in grids.items():
        if task == "ordinal" and model != "cumulative":  # as of classes without an order
            continue
        fewer = [{**grid[0], "columns": 2}, {**grid[0], "components": 2}] if model == first else []
        for params in (grid[-1], *fewer):
            steps = known.fitted(model, params, data, outcomes, 3)
            said = known.says(steps, after, finish)
            found = scores("ensemble", ensemble_model.dump([known.part(prepare, steps)], finish), test)
            np.testing.assert_allclose(found, said, rtol=1e-9, err_msg=f"{model} {params}")
            assert found.shape == (30, *known.said)
            if known.classes:
                np.testing.assert_allclose(found.sum(axis=1), 1)
            if task == "time_to_event":
                assert np.all(np.diff(found, axis=1) <= 0)


def test_a_class_that_training_rows_lack_is_improbable_and_not_impossible() -> None:
    frame, known = table("multiclass"), models("multiclass")
    few = frame[frame["__label__"] != 1]
    outcomes = outcomes_of(few)
    prepare, data = known.prepared(few)
    steps = known.fitted("ridge", {"C": 1.0}, data, outcomes, 0)
    said = known.says(steps, np.asarray(prepare.transform(frame)), known.finish(outcomes))
    assert said.shape == (120, 3)
    assert np.all((said[:, 1] > 0) & (said[:, 1] < 0.02))


def test_weights_count_as_so_many_rows() -> None:
    frame, known = table("multiclass"), models("multiclass")
    outcomes = outcomes_of(frame)
    double = Outcomes(outcomes.values, weights=np.where(outcomes.values == 2, 2.0, 1.0))
    copies = np.repeat(np.arange(120), np.where(outcomes.values == 2, 2, 1))
    _, data = known.prepared(frame)
    params = {"C": 1.0}
    weighed = known.fitted("ridge", params, data, double, 0).model.coef_
    repeated = known.fitted("ridge", params, data[copies], outcomes.take(copies), 0).model.coef_
    np.testing.assert_allclose(weighed, repeated, atol=1e-4)


def test_levels_that_are_exceeded_one_by_one_become_probabilities_of_levels() -> None:
    class Exceeds:
        classes_ = np.array([0, 1])

        def __init__(self, share: float) -> None:
            self.share = share

        def predict_proba(self, data: object) -> object:
            return np.array([[1 - self.share, self.share]])

    found = estimator_says([Exceeds(0.5), Exceeds(0.7), Exceeds(0.2)], [0], 4)
    np.testing.assert_allclose(found, [[0.5, 0.0, 0.3, 0.2]])  # 0.7 is held to 0.5: who exceeds 2 exceeds 1


def test_classes_that_count_alike_are_told_apart_as_if_equally_frequent() -> None:
    known = models("multiclass", "balanced_accuracy")
    outcomes = Outcomes(np.array([0] * 80 + [1] * 10 + [2] * 10))
    finish = known.finish(outcomes)
    np.testing.assert_allclose(finish(np.array([[0.8, 0.1, 0.1]])), [[1 / 3, 1 / 3, 1 / 3]])


def test_a_logarithm_is_undone_with_the_mean_where_squares_count() -> None:
    frame, known = table("regression"), models("regression", "rmse")
    outcomes = outcomes_of(frame)
    assert skewed(outcomes.values)
    _, data = known.prepared(frame)
    steps = known.fitted("least_squares_ridge", {"alpha": 1.0, "log": True}, data, outcomes, 0)
    assert known.raw(steps, data).mean() == pytest.approx(outcomes.values.mean())
    link = link_for(outcomes.values, log=True)
    np.testing.assert_allclose(link.back(link.forward(outcomes.values)), outcomes.values)
    assert not skewed(outcomes.values - 10)


def test_numbers_are_held_to_the_limits_that_were_stated() -> None:
    finish = Finish(limits=(0.0, 10.0))
    np.testing.assert_array_equal(finish(np.array([-1.0, 5.0, 11.0])), [0, 5, 10])


@pytest.mark.parametrize(
    "model",
    [
        b"no archive",
        pack({"model.json": b"{}"}),
        ensemble_model.dump([EnsemblePart("pickle", b"")], Finish(classes=3)),
        ensemble_model.dump([EnsemblePart("skops", b"none")] * 21, Finish(classes=3)),
    ],
    ids=["no archive", "no part", "unknown part", "too many parts"],
)
def test_other_bytes_are_refused(model: bytes) -> None:
    with pytest.raises(ValueError, match="expected"):
        ensemble_model.scores(model, table("multiclass"))
