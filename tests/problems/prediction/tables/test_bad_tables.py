"""Each kind of bad input is one clear line."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from escalation.model.errors import BadInput
from escalation.model.problem import Target
from problems.prediction.family import Prediction
from problems.prediction.loading import load_rows
from tests.problems.prediction.tables.conftest import Load

Bad = tuple[pd.DataFrame, dict[str, Any], str]


def bad(frame: pd.DataFrame) -> dict[str, Bad]:
    rows = np.arange(len(frame))
    text = np.where(rows == 6, "high", rows.astype(str))
    return {
        "text": (frame.assign(x=text), {}, "column 'x', line 8: expected a number as in most other rows"),
        "infinite": (
            frame.assign(x=np.where(rows == 6, np.inf, rows)),
            {},
            "column 'x', line 8: expected a finite",
        ),
        "identifier": (frame.assign(x=[f"p{row}" for row in rows]), {}, "column 'x' identifies rows"),
        "identifier by name": (frame.assign(patient_id=rows), {}, "column 'patient_id' identifies rows"),
        "marked number": (
            frame.assign(x=np.where(rows % 5 < 2, "?", (rows % 17).astype(str))),
            {},
            "column 'x', line 2: expected a number as in the other rows, got '?' ('?' in 48 of 120 rows)",
        ),
        "two marks": (
            frame.assign(x=np.where(rows % 3 < 2, "n.d.", rows % 17)),
            {},
            "('n.d.' in 80 of 120 rows)",
        ),
        "mixed decimals": (
            frame.assign(x=np.where(rows % 2 == 0, "1.5", "2,5")),
            {},
            "column 'x', line 2: '1.5' and line 3: '2,5': cannot tell the decimal mark",
        ),
        "row numbers": (frame.assign(index=rows), {}, "column 'index' counts the rows"),
        "row numbers, shuffled": (
            frame.assign(x=np.random.default_rng(1).permutation(rows) * 2 + 7),
            {},
            "column 'x' counts the rows",
        ),
        "a role twice": (
            frame.assign(patient=rows),
            {"group": "patient", "drop": ["patient"]},
            "drop: column 'patient' stands under `group` already",
        ),
        "a dropped category": (
            frame,
            {"drop": ["ward"], "categorical": ["ward"]},
            "categorical: column 'ward' stands under `drop` already",
        ),
        "the target as time": (frame, {"time": "ill"}, "time: column 'ill' stands under `target` already"),
        "dates and numbers": (
            frame.assign(seen=np.where(rows % 2 == 0, "2024-01-05", "2023")),
            {"time": "seen"},
            "time column 'seen', line 3: expected a date as 2026-01-31, as in other rows, got '2023'",
        ),
        "dates": (frame.assign(x="2024-01-05"), {}, "column 'x' holds dates"),
        "no target": (
            frame.drop(columns="ill"),
            {},
            "target column 'ill' is missing: the table has age, dose",
        ),
        "one class": (frame.assign(ill="no"), {}, "expected two classes, got 1 (no)"),
        "three classes": (frame.assign(ill=frame["ward"]), {}, "expected two classes, got 3"),
        "missing label": (
            frame.assign(ill=frame["ill"].where(rows != 6)),
            {},
            "target column 'ill', line 8: expected a class, got a missing value",
        ),
        "wrong positive": (
            frame,
            {"positive": "maybe"},
            "positive: expected one of 'no' and 'yes', got 'maybe'",
        ),
        "no positive": (
            frame.assign(ill=frame["ill"].map({"yes": "left", "no": "right"})),
            {"positive": None},
            "positive: expected the class to predict",
        ),
        "positive in another case": (
            frame,
            {"positive": "Yes"},
            "positive: expected one of 'no' and 'yes', got 'Yes' (did you mean 'yes'?)",
        ),
        "a column in another case": (
            frame,
            {"group": "Ward"},
            "group column 'Ward' is missing: the table has age, dose, ward, ill (did you mean 'ward'?)",
        ),
        "no group": (frame, {"group": "patient"}, "group column 'patient' is missing"),
        "too few rows": (
            frame.iloc[:30],
            {},
            "too few rows for the splits: the open part has 6 distinct rows",
        ),
        "unknown field": (frame, {"targt": "x"}, "(did you mean 'target'?)"),
        "two sources": (frame, {"dataset": "whas500"}, "got dataset and csv"),
        "fraction": (frame, {"sealed_fraction": 1.5}, "field 'sealed_fraction'"),
        "no time": (
            frame.assign(seen="soon"),
            {"time": "seen"},
            "time column 'seen', line 2: expected a number",
        ),
        "nothing to learn": (frame[["ill"]], {}, "expected at least one feature column"),
    }


@pytest.mark.parametrize("case", sorted(bad(pd.DataFrame({"ill": ["a"], "ward": ["b"]}))))
def test_bad_input_is_one_clear_line(load: Load, table: pd.DataFrame, case: str) -> None:
    frame, fields, message = bad(table)[case]
    with pytest.raises(BadInput) as caught:
        load(frame, **fields)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_dataset_names_the_known_ones() -> None:
    with pytest.raises(BadInput, match="expected one of breast_cancer, quantum_labels, whas500"):
        load_rows({"dataset": "wahs500"}, 1, Path())


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"metric": "auc", "at_least": 0.9}, "unknown metric 'auc'"),
        ({"metric": "roc_auc", "at_most": 0.9}, "roc_auc is reached with at_least, got at_most"),
        ({"metric": "brier", "at_least": 0.1}, "brier is reached with at_most, got at_least"),
        ({"metric": "accuracy", "at_least": 97}, "accuracy lies between 0 and 1"),
    ],
)
def test_a_target_that_means_nothing_is_refused(target: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        Prediction().check_target(Target(**target))
