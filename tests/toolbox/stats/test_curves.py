"""Curves of scored rows, against scikit-learn, published intervals and by hand."""

from statistics import mean

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import roc_curve

from toolbox.stats import curves


def test_wilson_interval_is_that_of_newcombe_1998() -> None:
    assert curves.wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)  # his table I, method 3
    assert curves.wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)


def test_calibration_curve_agrees_with_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    scores = rng.random(400)
    labels = (rng.random(400) < scores).astype(int)
    found = curves.calibration(labels, scores)
    observed, predicted = calibration_curve(labels, scores, n_bins=10, strategy="quantile")
    np.testing.assert_allclose(found.observed, observed)
    np.testing.assert_allclose(found.predicted, predicted)
    assert found.rows.tolist() == [40] * 10
    assert curves.calibration_error(found) == pytest.approx(mean(abs(observed - predicted).tolist()))


def test_equal_scores_share_a_bin() -> None:
    found = curves.calibration(np.array([0, 1] * 50), np.full(100, 0.5))
    assert (found.rows.tolist(), found.observed.tolist()) == ([100], [0.5])


def test_roc_curve_agrees_with_scikit_learn() -> None:
    rng = np.random.default_rng(2)
    labels, scores = rng.integers(0, 2, 80), rng.integers(0, 12, 80) / 12
    false_rate, true_rate = curves.roc(labels, scores)
    expected_false, expected_true, _ = roc_curve(labels, scores, drop_intermediate=False)
    np.testing.assert_allclose(false_rate, expected_false)
    np.testing.assert_allclose(true_rate, expected_true)


def test_net_benefit_is_the_one_counted_by_hand() -> None:
    labels, scores = np.array([1, 1, 0, 0, 0]), np.array([0.9, 0.3, 0.6, 0.2, 0.1])
    # at 1/4: 2 true, 1 false positives, odds 1/3; at 1/2: 1 and 1, odds 1
    found = curves.net_benefit(labels, scores, np.array([0.25, 0.5]))
    np.testing.assert_allclose(found, [(2 - 1 / 3) / 5, 0.0])
    np.testing.assert_allclose(curves.act_on_all(0.4, np.array([0.25, 0.5])), [0.4 - 0.6 / 3, 0.4 - 0.6])


def test_acting_on_everybody_is_a_model_that_always_says_one() -> None:
    labels, thresholds = np.arange(50) % 3 == 0, np.linspace(0.05, 0.9, 9)
    found = curves.net_benefit(labels.astype(int), np.ones(50), thresholds)
    np.testing.assert_allclose(found, curves.act_on_all(labels.mean(), thresholds))


def test_a_row_of_weight_k_is_drawn_as_k_rows() -> None:
    rng = np.random.default_rng(4)
    labels, weights = rng.integers(0, 2, 60), rng.integers(1, 4, 60)
    scores = rng.random(60).round(1)
    again = np.repeat(np.arange(60), weights)
    for curve in (curves.roc, curves.precision_recall):
        for one, other in zip(
            curve(labels, scores, weights.astype(float)), curve(labels[again], scores[again]), strict=True
        ):
            np.testing.assert_allclose(one, other)
    thresholds = np.array([0.2, 0.6])
    np.testing.assert_allclose(
        curves.net_benefit(labels, scores, thresholds, weights.astype(float)),
        curves.net_benefit(labels[again], scores[again], thresholds),
    )
    one, other = (np.full(60, 0.5), np.full(len(again), 0.5))
    weighted = curves.calibration(labels, one, weights.astype(float))
    assert weighted.observed == pytest.approx(curves.calibration(labels[again], other).observed)
    plain = curves.calibration(labels[again], other)
    assert weighted.high[0] - weighted.low[0] > plain.high[0] - plain.low[0]


def test_precision_and_recall_by_hand() -> None:
    found, right = curves.precision_recall(np.array([1, 0, 1, 0]), np.array([0.9, 0.8, 0.7, 0.1]))
    assert found.tolist() == [0.5, 0.5, 1, 1]
    assert right.tolist() == pytest.approx([1, 1 / 2, 2 / 3, 1 / 2])
