"""Logistic recalibration against values that follow by hand, and chance against a slow twin."""

import math

import numpy as np
import pytest

from toolbox.stats.curves import error_by_chance
from toolbox.stats.recalibration import recalibration


def labels_of(*shares: tuple[int, int]) -> np.ndarray:
    """Of each (rows, positives) so many ones, then zeros."""
    return np.concatenate([np.arange(rows) < positives for rows, positives in shares]).astype(np.int64)


def test_two_levels_of_scores_determine_slope_and_intercept() -> None:
    # 16 of 40 where 0.25 was said and 24 of 40 where 0.75 was: log-odds of ±0.405 for ±1.099
    found = recalibration(labels_of((40, 16), (40, 24)), np.repeat([0.25, 0.75], 40))
    assert found.slope == pytest.approx(math.log(1.5) / math.log(3))
    assert found.in_the_large == pytest.approx(0, abs=1e-8)


def test_predictions_that_are_all_too_low_lack_log_odds() -> None:
    found = recalibration(labels_of((80, 60)), np.full(80, 0.5))
    assert found.in_the_large == pytest.approx(math.log(3))  # 60 of 80 are 0.75
    assert found.slope is None  # one level has none


@pytest.mark.parametrize(
    ("labels", "scores"),
    [
        ([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9]),
        ([1, 1, 1], [0.2, 0.5, 0.7]),
        ([0, 1, 0, 1], [0.0, 1.0, 0.0, 1.0]),
    ],
)
def test_classes_that_are_told_apart_without_an_error_have_no_slope(
    labels: list[int], scores: list[float]
) -> None:
    assert recalibration(np.array(labels), np.array(scores)).slope is None


def test_chance_is_that_of_two_bins_that_can_be_counted() -> None:
    # 20 rows of 0.5 in bins of equal scores, so in one: |X - 10| / 20 of a binomial X exceeds 0.2 in 4.1 % of
    # cases, and 0.15 in 11.5 %
    found = error_by_chance(np.full(20, 0.5), np.arange(20), np.random.default_rng(1), 4000)
    assert found == pytest.approx(0.2)


def test_rows_of_one_group_say_no_more_than_one_row() -> None:
    # all rows are drawn alike: all or none are positive, half of them too many or too few
    assert error_by_chance(np.full(20, 0.5), np.zeros(20, dtype=int), np.random.default_rng(1), 50) == 0.5
