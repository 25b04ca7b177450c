"""The features of windows, as work on chunks of them."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from problems.prediction.sources.series import convolutions
from problems.prediction.sources.series.grid import on_grid
from problems.prediction.sources.series.packing import unpacked
from problems.prediction.sources.series.recordings import Signal
from problems.prediction.sources.series.statistics import statistics
from toolbox.arrays.types import Floats

_plan = lru_cache(maxsize=2)(convolutions.plan)


def summaries(chunk: Sequence[Floats], *, channels: int, spacing: float | None) -> Floats:
    """Statistics of each channel, one channel after the other, shape (rows, channels * numbers)."""
    return np.array(
        [np.concatenate([statistics(each, spacing) for each in unpacked(row, channels)]) for row in chunk]
    )


def convolved(
    chunk: Sequence[Floats], *, channels: int, spacing: float, count: int, samples: int, seed: int
) -> Floats:
    """Random convolutions of each row, where all of its channels have values; NaN where they do not fit."""
    plan = _plan(count, channels, samples, seed)
    if plan is None:
        raise ValueError(f"expected at least {convolutions.LENGTH} samples, got {samples}")
    rows = [_together(unpacked(row, channels), spacing) for row in chunk]
    found = np.full((len(rows), plan.width), np.nan)
    lengths = np.array([row.shape[1] for row in rows])
    for length in np.unique(lengths[lengths >= convolutions.LENGTH]):
        same = np.flatnonzero(lengths == length)
        found[same] = convolutions.convolutions(np.stack([rows[i] for i in same]), plan)
    return found


def _together(signals: Sequence[Signal], spacing: float) -> Floats:
    """All channels on one grid, from the latest beginning to the earliest end, shape (channels, samples)."""
    present = [each.times[~np.isnan(each.values)] for each in signals]
    if any(len(times) == 0 for times in present):
        return np.empty((len(signals), 0))
    first, last = max(times[0] for times in present), min(times[-1] for times in present)
    return np.stack([on_grid(each, spacing, first, last) for each in signals])
