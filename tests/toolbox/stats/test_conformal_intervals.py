"""Intervals against MAPIE's; coverage counted."""

import numpy as np
import pytest

from toolbox.stats import conformal
from toolbox.stats import conformal_intervals as intervals


def test_intervals_are_those_of_mapie() -> None:
    from mapie.regression import SplitConformalRegressor
    from sklearn.linear_model import LinearRegression

    rng = np.random.default_rng(1)
    x = rng.normal(size=(90, 1))
    y = x[:, 0] + rng.normal(size=90)
    model = LinearRegression().fit(x[:40], y[:40])
    theirs = SplitConformalRegressor(model, confidence_level=0.8, prefit=True)
    theirs.conformalize(x[40:80], y[40:80])
    _, ends = theirs.predict_interval(x[80:])
    calibration = y[40:80], model.predict(x[40:80])
    (low, high), _ = intervals.intervals(calibration, model.predict(x[80:]), 0.8)
    np.testing.assert_allclose(np.column_stack([low, high]), ends[:, :, 0])


def test_coverage_is_as_nominal_whatever_the_scores() -> None:
    rng = np.random.default_rng(2)
    covered = dict.fromkeys(("absolute", "scaled", "quantiles"), 0.0)
    repeats, rows = 40, 200
    for _ in range(repeats):
        x = rng.uniform(1, 5, 2 * rows)
        y = x + x * rng.standard_t(3, 2 * rows)
        old, new = slice(rows), slice(rows, None)
        promise = conformal.promise(intervals.absolute_scores(y[old], x[old]), 0.9)
        ends = {"absolute": intervals.absolute_interval(x[new], promise.threshold)}
        promise = conformal.promise(intervals.absolute_scores(y[old], x[old], x[old]), 0.9)
        ends["scaled"] = intervals.absolute_interval(x[new], promise.threshold, x[new])
        promise = conformal.promise(intervals.quantile_scores(y[old], 0 * x[old], 2 * x[old]), 0.9)
        ends["quantiles"] = intervals.quantile_interval(0 * x[new], 2 * x[new], promise.threshold)
        for name, (low, high) in ends.items():
            covered[name] += float(np.mean((low <= y[new]) & (y[new] <= high))) / repeats
    for share in covered.values():  # its standard deviation is √(2 · 0.9 · 0.1 / 200 / 40) = 0.005
        assert share == pytest.approx(0.9, abs=0.02)


def test_intervals_never_end_before_they_begin() -> None:
    low, high = intervals.quantile_interval(np.array([0.0, 0.0]), np.array([1.0, 4.0]), -1.0)
    assert low.tolist() == [0.5, 1.0]
    assert high.tolist() == [0.5, 3.0]


@pytest.mark.parametrize("by_class", [False, True])
def test_sets_of_classes_cover_as_nominal(by_class: bool) -> None:
    rng = np.random.default_rng(3)
    covered, repeats = np.zeros(3), 15
    for _ in range(repeats):
        labels = rng.choice(3, 800, p=(0.6, 0.2, 0.2))
        logits = rng.normal(size=(800, 3)) + np.eye(3)[labels] * (0.5, 1.0, 2.0)
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        sets, promised = conformal.class_sets((p[:400], labels[:400]), p[400:], 0.9, by_class)
        assert sorted(promised) == (["0", "1", "2"] if by_class else ["all"])
        held = sets[np.arange(400), labels[400:]]
        covered += [held[labels[400:] == label].mean() for label in range(3)]
    shares = covered / repeats
    assert shares @ (0.6, 0.2, 0.2) == pytest.approx(0.9, abs=0.025)
    assert (np.abs(shares - 0.9).max() < 0.05) == by_class
