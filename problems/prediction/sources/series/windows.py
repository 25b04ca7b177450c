"""Which stretches of a recording become rows, and what each is labelled with.

A window is `(end - length, end]`: what was measured at its end belongs to it, nothing later does. Its label
is the class of its person, that of the annotation which covers it, or whether the event comes within the
horizon `(end, end + horizon]`. Where a person was not followed to the end of the horizon and no event was
seen within it, nobody knows: such a window is censored, counted, and gets no label. A window that ends at the
event or later asks nothing, and is left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from escalation.model.errors import BadInput
from escalation.text.wording import counted
from problems.prediction.sources.series.recordings import ROUNDING, Recording
from toolbox.arrays.types import Floats

YES, NO = "yes", "no"
MOST_WINDOWS = 500_000


@dataclass(frozen=True)
class Stretches:
    """How recordings are cut; lengths in the unit of their times.

    Attributes:
        length: of a window; None for all that came before its end.
        step: from one window's end to the next; None for a window at each time of measurement.
        whole: one row a recording, however long it is.
    """

    length: float | None = None
    step: float | None = None
    whole: bool = False


@dataclass(frozen=True)
class Followed:
    """Until when a person was watched, and whether the event then came."""

    until: float
    happened: bool


@dataclass(frozen=True)
class Window:
    """A row to be: a stretch of a recording, and its label."""

    recording: Recording
    after: float
    until: float
    label: str | None = None


@dataclass
class Counts:
    """Windows that became no rows, by reason, and persons with some of them."""

    empty: int = 0
    past: int = 0
    censored: int = 0
    unmarked: int = 0
    censored_people: set[str] = field(default_factory=set)

    def remarks(self, horizon: str) -> tuple[str, ...]:
        """One line a reason."""
        found = []
        if self.censored:
            found.append(
                f"{counted(self.censored, 'window is', 'windows are')} censored "
                f"({len(self.censored_people):,} "
                f"persons): no event, but not followed for {horizon} after it; left out, never taken for "
                "no event"
            )
        if self.past:
            found.append(
                f"{counted(self.past, 'window', 'windows')} left out: the event had come, or nobody "
                "watched any more"
            )
        if self.empty:
            found.append(f"{counted(self.empty, 'window', 'windows')} left out: nothing was measured within")
        if self.unmarked:
            found.append(
                f"{counted(self.unmarked, 'window', 'windows')} left out: no annotation of those named "
                "covers it"
            )
        return tuple(found)


def cut(recordings: Sequence[Recording], cutting: Stretches) -> Iterator[Window]:
    """Yields the windows of all recordings, in order."""
    made = 0
    for recording in recordings:
        if cutting.whole:
            yield Window(recording, -np.inf, np.inf)
            continue
        ends = _ends(recording, cutting)
        made += len(ends)
        if made > MOST_WINDOWS:
            raise too_many(made)
        after = np.full(len(ends), -np.inf) if cutting.length is None else ends - cutting.length
        for begin, end in zip(_at_samples(recording, after), _at_samples(recording, ends), strict=True):
            yield Window(recording, float(begin), float(end))


def too_many(count: float) -> BadInput:
    """The complaint about windows beyond what is made."""
    got = f"{count:,.0f}" if np.isfinite(count) else "more than can be counted"
    return BadInput(f"instance: expected at most {MOST_WINDOWS:,} windows, got {got}: take a longer step")


def _ends(recording: Recording, cutting: Stretches) -> Floats:
    if cutting.step is None:
        return recording.times
    first, last = recording.span
    # the first sample stands for the spacing before it: 3,000 samples are a window of 3,000
    start = first + (cutting.length or cutting.step) - recording.spacing
    exact = (last + recording.slack - start) / cutting.step
    if not exact < MOST_WINDOWS:  # before they are made: a step may be any small number
        raise too_many(exact)
    count = max(int(np.floor(exact)) + 1, 0)
    return np.asarray(start + cutting.step * np.arange(count), dtype=np.float64)


def _at_samples(recording: Recording, ends: Floats) -> Floats:
    """Ends as the times of the samples that they fall on: rounding would move a sample to the next window."""
    times = recording.times
    near = times[np.maximum(np.searchsorted(times, ends + recording.slack, side="right") - 1, 0)]
    return np.where(np.abs(near - ends) <= recording.slack, near, ends)


def measured(windows: Iterator[Window], counts: Counts) -> Iterator[Window]:
    """Leaves windows out in which nothing was measured."""
    for window in windows:
        times = window.recording.times
        first, last = np.searchsorted(times, [window.after, window.until], side="right")
        if first == last:
            counts.empty += 1
        else:
            yield window


def within_horizon(
    windows: Iterator[Window], followed: Mapping[str, Followed], horizon: float, counts: Counts
) -> Iterator[Window]:
    """Labels windows by whether the event comes within the horizon; persons by `key`."""
    for window in windows:
        seen = followed[window.recording.key]
        near = ROUNDING * max(abs(seen.until), abs(window.until))
        if window.until >= seen.until - near:
            counts.past += 1
        elif seen.happened and seen.until <= window.until + horizon + near:
            yield _labelled(window, YES)
        elif seen.until >= window.until + horizon - near:
            yield _labelled(window, NO)
        else:
            counts.censored += 1
            counts.censored_people.add(window.recording.person)


def annotated(windows: Iterator[Window], named: Mapping[str, str], counts: Counts) -> Iterator[Window]:
    """Labels windows by the annotation that covers the whole of them; `named` gives its class.

    A sample stands for the spacing that begins with it.
    """
    for window in windows:
        spacing, slack = window.recording.spacing, window.recording.slack
        begin, end = window.after + spacing + slack, window.until + spacing - slack
        classes = {
            named[each.text]
            for each in window.recording.annotations
            if each.text in named and each.onset <= begin and end <= each.onset + each.duration
        }
        if len(classes) == 1:
            yield _labelled(window, classes.pop())
        else:
            counts.unmarked += 1


def _labelled(window: Window, label: str) -> Window:
    return replace(window, label=label)
