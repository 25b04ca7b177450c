"""Metrics of levels against scikit-learn's, values by hand, and the jackknife."""

from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from toolbox.stats import ordinal

ROWS = np.arange(90)
accuracy: Any = ordinal.accuracy
level_error: Any = ordinal.level_error
weighted_kappa: Any = ordinal.weighted_kappa


@pytest.fixture(scope="module")
def levels() -> Any:
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 4, 90)
    return labels, np.eye(4)[np.clip(labels + rng.choice((-1, 0, 0, 1), 90), 0, 3)]


def test_the_level_predicted_is_the_median_of_the_probabilities() -> None:
    p = np.array([[0.4, 0.2, 0.4], [0.5, 0.1, 0.4], [0.1, 0.1, 0.8], [0.0, 0.5, 0.5]])
    assert ordinal.decided(p).tolist() == [1, 0, 2, 1]


def test_estimates_are_those_of_scikit_learn(levels: Any) -> None:
    labels, p = levels
    kappa = metrics.cohen_kappa_score(labels, p.argmax(axis=1), weights="quadratic")
    assert weighted_kappa(*levels, ROWS, 0.05).estimate == pytest.approx(kappa)
    error = metrics.mean_absolute_error(labels, p.argmax(axis=1))
    assert level_error(*levels, ROWS, 0.05).estimate == pytest.approx(error)
    right = metrics.accuracy_score(labels, p.argmax(axis=1))
    assert accuracy(*levels, ROWS, 0.05).estimate == pytest.approx(right)


def test_the_ranked_probability_score_is_the_one_by_hand() -> None:
    # cumulative (0.2, 0.5) against (0, 1) for the middle level, and (0.2, 0.5) against (1, 1) for the lowest
    found = ordinal.ranked_losses(np.array([1, 0]), np.array([[0.2, 0.3, 0.5]] * 2))
    assert found == pytest.approx([(0.04 + 0.25) / 2, (0.64 + 0.25) / 2])


def test_the_error_of_kappa_is_that_of_the_jackknife(levels: Any, spreads: Any) -> None:
    labels, predicted = levels[0], levels[1].argmax(axis=1)
    without = [
        metrics.cohen_kappa_score(np.delete(labels, k), np.delete(predicted, k), weights="quadratic")
        for k in range(90)
    ]
    weighted_kappa(*levels, ROWS, 0.05)
    assert spreads[0][0] == pytest.approx(np.sqrt(89) * np.std(without), rel=0.03)


def test_a_kappa_of_one_is_not_proved_by_agreement_of_few_rows() -> None:
    labels = np.tile(np.arange(3), 8)
    found = weighted_kappa(labels, np.eye(3)[labels], np.arange(24), 0.05)
    assert found.estimate == 1.0
    assert 0.5 < found.value < 0.97


def test_one_level_throughout_shows_no_agreement_beyond_chance() -> None:
    labels = np.zeros(20, dtype=np.int64)
    assert weighted_kappa(labels, np.eye(3)[labels], np.arange(20), 0.05).value == -1.0


def test_rows_repeated_within_their_group_bring_no_certainty(levels: Any) -> None:
    labels, p = levels
    for bound in (accuracy, weighted_kappa):
        thrice = bound(np.repeat(labels, 3), np.repeat(p, 3, axis=0), np.repeat(ROWS, 3), 0.05)
        assert thrice.value == pytest.approx(bound(labels, p, ROWS, 0.05).value, abs=1e-9)
