"""Metrics of numbers against scikit-learn's and scipy's; exact bounds by hand and by simulation."""

from math import inf
from typing import Any

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from toolbox.stats import bounded_means, regression

ROWS = np.arange(200)
WITHIN = (0.0, 10.0)
mean_absolute_error: Any = regression.mean_absolute_error
root_mean_squared_error: Any = regression.root_mean_squared_error
r_squared: Any = regression.r_squared
within_tolerance: Any = regression.within_tolerance
rank_correlation: Any = regression.rank_correlation
error_quantile: Any = regression.error_quantile


@pytest.fixture(scope="module")
def numbers() -> Any:
    rng = np.random.default_rng(1)
    outcomes = rng.uniform(0, 10, 200)
    return outcomes, np.clip(outcomes + rng.normal(0, 1, 200), 0, 10)


def test_estimates_are_those_of_scikit_learn(numbers: Any) -> None:
    expected = {
        mean_absolute_error: metrics.mean_absolute_error(*numbers),
        root_mean_squared_error: metrics.root_mean_squared_error(*numbers),
        r_squared: metrics.r2_score(*numbers),
    }
    for bound, value in expected.items():
        found = bound(*numbers, ROWS, 0.05, WITHIN)
        assert found.estimate == pytest.approx(value)
        assert (found.value < found.estimate) == (bound is r_squared)


def test_without_a_range_no_bound_of_unlimited_errors_is_claimed(numbers: Any) -> None:
    for bound in (mean_absolute_error, root_mean_squared_error, r_squared):
        assert bound(*numbers, ROWS, 0.05) is None


def test_predictions_are_held_to_the_range() -> None:
    found = mean_absolute_error(np.array([9.0, 1.0]), np.array([1e9, -5.0]), np.arange(2), 0.05, WITHIN)
    assert found.estimate == 1.0


@pytest.mark.parametrize("size", [1, 4])
def test_bounds_of_a_range_hold_where_a_rare_large_error_is_seldom_drawn(size: Any) -> None:
    rng, groups = np.random.default_rng(2), np.arange(60) // size
    wrong = dict.fromkeys(("mae", "rmse", "r2"), 0)
    for _ in range(80):
        y = rng.choice((0.0, 1.0), 60)
        p = np.where(np.repeat(rng.random(60 // size) < 0.03, size), 1 - y, y)
        mae = mean_absolute_error(y, p, groups, 0.05, (0, 1))
        rmse = root_mean_squared_error(y, p, groups, 0.05, (0, 1))
        r2 = r_squared(y, p, groups, 0.05, (0, 1))
        wrong["mae"] += mae.value < 0.03
        wrong["rmse"] += rmse.value < np.sqrt(0.03)
        wrong["r2"] += r2.value > 1 - 0.03 / 0.25
    assert max(wrong.values()) <= stats.binom.ppf(0.999, 80, 0.05)


def test_r_squared_of_a_constant_outcome_is_without_a_bound() -> None:
    found = r_squared(np.full(40, 3.0), np.full(40, 3.0), np.arange(40), 0.05, WITHIN)
    assert found.value == -inf


def test_the_share_within_a_tolerance_is_bounded_exactly(numbers: Any) -> None:
    hits = int((np.abs(numbers[0] - numbers[1]) <= 1).sum())
    exact = stats.binomtest(hits, 200, alternative="greater").proportion_ci(0.95, "exact").low
    assert within_tolerance(*numbers, ROWS, 0.05, tolerance=1).value == pytest.approx(exact)


def test_an_error_of_just_the_tolerance_is_within_it() -> None:
    found = within_tolerance(np.array([0.3]), np.array([0.1]), np.arange(1), 0.05, tolerance=0.2)
    assert found.estimate == 1.0


def test_a_quantile_of_the_error_is_bounded_by_the_order_statistic_of_the_binomial() -> None:
    errors = np.random.default_rng(3).permutation(100) + 1.0
    found = error_quantile(np.zeros(100), errors, np.arange(100), 0.05, quantile=0.9)
    # P(Bin(100, 0.9) ≥ 95) = 0.0576 and P(Bin(100, 0.9) ≥ 96) = 0.0237
    assert (found.estimate, found.value) == (90.0, 96.0)


def test_a_quantile_needs_as_many_rows_as_its_power_says() -> None:
    # 0.9 ** 28 = 0.0523, 0.9 ** 29 = 0.0471
    assert regression.least_rows(0.9, 0.05) == 29
    for rows in (28, 29):
        zeros = np.zeros(rows)
        found = error_quantile(zeros, np.arange(rows) * 1.0, np.arange(rows), 0.05, quantile=0.9)
        assert found.value == (inf if rows == 28 else 28.0)


@pytest.mark.parametrize("digits", [9, 0])
def test_rank_correlation_and_its_error_are_scipys_and_the_jackknifes(digits: Any, spreads: Any) -> None:
    rng = np.random.default_rng(4)
    x = np.round(rng.normal(size=90), digits)
    y = x + rng.normal(size=90)
    without = [stats.spearmanr(np.delete(x, k), np.delete(y, k)).statistic for k in range(90)]
    found = rank_correlation(x, y, np.arange(90), 0.05)
    assert found.estimate == pytest.approx(stats.spearmanr(x, y).statistic)
    assert spreads[0][0] == pytest.approx(np.sqrt(89) * np.std(without), rel=0.03)
    assert found.value < found.estimate


def test_a_constant_prediction_has_no_rank_correlation() -> None:
    found = rank_correlation(np.arange(9.0), np.zeros(9), np.arange(9), 0.05)
    assert (found.estimate, found.value) == (0.0, -1.0)


def test_a_full_rank_correlation_of_few_rows_proves_little() -> None:
    x = np.arange(20.0)
    found = rank_correlation(x, x, np.arange(20), 0.05)
    assert found.estimate == 1.0
    assert 0.5 < found.value < 0.97


def test_groups_widen_what_the_range_allows() -> None:
    y = np.tile((0.0, 1.0), 40)
    found = mean_absolute_error(y, y, np.arange(80) // 2, 0.05, (0, 1))
    assert found.value == pytest.approx(bounded_means.hoeffding_margin(np.arange(80) // 2, 0.05))
