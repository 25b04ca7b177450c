"""What was measured of one person over time, before it becomes rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from toolbox.arrays.types import Floats

ALIKE = 1e-3
"""Relative difference of distances between samples up to which they count as equal."""
ROUNDING = 1e-12
"""Of times, relative: of seconds since 1970 as days, of sums of steps."""


@dataclass(frozen=True, eq=False)
class Signal:
    """One channel: values at strictly increasing times, NaN where one is missing; shape (n,) both."""

    times: Floats
    values: Floats

    @property
    def spacing(self) -> float:
        """The distance of samples where it is the same throughout; NaN where it is not, or of one sample."""
        if len(self.times) < 2:
            return float("nan")
        steps = np.diff(self.times)
        middle = float(np.median(steps))
        return middle if np.all(np.abs(steps - middle) <= ALIKE * middle) else float("nan")

    def between(self, after: float, until: float) -> "Signal":
        """The samples with `after < time <= until`."""
        first, last = np.searchsorted(self.times, [after, until], side="right")
        return Signal(self.times[first:last], self.values[first:last])


@dataclass(frozen=True)
class Annotation:
    """What somebody said of a stretch of time; `duration` 0 where it is a moment."""

    onset: float
    duration: float
    text: str


@dataclass(frozen=True, eq=False)
class Recording:
    """One person's channels, or those of one file.

    Attributes:
        person: whose it is; recordings of one person are never divided.
        where: how it is named to the user.
        signals: by channel.
        label: its class where the file says one.
        annotations: of stretches of its time.
        key: what a table of people knows it by.
    """

    person: str
    where: str
    signals: Mapping[str, Signal]
    label: str | None = None
    annotations: tuple[Annotation, ...] = ()
    key: str = ""

    def in_unit(self, seconds: float) -> "Recording":
        """The same with times in another unit than seconds."""
        signals = {name: Signal(each.times / seconds, each.values) for name, each in self.signals.items()}
        said = tuple(Annotation(a.onset / seconds, a.duration / seconds, a.text) for a in self.annotations)
        return replace(self, signals=signals, annotations=said)

    @cached_property
    def times(self) -> Floats:
        """All times at which something was measured, each once."""
        moments = [signal.times[~np.isnan(signal.values)] for signal in self.signals.values()]
        return np.unique(np.concatenate(moments)) if moments else np.empty(0)

    @cached_property
    def span(self) -> tuple[float, float]:
        """The first and the last time at which something was measured."""
        return float(self.times[0]), float(self.times[-1])

    @cached_property
    def spacing(self) -> float:
        """The distance of samples of the fastest regular channel, among which the others' lie; 0 of none."""
        found = (signal.spacing for signal in self.signals.values())
        return min((each for each in found if not np.isnan(each)), default=0.0)

    @cached_property
    def slack(self) -> float:
        """By how much a time may be off without being another one."""
        return max(ALIKE * self.spacing, ROUNDING * max(map(abs, self.span)))


@dataclass(frozen=True)
class Recordings:
    """All that a source's files hold.

    Attributes:
        each: in the order of the files.
        channels: their names, in order.
        dated: whether times are seconds since 1970 rather than numbers of the user's own.
        source: small JSON data on where they come from.
        remarks: what a reader should know.
    """

    each: Sequence[Recording]
    channels: tuple[str, ...]
    dated: bool = False
    source: Mapping[str, object] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def in_unit(self, seconds: float) -> "Recordings":
        """The same with times in another unit than seconds."""
        if seconds == 1:
            return self
        return replace(self, each=[one.in_unit(seconds) for one in self.each])

    @cached_property
    def spacing(self) -> float:
        """The distance of samples where it is the same in all signals; NaN where it is not."""
        found = [s.spacing for one in self.each for s in one.signals.values() if len(s.times) > 1]
        if not found or np.isnan(found).any():
            return float("nan")
        middle = float(np.median(found))
        return middle if all(abs(each - middle) <= ALIKE * middle for each in found) else float("nan")
