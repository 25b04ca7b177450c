"""Intervals against MAPIE's thresholds; coverage counted; each end by itself."""

import numpy as np
import pytest

from toolbox.stats import conformal
from toolbox.stats import conformal_intervals as intervals


def test_thresholds_of_symmetric_scores_are_those_of_mapie() -> None:
    from mapie.regression import SplitConformalRegressor
    from sklearn.linear_model import LinearRegression

    rng = np.random.default_rng(1)
    x = rng.normal(size=(90, 1))
    y = x[:, 0] + rng.normal(size=90)
    model = LinearRegression().fit(x[:40], y[:40])
    theirs = SplitConformalRegressor(model, confidence_level=0.8, prefit=True)
    theirs.conformalize(x[40:80], y[40:80])
    _, ends = theirs.predict_interval(x[80:])
    promised = conformal.promise(abs(y[40:80] - model.predict(x[40:80])), 0.8)
    said = model.predict(x[80:])
    limit = promised.threshold
    ours = np.column_stack(intervals.interval(said, np.ones(10), limit, limit))
    np.testing.assert_allclose(ours, ends[:, :, 0])


def test_at_most_half_the_error_is_on_either_side_whatever_the_spreads() -> None:
    rng = np.random.default_rng(2)
    missed, repeats, rows = np.zeros(2), 60, 200
    for _ in range(repeats):
        x = rng.uniform(1, 5, 2 * rows)
        y = x + x * rng.exponential(size=2 * rows)  # errors are skewed, and the model is off
        spreads = np.sqrt(x)
        ends = intervals.thresholds(y[:rows], x[:rows], spreads[:rows], 0.9)
        low, high = intervals.interval(x[rows:], spreads[rows:], ends[0].threshold, ends[1].threshold)
        missed += [np.mean(y[rows:] < low) / repeats, np.mean(y[rows:] > high) / repeats]
    # each is 0.05 in the mean, less 1/201; standard deviation √(2 · 0.05 · 0.95 / 200 / 60) = 0.003
    assert missed == pytest.approx([0.05, 0.05], abs=0.011)


def test_intervals_never_end_before_they_begin() -> None:
    low, high = intervals.interval(np.array([0.0, 1.0]), np.array([1.0, 1.0]), -1.0, 0.5)
    assert low.tolist() == [0.75, 1.75]
    assert high.tolist() == [0.75, 1.75]
