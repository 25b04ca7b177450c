"""What a new problem file asks of a table, by the names and values of its columns."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from escalation.model.errors import BadInput
from problems.prediction.guessing import in_scale, levels
from problems.prediction.inspection import inspect
from problems.prediction.loading import load_rows

RNG = np.random.default_rng(3)
BASE = {"sex": np.tile([1, 2], 80), "age": RNG.normal(60, 9, 160).round(4)}
DAYS = np.arange(160) * 37 % 160 * 12 + 5
TABLES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "time_to_event": (
        {
            "rtime": DAYS // 2 + 1,
            "recur": np.tile([0, 0, 1, 0], 40),
            "dtime": DAYS,
            "death": np.tile([1, 0], 80),
        },
        {"target": "dtime", "event": "death", "drop": ["rtime", "recur"]},
    ),
    "ordinal": (
        {"level": np.array(["mild", "none", "severe", "moderate"])[np.arange(160) * 7 % 4]},
        {"target": "level", "order": ["none", "mild", "moderate", "severe"]},
    ),
    "multiclass": (
        {"kind": np.array(["owl", "cat", "dog"])[np.arange(160) * 7 % 3]},
        {"target": "kind"},
    ),
    "regression": ({"dose": RNG.normal(30, 5, 160).round(3)}, {"target": "dose"}),
}


@pytest.mark.parametrize("task", TABLES)
def test_the_task_is_recognised_said_to_be_a_guess_and_loads(task: str, tmp_path: Path) -> None:
    columns, wanted = TABLES[task]
    pd.DataFrame({**BASE, **columns}).to_csv(tmp_path / "t.csv", index=False)
    wish = {} if task != "multiclass" else {"target": "kind"}
    found = inspect(Path("t.csv"), tmp_path, wish)
    assert found.problem is not None, found.problems
    assert found.notes is not None
    instance = found.problem["instance"]
    assert instance.pop("task") == task
    assert {name: instance[name] for name in wanted} == wanted
    assert all("a guess" in found.notes[name] for name in wanted if name not in wish)
    load_rows({**instance, "task": task}, 1, tmp_path)
    assert "# group: age" not in found.notes.get("", "")


def test_levels_are_words_of_one_order_or_numbers_of_a_column_called_so() -> None:
    assert in_scale({"High", "low", "medium"}) == ("low", "medium", "High")
    assert in_scale({"high", "low", "red"}) == ()
    assert levels("tumour_grade", {"1", "2", "3"}) == {"task": "ordinal"}
    assert levels("ward", {"1", "2", "3"}) == {}


@pytest.mark.parametrize(("column", "task"), [("age", "regression"), ("dose", "regression")])
def test_a_number_whose_square_overflows_is_refused_with_its_row(
    column: str, task: str, tmp_path: Path
) -> None:
    frame = pd.DataFrame({**BASE, **TABLES[task][0]})
    frame.loc[5, column] = -1.7e308
    frame.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(BadInput, match=rf"column '{column}', line 7: expected a number between -1e\+100 and"):
        load_rows({"csv": "t.csv", "task": task, "target": "dose"}, 1, tmp_path)
