"""Shuffled labels: the p-value, what changes places, and the learner against scikit-learn's."""

from functools import partial

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from toolbox.arrays.types import Floats, Ints
from toolbox.stats.permutation import (
    Shuffled,
    areas,
    deals,
    group_folds,
    log_rank_scores,
    rank_correlations,
    ridge_smoother,
    shuffled_labels,
)

ROWS = np.arange(24)
NONE = np.zeros(24, dtype=np.intp)


def test_the_p_value_counts_the_labels_as_they_are_among_the_arrangements() -> None:
    # Phipson and Smyth 2010: never 0; 2 of 9 shuffles score no less
    found = Shuffled(0.8, np.array([0.8, 0.9, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]), 9)
    assert found.p_value == pytest.approx(3 / 10)
    assert Shuffled(1.0, np.zeros(9), 9).p_value == pytest.approx(1 / 10)


def test_held_out_predictions_are_those_of_kernel_ridge_fitted_on_the_other_folds() -> None:
    rng = np.random.default_rng(1)
    features, labels, folds = rng.normal(size=(24, 50)), rng.normal(size=24), group_folds(ROWS)
    smoother = ridge_smoother(features, folds)
    for fold in range(5):
        train, test = folds != fold, folds == fold
        scaled = StandardScaler().fit(features[train])
        known, new = scaled.transform(features[train]), scaled.transform(features[test])
        penalty = float((known**2).sum(axis=1).mean())
        model = KernelRidge(alpha=penalty).fit(known, labels[train] - labels[train].mean())
        assert smoother[test] @ labels == pytest.approx(model.predict(new))
        assert not smoother[np.ix_(test, test)].any()


def test_missing_values_are_the_mean_of_the_rows_trained_on() -> None:
    features = np.random.default_rng(2).normal(size=(24, 30))
    folds = group_folds(ROWS)
    features[3, :] = np.nan  # says nothing: predicted as the mean is, which is left out
    smoother = ridge_smoother(features, folds)
    assert smoother[3] @ np.arange(24.0) == pytest.approx(0.0)


def test_dependent_rows_change_places_as_a_whole_and_never_between_strata() -> None:
    groups = np.array([0, 0, 1, 1, 2, 2, 3, 4, 5, 6, 6, 6])
    strata = np.array([0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0])
    order, units = deals(groups, strata, 50, np.random.default_rng(0))
    assert units == 5  # two pairs of stratum 0, three single rows; alone of its kind: pair 2, group 6
    for arrangement in order.T:
        assert sorted(arrangement) == list(range(12))
        assert arrangement[4:6].tolist() == [4, 5]
        assert arrangement[9:].tolist() == [9, 10, 11]
        assert arrangement[:4].tolist() in ([0, 1, 2, 3], [2, 3, 0, 1])
    assert len({tuple(each) for each in order.T}) == 12  # 2! x 3!


def test_folds_keep_groups_together() -> None:
    groups = np.repeat(np.arange(9), 3)
    folds = group_folds(groups)
    assert all(len(set(folds[groups == each])) == 1 for each in range(9))
    assert np.bincount(folds).tolist() == [6, 6, 6, 6, 3]


def test_scores_are_those_of_scikit_learn_and_scipy() -> None:
    rng = np.random.default_rng(3)
    smoother, labels = rng.normal(size=(24, 24)), rng.integers(0, 2, (24, 3)).astype(float)
    expected = [roc_auc_score(own, smoother @ own) for own in labels.T]
    assert areas(smoother, labels) == pytest.approx(expected)
    three = rng.integers(0, 3, 24).astype(float)
    one_of = [roc_auc_score(three == k, smoother @ (three == k)) for k in range(3)]
    assert areas(smoother, three[:, None]) == pytest.approx([np.mean(one_of)])
    numbers = rng.normal(size=(24, 2))
    assert rank_correlations(smoother, numbers) == pytest.approx(
        [spearmanr(own, smoother @ own).statistic for own in numbers.T]
    )


def test_log_rank_scores_are_events_less_expected_ones() -> None:
    # at risk 4, 3, 2, 1: H = 1/4, then 1/4 + 0 (censored), + 1/2, + 1
    found = log_rank_scores(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1, 0, 1, 1]))
    assert found == pytest.approx([1 - 1 / 4, 0 - 1 / 4, 1 - 3 / 4, 1 - 7 / 4])
    assert found.sum() == pytest.approx(0.0)


def test_noise_is_seldom_called_signal_and_signal_is() -> None:
    rng = np.random.default_rng(4)
    noise = np.array([_p_value(rng.normal(size=(24, 60)), rng.integers(0, 2, 24)) for _ in range(120)])
    # binomial: at most 0.1 + 3 standard errors
    assert np.mean(noise <= 0.1) <= 0.1 + 3 * np.sqrt(0.09 / 120)
    labels = ROWS % 2
    assert _p_value(rng.normal(size=(24, 60)) + labels[:, None], labels) == pytest.approx(1 / 50)


def test_too_few_groups_that_can_change_places_give_no_p_value() -> None:
    score = partial(areas, np.eye(24))
    assert shuffled_labels((ROWS % 2).astype(np.float64), ROWS // 5, NONE, score) is None


def _p_value(features: Floats, labels: Ints) -> float:
    score = partial(areas, ridge_smoother(features, group_folds(ROWS)))
    found = shuffled_labels(labels.astype(np.float64), ROWS, NONE, score, shuffles=49)
    assert found is not None
    return found.p_value
