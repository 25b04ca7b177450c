"""What a window's values look like, in numbers: each row by itself, nothing fitted.

Of each channel: how many values, mean, standard deviation, least, median, greatest, last, slope (least
squares on time), and how long before the row's end the last one lies. On a regular grid also: crossings of
the mean per sample, autocorrelation at lag 1, and the shares of power in four bands, each an octave up to the
Nyquist frequency, the lowest with all below.
"""

import numpy as np

from problems.prediction.sources.series.grid import on_grid
from problems.prediction.sources.series.recordings import Signal
from toolbox.arrays.types import Floats

PLAIN = ("count", "mean", "sd", "min", "median", "max", "last", "slope", "since last")
REGULAR = ("crossings", "autocorrelation", "power 1", "power 2", "power 3", "power 4")
BANDS = 4
LEAST_SAMPLES = 2**BANDS
"""Of a spectrum whose lowest band holds a frequency above 0."""


def statistics(signal: Signal, spacing: float | None = None) -> Floats:
    """The numbers of `PLAIN`, and of `REGULAR` where a spacing is given; NaN where they do not exist.

    Args:
        signal: with times that end at 0, the row's end.
        spacing: of the regular grid.
    """
    present = ~np.isnan(signal.values)
    found = _plain(signal.times[present], signal.values[present])
    if spacing is None:
        return found
    return np.concatenate([found, _regular(on_grid(signal, spacing))])


def _plain(times: Floats, values: Floats) -> Floats:
    found = np.full(len(PLAIN), np.nan)
    found[0] = len(values)
    if not len(values):
        return found
    found[1], found[3:7] = values.mean(), (values.min(), np.median(values), values.max(), values[-1])
    found[8] = -times[-1]
    if len(values) > 1:
        found[2] = values.std(ddof=1)
        centred = times - times.mean()
        found[7] = centred @ values / (centred @ centred)
    return found


def _regular(values: Floats) -> Floats:
    found = np.full(len(REGULAR), np.nan)
    if len(values) < 3:
        return found
    centred = values - values.mean()
    total = float(centred @ centred)
    above = centred > 0
    found[0] = np.mean(above[1:] != above[:-1])
    if total > 0:
        found[1] = centred[1:] @ centred[:-1] / total
        if len(values) >= LEAST_SAMPLES:
            found[2:] = _bands(centred)
    return found


def _bands(centred: Floats) -> Floats:
    """Shares of power, of a window tapered by Hann's so that a slow drift does not leak into every band."""
    power = np.abs(np.fft.rfft(centred * np.hanning(len(centred)))) ** 2
    frequencies = np.linspace(0, 1, len(power))[1:]  # of Nyquist's
    power = power[1:]
    place = np.clip(BANDS + np.ceil(np.log2(frequencies)).astype(int) - 1, 0, BANDS - 1)
    total = power.sum()
    return np.asarray(np.bincount(place, power, BANDS) / total) if total > 0 else np.full(BANDS, np.nan)
