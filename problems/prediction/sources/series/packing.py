"""A window as one array, made when its turn comes: thousands of windows at once would fill the memory."""

from collections.abc import Sequence
from itertools import pairwise
from typing import overload

import numpy as np

from problems.prediction.sources.series.recordings import Signal
from problems.prediction.sources.series.windows import Window
from toolbox.arrays.types import Floats


class Packed(Sequence[Floats]):
    """Of each window an array of shape (3, samples): number of the channel, time before the end, value.

    Times end at 0, the window's end (of a whole recording its last value), so that equal windows are equal
    whenever they were.
    """

    def __init__(self, windows: Sequence[Window], channels: tuple[str, ...]) -> None:
        self._windows, self._channels = windows, channels

    def __len__(self) -> int:
        return len(self._windows)

    @overload
    def __getitem__(self, place: int) -> Floats: ...
    @overload
    def __getitem__(self, place: slice) -> list[Floats]: ...
    def __getitem__(self, place: int | slice) -> Floats | list[Floats]:
        if isinstance(place, slice):
            return [self._one(window) for window in self._windows[place]]
        return self._one(self._windows[place])

    def _one(self, window: Window) -> Floats:
        signals = window.recording.signals
        end = window.until if np.isfinite(window.until) else window.recording.span[1]
        parts = [
            np.stack([np.full(len(part.times), float(number)), part.times - end, part.values])
            for number, name in enumerate(self._channels)
            if name in signals and len((part := signals[name].between(window.after, window.until)).times)
        ]
        return np.concatenate(parts, axis=1)


def unpacked(row: Floats, channels: int) -> list[Signal]:
    """The signals of a window, one a channel."""
    ends = np.searchsorted(row[0], np.arange(channels + 1))
    return [Signal(row[1, a:b], row[2, a:b]) for a, b in pairwise(ends)]
