"""Two samples of costs: tests by hand and by their level, and the mean of the best share."""

import numpy as np
import pytest

from toolbox.stats.samples import precedence, rank_test, tail_mean


def test_precedence_is_the_chance_that_all_the_best_are_ours() -> None:
    # two of ours below all of theirs, three each: C(3, 2)/C(6, 2) = 3/15
    assert precedence(np.array([1, 2, 9]), np.array([3, 4, 5])) == pytest.approx(3 / 15)
    assert precedence(np.array([3, 3, 9]), np.array([3, 4, 5])) == 1.0
    many = precedence(np.array([0] * 5 + [9] * 1019), np.full(1024, 5))
    assert many == pytest.approx(2**-5, rel=0.01)


def test_equal_samples_never_look_better() -> None:
    same = np.array([1, 2, 2, 3] * 50)
    assert rank_test(same, same) >= 0.5
    assert rank_test(np.full(9, 4), np.full(9, 4)) == 1.0
    assert rank_test(np.arange(50), np.arange(50) + 40) < 1e-6
    assert rank_test(np.arange(50) + 40, np.arange(50)) > 0.99


def test_tests_hold_their_level_where_nothing_is_better() -> None:
    # samples of one distribution with ties: at most about 5 % of the p-values are below 5 %
    rng = np.random.default_rng(8)
    pairs = [(rng.integers(0, 12, 60), rng.integers(0, 12, 60)) for _ in range(400)]
    for test in (precedence, rank_test):
        below = sum(test(ours, others) <= 0.05 for ours, others in pairs)
        assert below <= 34  # 20 expected; the 99.9 % quantile of the binomial is 34


def test_the_tail_is_the_mean_of_the_best_share() -> None:
    costs, weights = np.array([4.0, 1.0, 2.0, 3.0]), np.full(4, 0.25)
    assert tail_mean(costs, weights, 0.5) == pytest.approx(1.5)
    assert tail_mean(costs, weights, 0.1) == pytest.approx(1.0)
    assert tail_mean(costs, weights, 0.375) == pytest.approx((0.25 * 1 + 0.125 * 2) / 0.375)
