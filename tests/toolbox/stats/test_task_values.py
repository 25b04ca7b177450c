"""What predictions are worth, against scikit-learn, SciPy and values by hand."""

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from toolbox.stats import task_values
from toolbox.stats.task_values import criterion

RANDOM = np.random.default_rng(5)
CLASSES = RANDOM.integers(0, 3, 60).astype(np.float64)
SAID = RANDOM.dirichlet([1, 1, 1], 60)
NUMBERS = RANDOM.normal(size=60).round(1)
NEAR = NUMBERS + RANDOM.normal(size=60).round(1)
WEIGHTS = RANDOM.integers(1, 4, 60).astype(np.float64)


def test_values_of_classes_are_those_of_scikit_learn() -> None:
    assert task_values.log_loss(CLASSES, SAID, WEIGHTS) == pytest.approx(
        metrics.log_loss(CLASSES, SAID, sample_weight=WEIGHTS)
    )
    areas = [metrics.roc_auc_score(k == CLASSES, SAID[:, k], sample_weight=WEIGHTS) for k in range(3)]
    assert task_values.macro_auc(CLASSES, SAID, WEIGHTS) == pytest.approx(np.mean(areas))


def test_values_of_numbers_are_those_of_scikit_learn_and_scipy() -> None:
    squared = metrics.mean_squared_error(NUMBERS, NEAR, sample_weight=WEIGHTS)
    assert task_values.mean_squared_error(NUMBERS, NEAR, WEIGHTS) == pytest.approx(squared)
    absolute = metrics.mean_absolute_error(NUMBERS, NEAR, sample_weight=WEIGHTS)
    assert task_values.mean_absolute_error(NUMBERS, NEAR, WEIGHTS) == pytest.approx(absolute)
    copies = np.repeat(np.arange(60), WEIGHTS.astype(int))  # a weight counts as so many equal rows
    ranks = stats.spearmanr(NUMBERS[copies], NEAR[copies]).statistic
    assert task_values.rank_correlation(NUMBERS, NEAR, WEIGHTS) == pytest.approx(ranks)


def test_scores_of_classes_and_levels_by_hand() -> None:
    truth, said, one = np.array([0.0, 2.0]), np.array([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5]]), np.ones(2)
    assert task_values.brier(truth, said, one) == pytest.approx(0.5)
    # of the first row the steps are off by 0.5 and 0, of the second by 0 and 0.5: a mean of 0.25 / 2 each
    assert task_values.ranked_probability_score(truth, said, one) == pytest.approx(0.125)
    assert task_values.rank_correlation(truth, np.ones(2), one) == 0


def test_a_loss_that_rows_leave_undefined_is_infinite() -> None:
    alone = np.zeros(4)
    assert criterion("multiclass", "macro_roc_auc").loss(alone, np.full((4, 2), 0.5), np.ones(4)) == np.inf


def test_classes_that_count_alike_do_so_whatever_their_number() -> None:
    truth = np.array([0.0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
    said = np.tile([0.9, 0.1], (10, 1))
    found = criterion("multiclass", "balanced_accuracy").loss(truth, said, np.ones(10))
    assert found == pytest.approx((2 * 0.1**2 + 2 * 0.9**2) / 2)
