"""Models of the time to an event as bytes."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xgboost

from problems.prediction.models import survival
from problems.prediction.models.pipelines import preprocessing
from problems.prediction.models.xgboost_model import matrix
from problems.prediction.tables.encoding import encode
from problems.prediction.tables.table import Column
from toolbox.models import cox
from toolbox.models.archive import pack, unpack

COLUMNS = (Column("age", "number"), Column("ward", "category", ("a", "b", "c")))
GRID = np.array([0.5, 1.0, 2.0])


@pytest.fixture(scope="module")
def table() -> Any:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"age": rng.normal(60, 10, 300), "ward": rng.choice(list("abc"), 300)})
    hazard = np.exp((frame["age"].to_numpy() - 60) / 10 + (frame["ward"] == "b"))
    until, followed = rng.exponential(1 / hazard), rng.exponential(2, 300)
    frame.loc[::11, "age"] = np.nan
    return frame, np.minimum(until, followed), until <= followed


def linear(table: Any) -> tuple[bytes, Any]:
    frame, times, events = table
    prepare = preprocessing(COLUMNS).fit(frame)
    data = prepare.transform(frame)
    coefficients = cox.fit(data, times, events, 0.01)
    base = cox.baseline(data @ coefficients, times, events, GRID)
    return survival.dump_linear(prepare, coefficients, base), base.surviving(data @ coefficients)


def trees(table: Any) -> tuple[bytes, Any]:
    frame, times, events = table
    features = encode(COLUMNS, frame)
    signed = matrix(COLUMNS, features, np.where(events, times, -times))
    booster = xgboost.train({"max_depth": 2, "nthread": 1, "objective": "survival:cox"}, signed, 10)
    log_risk = survival.tree_log_risk(booster, COLUMNS, features)
    base = cox.baseline(log_risk, times, events, GRID)
    return survival.dump_trees(COLUMNS, booster, base), base.surviving(log_risk)


KINDS = [(linear, survival.linear_scores), (trees, survival.tree_scores)]


@pytest.mark.parametrize(("make", "score"), KINDS, ids=["cox", "trees"])
def test_bytes_give_the_survival_of_the_fitted_model(table: Any, make: Any, score: Any) -> None:
    model, expected = make(table)
    found = score(model, table[0])
    np.testing.assert_array_equal(found, expected)
    assert np.all(np.diff(found, axis=1) <= 0)
    assert found.shape == (300, 3)
    assert make(table)[0] == model
    old, young = (score(model, pd.DataFrame({"age": [age], "ward": ["a"]})) for age in (80.0, 40.0))
    assert np.all(old < young - 0.1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("slope.json", b"-1.0"),
        ("slope.json", b'"1"'),
        ("slope.json", b"NaN"),
        ("hazard.npy", np.array([0.3, 0.2, 0.4])),
        ("hazard.npy", np.array([0.1, np.nan, 0.4])),
        ("hazard.npy", np.array([0.1, 0.2])),
        ("grid.npy", np.array([1.0, 1.0, 2.0])),
    ],
)
def test_bytes_that_are_no_baseline_are_refused(table: Any, name: str, value: Any) -> None:
    from toolbox.arrays import npy

    model, _ = linear(table)
    members = ("prepare.skops", "coefficients.npy", "grid.npy", "hazard.npy", "slope.json")
    changed = unpack(model, members) | {name: value if isinstance(value, bytes) else npy.dump(value)}
    with pytest.raises(ValueError, match=r"expected"):
        survival.linear_scores(pack(changed), table[0])
