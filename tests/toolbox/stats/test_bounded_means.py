"""Betting bounds against a case by hand, other bounds, and simulation."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from toolbox.stats import bounded_means, bounds


def test_the_bound_of_one_row_without_a_loss_is_the_one_by_hand() -> None:
    # the stake grows by 1 + ¾ m / (1 - m), which is 1/α = 2 at m = 4/7
    assert bounded_means.betting_upper(np.zeros(1), 0.5) == pytest.approx(4 / 7, abs=1e-9)


def test_on_losses_of_little_spread_betting_is_closer_than_hoeffding_and_maurer_and_pontil() -> None:
    losses = np.random.default_rng(3).beta(2, 30, 200)
    found = bounded_means.betting_upper(losses, 0.05)
    others = bounds.hoeffding_upper(losses, 200, 0.05), bounds.empirical_bernstein_upper(losses, 0.05)
    assert losses.mean() < found < min(others)


@pytest.mark.parametrize("rows", [5, 40])
@pytest.mark.parametrize("shape", [(0.2, 2.0), (4.0, 1.0)])
def test_the_bound_errs_no_more_often_than_promised(rows: Any, shape: Any) -> None:
    rng, mean = np.random.default_rng(4), shape[0] / sum(shape)
    errors = sum(
        bounded_means.betting_upper(rng.beta(shape[0], shape[1], rows), 0.1) < mean for _ in range(150)
    )
    assert errors <= stats.binom.ppf(0.999, 150, 0.1)


def test_values_that_are_all_lost_have_the_largest_bound_and_a_range_scales_it() -> None:
    groups = np.arange(12)
    assert bounded_means.betting_upper(np.ones(12), 0.05) == 1.0
    values = np.linspace(0, 0.5, 12)
    once, tenfold = (bounded_means.mean_upper(values * by, groups, 0.05, by).value for by in (1.0, 10.0))
    assert tenfold == pytest.approx(10 * once)


def test_a_lower_bound_mirrors_the_upper_one() -> None:
    values, groups = np.random.default_rng(5).uniform(size=30), np.arange(30)
    lower = bounded_means.mean_lower(values, groups, 0.05)
    assert lower.estimate == pytest.approx(values.mean())
    assert lower.value == pytest.approx(1 - bounded_means.mean_upper(1 - values, groups, 0.05).value)


def test_of_dependent_rows_each_group_counts_once() -> None:
    values = np.random.default_rng(6).uniform(size=30)
    found = bounded_means.mean_upper(np.repeat(values, 3), np.repeat(np.arange(30), 3), 0.05)
    assert found.value - found.estimate == pytest.approx(np.sqrt(np.log(20) / 60))  # Hoeffding's of 30 rows
    assert "30 groups" in found.method


def test_losses_in_order_are_bounded_as_if_they_were_mixed() -> None:
    """Rows that drift in time: who bets in their order grows rich on the small losses that come first."""
    rng = np.random.default_rng(6)
    drifting = [np.sort(rng.random(200)) for _ in range(40)]
    assert sum(bounded_means.betting_upper(losses, 0.1) < 0.5 for losses in drifting) <= 8
    mixed = [bounded_means.betting_upper(rng.permutation(losses), 0.1) for losses in drifting]
    found = [bounded_means.betting_upper(losses, 0.1) for losses in drifting]
    assert np.mean(found) == pytest.approx(np.mean(mixed), abs=0.01)
