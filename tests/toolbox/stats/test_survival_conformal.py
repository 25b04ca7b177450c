"""Times that are outlasted: by hand, and how often they are."""

import numpy as np
import pytest

from toolbox.stats.survival import Censored, kaplan_meier
from toolbox.stats.survival_conformal import outlasted, share_outlasting


def test_without_censoring_it_is_the_order_statistic_of_split_conformal_prediction() -> None:
    # 19 rows with predicted survival at their events' times of 0.05, 0.10, …, 0.95: at 90 % one in 20 may
    # fail beside the new row, so the time is promised down to above the second largest
    grid = np.array([1.0, 2.0, 3.0])
    survival = np.linspace(0.05, 0.95, 19)
    rows = Censored(np.full(19, 1.5), np.ones(19, dtype=bool))
    surviving = np.stack([np.ones(19), survival, np.zeros(19)], axis=1)
    found = outlasted(rows, surviving, grid, 0.9)
    assert found.least == pytest.approx(0.90)
    assert found.least > 0.90
    np.testing.assert_array_equal(
        found.times(np.array([[0.95, 0.91, 0.2], [0.92, 0.90, 0.1], [0.3, 0.2, 0.1]]), grid), [2, 1, 0]
    )


def test_few_rows_promise_nothing() -> None:
    rows = Censored(np.full(5, 1.5), np.ones(5, dtype=bool))
    found = outlasted(rows, np.full((5, 2), 0.5), np.array([1.0, 2.0]), 0.9)
    assert found.times(np.ones((1, 2)), np.array([1.0, 2.0])) == [0]


def test_nobody_who_fails_lets_the_horizon_be_promised() -> None:
    rows = Censored(np.full(30, 5.0), np.zeros(30, dtype=bool))
    grid = np.array([1.0, 2.0])
    assert outlasted(rows, np.full((30, 2), 0.5), grid, 0.9).times(np.zeros((1, 2)), grid) == [2]


@pytest.mark.parametrize("too_sure", [0.5, 2.0])
def test_times_are_outlasted_as_often_as_promised_whatever_the_model_says(too_sure: float) -> None:
    rng, grid, covered, promised = np.random.default_rng(7), np.linspace(0.02, 1.0, 50), [], []
    for _ in range(60):
        truth = rng.normal(size=900)
        until, followed = rng.exponential(np.exp(-truth)), rng.exponential(1.5, 900)
        surviving = np.exp(-np.outer(np.exp(too_sure * truth), grid))
        known = slice(0, 200)
        rows = Censored(np.minimum(until, followed)[known], (until <= followed)[known])
        times = outlasted(rows, surviving[known], grid, 0.8).times(surviving[200:], grid)
        covered.append(float(np.mean(until[200:] >= times)))
        promised.append(float(times.mean()))
    assert 0.8 - 3 * np.std(covered) / np.sqrt(60) <= np.mean(covered) < 0.84
    assert np.mean(promised) > 0.1


def test_rows_of_a_group_share_its_weight() -> None:
    grid, survival = np.array([1.0, 2.0]), np.linspace(0.05, 0.95, 19)
    one = Censored(np.full(19, 1.5), np.ones(19, dtype=bool))
    twice = Censored(np.full(38, 1.5), np.ones(38, dtype=bool))
    surviving = np.stack([np.ones(19), survival], axis=1)
    alone = outlasted(one, surviving, grid, 0.9)
    both = outlasted(twice, np.repeat(surviving, 2, axis=0), grid, 0.9, np.repeat(np.arange(19), 2))
    assert alone.least == both.least


def test_the_share_that_outlasts_is_that_of_kaplan_and_meier_where_all_times_are_one() -> None:
    rng = np.random.default_rng(8)
    until, seen = rng.exponential(size=300), rng.exponential(size=300)
    rows = Censored(np.minimum(until, seen), until <= seen)
    share, worth = share_outlasting(rows, np.full(300, 0.5))
    assert share == pytest.approx(kaplan_meier(rows.times, rows.events).before(np.array([0.5]))[0])
    assert 0.5 < worth < 1
    assert share_outlasting(rows, np.zeros(300)) == (1.0, 1.0)
