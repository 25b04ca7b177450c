"""Outcomes are read by what they mean; what cannot be read is one line that names column and row."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from escalation.model.errors import BadInput
from escalation.model.problem import Target
from problems.prediction.family import Prediction


def outcome(instance: Any) -> Any:
    return instance.frame["__label__"].to_numpy()


def test_classes_are_numbered_in_their_order_and_none_is_lost(load: Any, table: pd.DataFrame) -> None:
    instance = load("multiclass")
    assert instance.asked.classes == ("cat", "dog", "owl", "yak")
    named = np.array(instance.asked.classes)[outcome(instance)]
    assert named.tolist() == table["kind"].tolist()


def test_classes_that_are_numbers_come_by_their_value(load: Any, table: pd.DataFrame) -> None:
    codes = table["kind"].map({"cat": 10, "dog": 9, "owl": 2, "yak": 1})
    assert load("multiclass", table.assign(kind=codes)).asked.classes == ("1", "2", "9", "10")


def test_levels_come_in_their_stated_order(load: Any, table: pd.DataFrame) -> None:
    instance = load("ordinal")
    assert instance.asked.classes == ("low", "middle", "high")
    assert outcome(instance).tolist() == np.digitize(table["amount"], (-0.5, 0.5)).tolist()


def test_levels_that_are_numbers_need_no_order_and_that_is_said(load: Any, table: pd.DataFrame) -> None:
    grades = table["level"].map({"low": 1, "middle": 2, "high": 10})
    instance = load("ordinal", table.assign(level=grades), order=None)
    assert instance.asked.classes == ("1", "2", "10")
    assert any("ordered as numbers, 1 is the lowest" in remark for remark in instance.remarks)


def test_numbers_are_read_with_the_unit_that_all_of_them_carry(load: Any, table: pd.DataFrame) -> None:
    instance = load("regression", table.assign(amount=table["amount"].map(lambda v: f"{v:.4f} mg/l")))
    np.testing.assert_allclose(outcome(instance), table["amount"])
    assert instance.asked.parameters["unit"] == "mg/l"
    assert any("'mg/l' is taken for the unit" in remark for remark in instance.remarks)


def test_both_parts_hold_the_shares_of_every_class_and_of_large_and_small_numbers(load: Any) -> None:
    for task in ("multiclass", "ordinal"):
        instance = load(task)
        labels = outcome(instance)
        counts = [np.bincount(labels[part]) for part in (instance.open_index, instance.sealed_index)]
        np.testing.assert_allclose(counts[0] / 180, counts[1] / 120, atol=0.01)
    instance = load("regression")
    opened, sealed = (outcome(instance)[part] for part in (instance.open_index, instance.sealed_index))
    for share in (0.1, 0.5, 0.9):
        assert np.quantile(opened, share) == pytest.approx(np.quantile(sealed, share), abs=0.2)


def changed(table: pd.DataFrame, column: str, value: Any, row: int = 6) -> pd.DataFrame:
    values = table[column].astype(object)
    values[row] = value
    return table.assign(**{column: values})


def cases(table: pd.DataFrame) -> dict[str, Any]:
    two = table.assign(kind=np.where(table["kind"] == "cat", "cat", "dog"))
    rare = changed(table, "kind", "emu")
    units = table.assign(amount=[f"{v} kg" if row else f"{v} g" for row, v in enumerate(table["amount"])])
    return {
        "no class": (
            "multiclass",
            changed(table, "kind", ""),
            {},
            "'kind', line 8: expected a class, got a miss",
        ),
        "two classes": ("multiclass", two, {}, "expected 3 to 100 classes, got 2 (cat, dog): `task: binary`"),
        "numbers": ("multiclass", table, {"target": "amount"}, "`task: regression` predicts numbers"),
        "a rare class": (
            "multiclass",
            rare,
            {},
            "distinct rows of class 'emu' (1 rows), expected at least 10",
        ),
        "idle top": (
            "multiclass",
            table,
            {"top": 4},
            "top: expected fewer than the 4 classes there are, got 4",
        ),
        "no order": (
            "ordinal",
            table,
            {"order": None},
            "order: expected the levels of 'level', lowest first",
        ),
        "no such level": ("ordinal", table, {"order": ["low", "high", "top"]}, "has the level 'top'"),
        "another level": (
            "ordinal",
            changed(table, "level", "hihg"),
            {},
            "line 8: expected a level of `order`, got",
        ),
        "a level twice": ("ordinal", table, {"order": ["low", "low", "high"]}, "got 'low' 2 times"),
        "no number": (
            "regression",
            changed(table, "amount", "much"),
            {},
            "line 8: expected a number (`task: regression`), got 'much'",
        ),
        "missing": (
            "regression",
            changed(table, "amount", ""),
            {},
            "line 8: expected a number, got a missing",
        ),
        "infinite": ("regression", changed(table, "amount", "inf"), {}, "line 8: expected a"),
        "two units": ("regression", units, {}, "expected numbers of one unit"),
        "one value": (
            "regression",
            table.assign(amount=3),
            {},
            "expected numbers that differ, all of them are 3",
        ),
        "out of range": ("regression", table, {"range": [-1, 1]}, "is not within the range -1 to 1"),
        "no range": (
            "regression",
            table,
            {"range": [1, 1]},
            "range: expected two numbers, the lower one first",
        ),
        "idle field": (
            "regression",
            table,
            {"top": 2},
            "top: has no effect on `task: regression`, only on `task: m",
        ),
        "no task": (
            "guessing",
            table,
            {"target": "kind"},
            "task: expected one of binary, multiclass, ordinal",
        ),
    }


@pytest.mark.parametrize(
    "case", sorted(cases(pd.DataFrame({"kind": ["cat"] * 9, "amount": 1.0, "level": "low"})))
)
def test_what_cannot_be_read_is_one_line(load: Any, table: pd.DataFrame, case: str) -> None:
    task, frame, fields, said = cases(table)[case]
    with pytest.raises(BadInput) as caught:
        load(task, frame, **fields)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("metric", "fields", "said"),
    [
        ("roc_auc", {}, "roc_auc is no metric of `task: regression`: expected one of mae, rmse"),
        ("mae", {"range": None}, "without `range`: state it"),
        ("within_tolerance", {"tolerance": None}, "without `tolerance`: state it"),
    ],
)
def test_a_target_that_the_task_cannot_judge_is_refused_before_anything_is_solved(
    load: Any, metric: str, fields: Any, said: str
) -> None:
    side = "at_most" if metric == "mae" else "at_least"
    target = Target.model_validate({"metric": metric, side: 0.5})
    with pytest.raises(BadInput, match=r"regression|state it") as caught:
        Prediction().view(load("regression", **fields), target)
    assert said in str(caught.value)
