"""Samples on a regular grid: what spectra, autocorrelation and convolutions need.

Values that are missing between two present ones lie on the straight line between them, as do all values where
times are irregular and a spacing is stated. What is missing before the first or after the last present value
stays missing: nothing is extrapolated. A gap longer than `MOST_GAP` times the spacing is counted and said.
"""

import numpy as np

from problems.prediction.sources.series.recordings import ALIKE, Signal
from toolbox.arrays.types import Floats

MOST_GAP = 5


def on_grid(signal: Signal, spacing: float, first: float | None = None, last: float | None = None) -> Floats:
    """The values at multiples of a spacing, shape (m,); empty without values.

    Args:
        signal: of which missing values do not count.
        spacing: of the grid.
        first: where it begins; at the first present value by default.
        last: where it ends at the latest; at the last present value by default.
    """
    present = ~np.isnan(signal.values)
    times, values = signal.times[present], signal.values[present]
    if not len(times):
        return np.empty(0)
    begin, end = times[0] if first is None else first, times[-1] if last is None else last
    count = max(int(np.floor((end - begin) / spacing + ALIKE)) + 1, 0)
    return np.asarray(np.interp(begin + spacing * np.arange(count), times, values))


def gaps(signal: Signal, spacing: float) -> Floats:
    """Distances of neighbouring present values that are gaps."""
    times = signal.times[~np.isnan(signal.values)]
    steps = np.diff(times)
    return np.asarray(steps[steps > MOST_GAP * spacing])
