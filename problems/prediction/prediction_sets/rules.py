"""What stands beside a prediction by task: a set of classes or levels, an interval, a time that is outlasted.

A rule turns what a set model says into these, by thresholds that calibration rows have set; the verifier, the
report and `tierwise predict` make them again in the same way. Sets of two classes are in `split_conformal`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from escalation.model.errors import BadInput
from problems.prediction.tasks.task import Asking, Outcomes
from toolbox.arrays.types import Flags, Floats
from toolbox.stats import conformal, conformal_intervals, conformal_sets
from toolbox.stats.conformal import Coverage
from toolbox.stats.groups import kish_size
from toolbox.stats.survival import Censored
from toolbox.stats.survival_bounds import dependence, depends_below, missing
from toolbox.stats.survival_conformal import known_to_fail, outlasted, times_outlasted

MIN_PER_CLASS = 50
"""Calibration rows of the rarest class from which sets of several classes are calibrated class by class."""

MIN_GROUPS = 25
"""Groups of calibration rows below which nothing is promised: they count, and not their rows."""

FLOOR = "floor"
"""What no interval goes below, among the parameters of what is asked; only where no open outcome does."""

SLACK = 1e-8
"""By how much a score may exceed its threshold: equal but for rounding."""


@dataclass(frozen=True, eq=False)
class SetThresholds:
    """Attributes:
    thresholds: as the rule takes them.
    promises: by what they hold of, as JSON.
    how: in words, for a reader.
    guarantee: likewise.
    """

    thresholds: tuple[float, ...]
    promises: Mapping[str, Mapping[str, float]]
    how: str
    guarantee: str


class SetRule(Protocol):
    """Methods take what the set model says: `said`, an array whose first axis are rows."""

    kind: ClassVar[str]

    def calibrate(self, said: Floats, rows: Outcomes, asked: Asking, coverage: float) -> SetThresholds:
        """Sets the thresholds on rows that the model has not seen.

        Raises:
            BadInput: where these rows promise nothing, with the reason.
        """
        ...

    def count(self, asked: Asking) -> int:
        """The number of thresholds."""
        ...

    def stated(self, rows: int, asked: Asking) -> tuple[type[np.generic], tuple[int, ...]]:
        """Type and shape of the file `sealed_sets`."""
        ...

    def fits(self, said: Floats, rows: int, asked: Asking) -> bool:
        """Whether a set model's words have the shape that the rule takes."""
        ...

    def made(
        self, said: Floats, thresholds: Sequence[float], asked: Asking, more: float = 0.0
    ) -> NDArray[Any]:
        """The sets; those that `more` moves the thresholds to, for what rounding may have done."""
        ...

    def held(self, sets: NDArray[Any], rows: Outcomes) -> Flags:
        """Rows whose outcome is in their set, or is not known to be outside."""
        ...

    def sizes(self, sets: NDArray[Any]) -> Floats:
        """Labels in each set, widths of intervals, or times."""
        ...


@dataclass(frozen=True)
class LabelSets:
    """Sets of classes or levels; what is said are their probabilities, shape (n, K)."""

    scores: Callable[[Floats], Floats]
    ordered: bool
    kind: ClassVar[str] = "labels"

    def calibrate(self, said: Floats, rows: Outcomes, asked: Asking, coverage: float) -> SetThresholds:
        labels = rows.values.astype(np.intp)
        own = self.scores(said)[np.arange(len(labels)), labels]
        parts = {name: labels == label for label, name in enumerate(asked.classes)}
        by_class = all(_enough(part, rows.groups) for part in parts.values())
        if not by_class:
            parts = {"all": np.ones(len(labels), dtype=np.bool_)}
        promises = {name: _promise(own, part, coverage, rows.groups) for name, part in parts.items()}
        limits = tuple(each.threshold for each in promises.values())
        what = "level" if self.ordered else "class"
        return SetThresholds(
            limits if by_class else limits * len(asked.classes),
            {name: each.to_json() for name, each in promises.items()},
            "split conformal, central sets of levels without gaps (Chernozhukov and others 2021)"
            if self.ordered
            else "split conformal, adaptive sets (Romano and others 2020; Angelopoulos and others 2021)",
            f"a set holds the true {what} with probability {coverage:g} or more "
            + (
                f"in each {what}"
                if by_class
                else f"over all {'levels' if self.ordered else 'classes'} together"
            ),
        )

    def count(self, asked: Asking) -> int:
        return len(asked.classes)

    def stated(self, rows: int, asked: Asking) -> tuple[type[np.generic], tuple[int, ...]]:
        return np.bool_, (rows, len(asked.classes))

    def fits(self, said: Floats, rows: int, asked: Asking) -> bool:
        return said.shape == (rows, len(asked.classes))

    def made(
        self, said: Floats, thresholds: Sequence[float], asked: Asking, more: float = 0.0
    ) -> NDArray[Any]:
        sets = conformal_sets.within(self.scores(said), np.asarray(thresholds) + (SLACK + more))
        return conformal_sets.filled(sets) if self.ordered else sets

    def held(self, sets: NDArray[Any], rows: Outcomes) -> Flags:
        return np.asarray(sets[np.arange(len(rows)), rows.values.astype(np.intp)], dtype=np.bool_)

    def sizes(self, sets: NDArray[Any]) -> Floats:
        return np.asarray(sets.sum(axis=1), dtype=np.float64)


class Intervals:
    """Intervals of numbers; what is said is the number and the spread of its error, shape (n, 2)."""

    kind: ClassVar[str] = "interval"

    def calibrate(self, said: Floats, rows: Outcomes, asked: Asking, coverage: float) -> SetThresholds:
        values = rows.values.astype(np.float64)
        ends = conformal_intervals.thresholds(values, said[:, 0], said[:, 1], coverage, rows.groups)
        each = f"{100 * (1 - coverage) / 2:g} %"
        return SetThresholds(
            tuple(end.threshold for end in ends),
            {name: end.to_json() for name, end in zip(("below", "above"), ends, strict=True)},
            "split conformal, residuals scaled by a predicted spread (Lei and others 2018), each end alone",
            f"an interval holds the outcome with probability {coverage:g} or more; it lies below with at "
            f"most {each}, and above with at most {each}",
        )

    def count(self, asked: Asking) -> int:
        return 2

    def stated(self, rows: int, asked: Asking) -> tuple[type[np.generic], tuple[int, ...]]:
        return np.float64, (rows, 2)

    def fits(self, said: Floats, rows: int, asked: Asking) -> bool:
        return said.shape == (rows, 2) and bool(np.all(said[:, 1] > 0))

    def made(
        self, said: Floats, thresholds: Sequence[float], asked: Asking, more: float = 0.0
    ) -> NDArray[Any]:
        below, above = thresholds
        scale = np.maximum(np.abs(said).max(axis=1), 1.0) * more
        low, high = conformal_intervals.interval(said[:, 0], said[:, 1], below, above)
        ends = np.column_stack([low - scale, high + scale])
        limits = asked.parameters.get("range")  # no outcome is outside
        ends = np.clip(ends, *limits) if limits else ends
        return ends if FLOOR not in asked.parameters else np.maximum(ends, asked.parameters[FLOOR])

    def held(self, sets: NDArray[Any], rows: Outcomes) -> Flags:
        return np.asarray((sets[:, 0] <= rows.values) & (rows.values <= sets[:, 1]), dtype=np.bool_)

    def sizes(self, sets: NDArray[Any]) -> Floats:
        return np.asarray(sets[:, 1] - sets[:, 0], dtype=np.float64)


class LeastTimes:
    """Times that are outlasted; what is said is survival by each time of the grid, shape (n, T)."""

    kind: ClassVar[str] = "outlasted"

    def calibrate(self, said: Floats, rows: Outcomes, asked: Asking, coverage: float) -> SetThresholds:
        times, seen = _grid(asked), censored(rows)
        said, horizon = said[:, : len(times)], float(times[-1])
        if lacking := missing(seen, horizon):
            raise BadInput(lacking)
        chance = dependence(seen, 1 - said[:, -1], horizon)
        if chance < depends_below(kish_size(rows.grouped)):
            raise BadInput(
                f"who is censored depends on the predicted risk (p = {chance:.2g}), so that no weights make "
                "up for those who are"
            )
        found = outlasted(seen, said, times, coverage, rows.groups)
        if found.least > 1:
            raise BadInput("too many rows are censored early for a time to be promised")
        units = len(np.unique(rows.grouped))
        rank = min(units, int(np.ceil((units + 1) * coverage - 1e-9)))
        low, high = conformal.coverage_interval(units, rank)
        promise = {"rows": len(rows), "threshold": found.least, "low": low, "high": high}
        return SetThresholds(
            (found.least,),
            {"all": promise},
            "split conformal, weighted for censoring (Candès, Lei and Ren 2023; Tibshirani and others 2019)",
            f"a row outlasts its time with probability {coverage:g} or more, as far as censoring has nothing "
            "to do with the time of the event; no time is beyond the horizon",
        )

    def count(self, asked: Asking) -> int:
        return 1

    def stated(self, rows: int, asked: Asking) -> tuple[type[np.generic], tuple[int, ...]]:
        return np.float64, (rows,)

    def fits(self, said: Floats, rows: int, asked: Asking) -> bool:
        return said.shape == (rows, len(asked.parameters["times"]))

    def made(
        self, said: Floats, thresholds: Sequence[float], asked: Asking, more: float = 0.0
    ) -> NDArray[Any]:
        times = _grid(asked)  # of a smaller time more is held: it is the larger set
        return times_outlasted(said[:, : len(times)], times, thresholds[0] - SLACK + more)

    def held(self, sets: NDArray[Any], rows: Outcomes) -> Flags:
        return ~known_to_fail(censored(rows), sets)

    def sizes(self, sets: NDArray[Any]) -> Floats:
        return np.asarray(sets, dtype=np.float64)


RULES: Mapping[str, SetRule] = {
    "multiclass": LabelSets(conformal_sets.adaptive_scores, ordered=False),
    "ordinal": LabelSets(conformal_sets.central_scores, ordered=True),
    "regression": Intervals(),
    "time_to_event": LeastTimes(),
}
"""By task; of two classes see `split_conformal`."""


def censored(rows: Outcomes) -> Censored:
    """What was seen of rows with times."""
    if rows.events is None:
        raise ValueError("expected outcomes that say which times ended with the event, got none")
    return Censored(rows.values.astype(np.float64), np.asarray(rows.events, dtype=np.bool_))


def _grid(asked: Asking) -> Floats:
    """Times until the horizon: beyond it nothing is promised."""
    times, horizon = np.asarray(asked.parameters["times"], dtype=np.float64), asked.parameters["horizon"]
    return np.asarray(times[times <= float(horizon)])


def _enough(part: Flags, groups: Any) -> bool:
    if groups is not None and len(np.unique(groups[part])) < MIN_GROUPS:
        return False
    return int(part.sum()) >= MIN_PER_CLASS


def _promise(scores: Floats, part: Flags, coverage: float, groups: Any) -> Coverage:
    return conformal.promise(scores[part], coverage, None if groups is None else groups[part])
