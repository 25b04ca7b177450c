"""Weights of rows of two classes: read with checks, used in every metric; where only they give the right
answer, the answer follows them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from escalation.model.errors import BadInput
from escalation.model.problem import Target
from problems.prediction.loading import load_rows
from problems.prediction.tables.instance import solver_view
from problems.prediction.tasks.task import metric_of, task
from problems.prediction.verify.judging import sealed

ROWS = 400


@pytest.fixture
def rows(tmp_path: Path) -> Callable[..., Any]:
    """`rows(weights, field=…)`: a table of two classes with these weights, loaded."""

    def load(weights: Any, **fields: Any) -> Any:
        rng = np.random.default_rng(1)
        labels = np.arange(ROWS) % 2
        frame = pd.DataFrame({"x": (rng.normal(size=ROWS) + labels).round(6), "w": weights, "y": labels})
        frame.to_csv(tmp_path / "t.csv", index=False)
        return load_rows({"csv": "t.csv", "target": "y", "weight": "w", **fields}, 1, tmp_path)

    return load


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            -0.5,
            r"weight column 'w', line 5: expected a weight above 0, got -0.5; 1 row has a negative one: .*",
        ),
        (0, r"line 5: expected a weight above 0, got 0; a row that does not count"),
        ("", r"line 5: expected a number, got a missing value"),
        ("heavy", r"line 5: expected a number, got 'heavy'"),
        ("1e-200", r"line 5: expected a weight from 1e-100 to 1e\+100, got 1e-200"),
    ],
)
def test_what_is_no_weight_is_refused_with_its_row(rows: Any, wrong: Any, said: str) -> None:
    weights = [*[1.5] * 3, wrong, *[2.5] * (ROWS - 4)]
    with pytest.raises(BadInput, match=said):
        rows(weights)


def test_weights_are_no_feature_and_both_sides_have_them(rows: Any) -> None:
    weights = np.arange(1, ROWS + 1) / 10
    instance = rows(weights)
    assert [column.name for column in instance.columns] == ["x"]
    assert sorted(instance.frame["__weight__"]) == sorted(weights)
    assert instance.sealed_outcomes.weights is not None
    # 400 rows of weights 0.1 to 40 sum to 8,020
    assert any("bound no more than 200 of one weight" in remark for remark in instance.remarks)
    view = solver_view(instance, Target(metric="ams", at_least=1.0))
    assert not {"yields", "heaviest"} & set(view.asked.parameters)
    assert instance.asked.parameters["heaviest"] == [weights[1::2].max(), weights[::2].max()][::-1]
    assert instance.asked.parameters["yields"] == pytest.approx([weights[1::2].sum(), weights[::2].sum()])


@pytest.mark.parametrize(
    ("metric", "fields", "said"),
    [
        ("ams", {"signal_efficiency": 0.5, "weight": None}, "without `weight`"),
        ("ams", {}, "without `signal_efficiency`"),
        ("background_rejection", {}, "without `signal_efficiency`"),
        ("average_precision", {}, "can be no target beside `weight`"),
    ],
)
def test_metrics_without_what_they_need_are_no_targets(
    rows: Any, metric: str, fields: Any, said: str
) -> None:
    given = {name: value for name, value in {"weight": "w", **fields}.items() if value is not None}
    instance = rows(np.ones(ROWS) + np.arange(ROWS) % 3, **given)
    if "weight" in fields:
        instance = rows(np.arange(ROWS), drop=["w"], signal_efficiency=0.5, weight=None)
    with pytest.raises(BadInput, match=said):
        metric_of(instance.asked, Target(metric=metric, at_least=0.1))


@pytest.mark.parametrize("metric", ["roc_auc", "accuracy", "brier", "background_rejection", "ams"])
def test_a_certificate_speaks_of_the_weighted_rows(rows: Any, metric: str) -> None:
    """A row of weight k counts as k rows; of equal weights none counts more than without."""
    weights = np.where(np.arange(ROWS) % 5 == 0, 4, 1)
    judged = sealed(rows(weights, signal_efficiency=0.6))
    outcomes, asked = judged.outcomes, judged.asked
    scores = np.random.default_rng(2).random(len(outcomes)).round(3)
    found = judged.bound(metric, scores, 0.05)
    assert found is not None
    assert outcomes.weights is not None
    again = np.repeat(np.arange(len(outcomes)), outcomes.weights.astype(int))
    copied = type(outcomes)(
        outcomes.values[again], weights=np.ones(len(again)), groups=outcomes.grouped[again]
    )
    assert found.estimate == pytest.approx(
        task("binary").bound(metric, copied, scores[again], asked, 0.05).estimate
    )
    better = outcomes.values + 0.3 * scores
    gain, p_value = task("binary").compare(metric, outcomes, better / 2, scores, asked)
    assert gain > 0
    assert p_value < 0.001
    assert task("binary").compare(metric, outcomes, scores, better / 2, asked)[1] > 0.5


def test_other_tasks_refuse_weights_by_name(rows: Any) -> None:
    with pytest.raises(
        BadInput, match=r"weight: has no effect on `task: regression`, only on `task: binary`"
    ):
        rows(np.arange(ROWS) + 1, task="regression", target="x")
