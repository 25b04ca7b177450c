"""What a certificate over all rows does not show of classes, numbers and times, counted by hand."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from escalation.model.problem import Target
from problems.prediction.report.predicted_rows import PredictedRows
from problems.prediction.report.shortcomings_by_task import shortcomings_by_task
from problems.prediction.tasks.task import Asking, Outcomes

LEVELS = Asking("ordinal", ("low", "middle", "high"))
AMOUNTS = Asking("regression", (), {"tolerance": 1.0, "unit": "mg"})
TIMES = Asking("time_to_event", (), {"horizon": 2.0, "times": [1.0, 2.0]})


@pytest.fixture
def said(make_bench: Any) -> Any:
    """`said(target, rows, names)`: the sentences on rows of these subgroups."""

    def say(target: Target, rows: PredictedRows, names: Any = ()) -> list[str]:
        subgroups = {"ward": tuple(names)} if len(names) else {}
        instance = replace(make_bench(sealed_rows=10).instance, subgroups=subgroups)
        return list(shortcomings_by_task(instance, target, rows))

    return say


def test_a_level_that_no_row_is_taken_for_is_named(said: Any) -> None:
    labels = np.repeat([0, 1, 2], [40, 12, 40])
    says = np.array([[0.8, 0.1, 0.1], [0.6, 0.2, 0.2], [0.1, 0.1, 0.8]])[labels]
    found = said(Target(metric="accuracy", at_least=0.8), PredictedRows(Outcomes(labels), LEVELS, says))
    assert [each.partition(":")[0] for each in found] == [
        "No row kept aside is taken for the level middle (12 rows are)"
    ]


def test_subgroups_at_chance_and_below_the_target_are_named(said: Any) -> None:
    labels = np.tile([0, 1, 2], 60)
    taken = np.where(np.arange(180) < 60, 0, labels)
    taken[60:100:4] = 0  # wrong in 6 of 10
    rows = PredictedRows(Outcomes(labels), LEVELS, 0.8 * np.eye(3)[taken] + 0.2 / 3)
    names = ["a"] * 60 + ["b"] * 60 + ["c"] * 60
    chance, missed = said(Target(metric="accuracy", at_least=0.9), rows, names)
    assert "No better than chance" in chance
    assert "ward = a (60 rows; 0.3333, at least 0.2" in chance
    assert "target 0.9 is not shown" in missed
    assert "ward = b (60 rows; 0.9," in missed
    assert "ward = c" not in chance + missed


def test_numbers_that_are_off_in_the_mean_are_told(said: Any) -> None:
    true = np.arange(100.0)
    off = np.where(np.arange(100) % 2, 1.0, 3.0)
    target = Target(metric="within_tolerance", at_least=0.5)
    found = said(target, PredictedRows(Outcomes(true), AMOUNTS, true - off))
    # errors of 1 and 3: mean 2, standard deviation 1.005, of the mean of 100 rows a tenth
    assert found == ["Predictions are too low in the mean, by 2 mg (standard error 0.1005)."]
    assert said(target, PredictedRows(Outcomes(true), AMOUNTS, true - off + 2)) == []


def test_risks_that_are_off_at_the_horizon_are_told(said: Any) -> None:
    times, events = np.repeat([1.0, 3.0], 50), np.repeat([True, False], 50)  # half have the event by 2
    target = Target(metric="brier", at_most=0.3)
    for risk, off in ((0.5, False), (0.2, True)):
        says = np.tile([1 - risk / 2, 1 - risk], (100, 1))
        found = said(target, PredictedRows(Outcomes(times, events), TIMES, says))
        told = "Predicted risks are off: by 2 they are 0.2 in the mean, where 0.5 was observed"
        assert [each.partition(" (")[0] for each in found] == [told] * off
