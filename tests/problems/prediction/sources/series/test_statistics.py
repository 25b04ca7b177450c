"""Statistics of windows against values by hand, and against SciPy."""

from typing import Any

import numpy as np
import pytest
from scipy.signal import periodogram

from problems.prediction.sources.series.recordings import Signal
from problems.prediction.sources.series.statistics import PLAIN, REGULAR, statistics


def named(times: list[float], values: list[float], spacing: float | None = None) -> dict[str, float]:
    found = statistics(Signal(np.array(times, dtype=float), np.array(values, dtype=float)), spacing)
    names = PLAIN if spacing is None else PLAIN + REGULAR
    return dict(zip(names, found.tolist(), strict=True))


def test_level_spread_extremes_and_slope_are_those_of_the_present_values() -> None:
    found = named([-6, -4, -3, -1], [1, np.nan, 4, 6])
    assert found["count"] == 3
    assert (found["min"], found["median"], found["max"], found["last"]) == (1, 4, 6, 6)
    assert found["mean"] == pytest.approx(11 / 3)
    assert found["sd"] == pytest.approx(np.std([1, 4, 6], ddof=1))
    assert found["slope"] == pytest.approx(np.polyfit([-6, -3, -1], [1, 4, 6], 1)[0])
    assert found["since last"] == 1


def test_of_one_value_there_is_no_spread_and_no_slope() -> None:
    found = named([-2], [7])
    assert (found["mean"], found["since last"]) == (7, 2)
    assert np.isnan([found["sd"], found["slope"]]).all()


def test_without_values_all_but_their_number_is_missing() -> None:
    found = statistics(Signal(np.array([-1.0]), np.array([np.nan])))
    assert found[0] == 0
    assert np.isnan(found[1:]).all()


@pytest.mark.parametrize(("per_sample", "band"), [(0.45, 4), (0.2, 3), (0.1, 2), (0.03, 1)])
def test_the_power_of_a_sine_lies_in_the_octave_of_its_frequency(per_sample: float, band: int) -> None:
    """Nyquist's frequency is half a cycle a sample; the octaves end at 1/2, 1/4, 1/8 of it."""
    wave = np.sin(2 * np.pi * per_sample * np.arange(200))
    found = named(list(range(-199, 1)), wave.tolist(), 1.0)
    assert found[f"power {band}"] > 0.97
    assert sum(found[f"power {each}"] for each in range(1, 5)) == pytest.approx(1)


def test_shares_of_power_are_those_of_a_tapered_periodogram() -> None:
    values = np.random.default_rng(1).normal(size=101).cumsum()
    slow: Any = periodogram
    frequencies, power = slow(
        values - values.mean(), window=np.hanning(101), detrend=False, scaling="spectrum"
    )
    ends = np.array([0.0625, 0.125, 0.25, 0.5])
    # an odd number of samples: the spectrum ends below Nyquist's frequency, and so do the octaves
    place = np.searchsorted(ends * (frequencies[-1] / 0.5), frequencies[1:] - 1e-12)
    expected = np.bincount(place, power[1:]) / power[1:].sum()
    found = named(list(range(-100, 1)), values.tolist(), 1.0)
    np.testing.assert_allclose([found[f"power {each}"] for each in range(1, 5)], expected, rtol=1e-9)


def test_crossings_and_autocorrelation_of_what_alternates() -> None:
    found = named(list(range(-7, 1)), [1, -1] * 4, 1.0)
    assert found["crossings"] == 1
    assert found["autocorrelation"] == pytest.approx(-7 / 8)


def test_a_gap_is_filled_along_a_straight_line() -> None:
    whole = named(list(range(-9, 1)), list(range(10)), 1.0)
    holed = named(list(range(-9, 1)), [0, 1, 2, np.nan, np.nan, 5, 6, 7, 8, 9], 1.0)
    assert holed["autocorrelation"] == pytest.approx(whole["autocorrelation"])
    assert holed["crossings"] == whole["crossings"]
    assert holed["count"] == 8
