import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from toolbox.stats.conformal import coverage_interval, prediction_sets, promise, refutation

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


def test_rows_of_a_group_share_its_weight_and_alone_they_count_as_rows() -> None:
    scores, rows = np.arange(19.0), np.arange(19)
    assert promise(scores, 0.9).threshold == promise(scores, 0.9, rows).threshold == 17.0  # the 18th of 20
    # nine groups, so each weighs a tenth: that of the largest score is needed, and of its rows the first
    groups = np.append(np.arange(8), [8, 8])
    assert promise(np.arange(10.0), 0.85, groups).threshold == 8.0
    assert promise(np.arange(10.0), 0.9, groups).threshold == 9.0
    assert promise(np.arange(10.0), 0.9, groups).low == coverage_interval(9, 9)[0]


def test_a_row_of_a_new_group_is_held_as_often_as_promised() -> None:
    rng, held = np.random.default_rng(5), []
    for _ in range(800):
        sizes = rng.integers(1, 9, 40)  # large groups are far off: 41 of them, the last one new
        groups = np.repeat(np.arange(40), sizes)
        scores = np.abs(rng.normal(size=40))[groups] * sizes[groups] + rng.random(len(groups))
        old = groups < 39
        held.append(float(np.mean(scores[~old] <= promise(scores[old], 0.9, groups[old]).threshold)))
    assert np.mean(held) == pytest.approx(0.9, abs=4 * np.std(held) / np.sqrt(len(held)))


def test_a_promise_that_is_kept_is_refuted_no_more_often_than_stated_and_a_broken_one_is() -> None:
    rng, refuted = np.random.default_rng(6), 0
    for _ in range(1000):
        kept = np.sort(rng.random(80))[int(np.ceil(81 * 0.9)) - 1]  # the coverage that 80 rows came to
        refuted += refutation(rng.random(150) < kept, np.arange(150), 0.9, 80) < 0.05
    assert refuted <= 1000 * 0.05 + 3 * np.sqrt(1000 * 0.05 * 0.95)
    held = np.arange(150) < 110
    assert refutation(held, np.arange(150), 0.9, 80) < 0.001
    assert refutation(held, np.arange(150) // 10, 0.9, 80) > 0.01  # fifteen rows' worth
