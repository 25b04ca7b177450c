import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from toolbox.stats.conformal import coverage_interval, prediction_sets

Sample = tuple[NDArray[np.float64], NDArray[np.int8]]


def exchangeable(rows: int, seed: int, prevalence: float = 0.5) -> Sample:
    """Scores without ties, of a model that ranks but is not calibrated."""
    random = np.random.default_rng(seed)
    labels = (random.random(rows) < prevalence).astype(np.int8)
    return 1 / (1 + np.exp(-random.normal(loc=1.5 * (2 * labels - 1)))), labels


def covered(sets: NDArray[np.bool_], labels: NDArray[np.int8]) -> NDArray[np.bool_]:
    return sets[np.arange(len(labels)), labels]


def test_coverage_over_seeds_follows_its_beta_distribution() -> None:
    coverages, inside = [], 0
    for seed in range(60):
        scores, labels = exchangeable(4000, 1000 + seed)
        sets, promises = prediction_sets(exchangeable(150, seed), scores, 0.9, class_conditional=False)
        coverages.append(float(np.mean(covered(sets, labels))))
        inside += promises["all"].low <= coverages[-1] <= promises["all"].high
    # 54 of 60 expected in the 90 % interval; binomial P(fewer than 47) is 0.003
    assert inside >= 47
    # the mean of Beta(136, 15), ± 4 standard errors of 60 draws
    assert np.mean(coverages) == pytest.approx(136 / 151, abs=4 * 0.0245 / np.sqrt(60))


def test_class_conditional_sets_hold_in_the_rarer_class_where_marginal_ones_do_not() -> None:
    scores, labels = exchangeable(20_000, 2, prevalence=0.1)
    rare = labels == 1
    calibration = exchangeable(3000, 1, prevalence=0.1)
    calibration = (calibration[0] * 0.5, calibration[1])  # the model is timid about the rarer class
    marginal, _ = prediction_sets(calibration, scores * 0.5, 0.9, class_conditional=False)
    by_class, promises = prediction_sets(calibration, scores * 0.5, 0.9, class_conditional=True)
    assert np.mean(covered(marginal, labels)[rare]) < 0.8
    assert (
        promises["positive"].low - 0.01
        < np.mean(covered(by_class, labels)[rare])
        < promises["positive"].high + 0.01
    )
    assert promises["positive"].rows == int(calibration[1].sum())


@settings(max_examples=40, deadline=None)
@given(st.integers(60, 400), st.integers(0, 1000), st.sampled_from([0.8, 0.9, 0.95]))
def test_the_stated_threshold_gives_mapies_sets(rows: int, seed: int, coverage: float) -> None:
    scores, _ = exchangeable(200, seed + 1)
    sets, promises = prediction_sets(exchangeable(rows, seed), scores, coverage, class_conditional=False)
    by_hand = np.column_stack([scores, 1 - scores]) <= promises["all"].threshold + 1e-12
    np.testing.assert_array_equal(sets, by_hand)


def test_the_interval_is_that_of_an_order_statistic() -> None:
    # the coverage is the rank-th smallest of `rows` uniform numbers: simulated instead of looked up
    draws = np.sort(np.random.default_rng(3).random((20_000, 50)), axis=1)[:, 45]
    low, high = coverage_interval(50, 46)
    assert np.quantile(draws, [0.05, 0.95]) == pytest.approx([low, high], abs=0.003)
    # facts: 50 calibration rows gave 0.84 at nominal 0.90, which is not unusual
    assert low < 0.84
    assert coverage_interval(1000, 901)[0] > 0.88
