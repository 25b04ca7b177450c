"""Random convolutions against their definition, written out slowly."""

import numpy as np
import pytest

from problems.prediction.sources.series.convolutions import KERNELS, Convolutions, convolutions, plan, scaled
from toolbox.arrays.types import Floats


def slow(row: Floats, made: Convolutions) -> Floats:
    """The share of outputs above each bias, sample by sample, as Dempster et al. (2021) define it."""
    found = []
    channels = [(each - each.mean()) / each.std() if each.std() else each * 0 for each in row]
    for place, dilation in enumerate(made.dilations):
        for kernel, twos in enumerate(KERNELS):
            weights = [2 if tap in twos else -1 for tap in range(9)]
            chosen = [
                each for each, taken in zip(channels, made.channels[place, kernel], strict=True) if taken
            ]
            summed = np.sum(chosen, axis=0)
            output = [
                sum(weight * summed[at + tap * dilation] for tap, weight in enumerate(weights))
                for at in range(len(summed) - 8 * dilation)
            ]
            found += [np.mean(np.array(output) > bias) for bias in made.biases[place, kernel]]
    return np.array(found)


def test_features_are_shares_of_outputs_above_a_bias() -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(2, 2, 20)).cumsum(axis=2)
    made = plan(200, channels=2, samples=20, seed=7)
    assert made is not None
    assert made.dilations == (1, 2)
    found = convolutions(rows, made)
    np.testing.assert_allclose(found, [slow(row, made) for row in rows])


def test_a_rows_features_do_not_depend_on_the_rows_beside_it() -> None:
    rows = np.random.default_rng(2).normal(size=(5, 1, 30))
    made = plan(84, channels=1, samples=30, seed=1)
    assert made is not None
    np.testing.assert_array_equal(convolutions(rows, made)[3], convolutions(rows[3:4], made)[0])


def test_the_seed_decides_biases_and_nothing_else_does() -> None:
    first, again, other = (plan(84, channels=3, samples=50, seed=seed) for seed in (1, 1, 2))
    assert first is not None
    assert again is not None
    assert other is not None
    np.testing.assert_array_equal(first.biases, again.biases)
    assert not np.array_equal(first.biases, other.biases)


def test_what_a_dilated_kernel_does_not_fit_into_is_missing() -> None:
    made = plan(84 * 3, channels=1, samples=40, seed=1)
    assert made is not None
    assert made.dilations == (1, 2, 4)
    found = convolutions(np.arange(20.0)[None, None] ** 2, made)[0]
    assert np.isnan(found).tolist() == [False] * 168 + [True] * 84


def test_series_below_nine_samples_have_no_convolutions() -> None:
    assert plan(84, channels=1, samples=8, seed=1) is None


def test_a_constant_channel_is_zero_throughout() -> None:
    np.testing.assert_array_equal(scaled(np.full((1, 1, 4), 3.7)), np.zeros((1, 1, 4)))


@pytest.mark.parametrize("count", [84, 500, 2000])
def test_no_more_features_than_asked_for(count: int) -> None:
    made = plan(count, channels=2, samples=100, seed=1)
    assert made is not None
    assert 84 <= made.width <= count
