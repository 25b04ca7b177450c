"""Boosting until test rows no longer gain, against XGBoost's own cross-validation."""

import numpy as np
import pytest
import xgboost

from toolbox.models.boosters import held_out_course


@pytest.mark.parametrize(("metrics", "rounds"), [(["auc", "logloss"], 60), (["logloss"], 3)])
def test_a_course_is_that_of_the_cross_validation_of_xgboost(metrics: list[str], rounds: int) -> None:
    random = np.random.default_rng(1)
    features = random.normal(size=(120, 4))
    labels = (features[:, 0] + random.normal(size=120) > 0).astype(float)
    part = np.arange(120) % 3
    folds = [(np.flatnonzero(part != k), np.flatnonzero(part == k)) for k in range(3)]
    params = {"objective": "binary:logistic", "eta": 0.3, "subsample": 0.7, "seed": 4, "nthread": 1}
    data = xgboost.DMatrix(features, label=labels, nthread=1)
    own = xgboost.cv(
        params, data, rounds, folds=folds, metrics=metrics, early_stopping_rounds=5, as_pandas=False
    )
    expected = tuple(own[f"test-{metric}-mean"][-1] for metric in metrics)
    assert held_out_course(params, data, folds, metrics, (rounds, 5)) == (
        len(own["test-logloss-mean"]),
        expected,
    )
