"""When: the time until an event, which of some rows is only known to come later than they were seen."""

from collections.abc import Mapping, Sequence

import numpy as np

from escalation.model.complaints import apart
from escalation.model.errors import BadInput
from problems.prediction.stated.spec import ColumnsSpec
from problems.prediction.tasks.classes import FLAGS
from problems.prediction.tasks.reading import amounts, class_texts
from problems.prediction.tasks.task import Asking, Labelled, Outcomes, TaskMetric
from toolbox.arrays.types import Flags, Floats, Ints
from toolbox.stats import paired
from toolbox.stats.bounds import Bound
from toolbox.stats.groups import kish_size
from toolbox.stats.survival import Censored, kaplan_meier
from toolbox.stats.survival_bounds import METRICS, Predicted, bound, dependence, depends_below, missing
from toolbox.tables.raw import RawTable

STEPS = 20
"""Times at which survival is predicted, in equal steps to the horizon: none is read off the outcomes."""

FOLLOWED = 0.1
"""Share of rows that are still seen at a horizon that is proposed."""
LEAST_FOLLOWED = 40
"""Rows, where there are few."""


class TimeToEvent:
    """Times; predictions are probabilities of no event yet by each time of a grid, shape (n, T)."""

    name = "time_to_event"
    fields: tuple[str, ...] = ("event", "horizon")
    least = 1
    of_either = "of either kind"
    metrics: Mapping[str, TaskMetric] = {
        name: TaskMetric("at_most" if each.less_is_better else "at_least") for name, each in METRICS.items()
    }

    def read(self, table: RawTable, spec: ColumnsSpec) -> Labelled:
        """Times are float64, from 0 on.

        Raises:
            BadInput: on times below 0 or missing, an event that is neither 0 nor 1, no event or no censoring
                at all, and a horizon that nobody was seen at.
        """
        times, unit, remarks = amounts(table, spec.target)
        for place in np.flatnonzero(times < 0)[:1]:
            raise BadInput(
                f"target column {spec.target!r}, {table.where[place]}: expected a time from 0 on, got "
                f"{times[place]:g}"
            )
        events = _events(table, spec)
        horizon = _horizon(times, events, spec)
        stated = {"horizon": horizon, "times": grid(horizon).tolist(), "unit": unit or None}
        asked = {name: value for name, value in stated.items() if value is not None}
        return Labelled(
            Outcomes(times, events), Asking(self.name, (), asked), (*remarks, *_seen(times, events, horizon))
        )

    def strata(self, outcomes: Outcomes) -> Ints:
        """Whether the time ended with the event, and whether it is an early one."""
        late = outcomes.values > np.median(outcomes.values) if len(outcomes) else np.zeros(0, dtype=np.bool_)
        return np.unique(2 * _flags(outcomes) + late, return_inverse=True)[1]

    def kinds(self, outcomes: Outcomes, asked: Asking) -> Mapping[str, Flags]:
        """Rows with the event by the horizon, and those known to have outlasted it."""
        rows, horizon = _censored(outcomes), float(asked.parameters["horizon"])
        happened = rows.happened(horizon)
        return {
            f"with the event by {horizon:g}": happened,
            f"known to be without the event at {horizon:g}": rows.known(horizon) & ~happened,
        }

    def shape(self, rows: int, asked: Asking) -> tuple[int, ...]:
        """A probability a row and time."""
        return (rows, len(asked.parameters["times"]))

    def wrong(self, predictions: Floats, asked: Asking) -> str:
        """Whether they are probabilities that do not rise with time."""
        if not bool(np.all((predictions >= 0) & (predictions <= 1))):
            return "expected probabilities of no event from 0 to 1, got a value outside or NaN"
        if bool(np.any(np.diff(predictions, axis=1) > 0)):
            return "expected probabilities of no event that do not rise along the times of the grid"
        return ""

    def needed(self, metric: str, outcomes: Outcomes, asked: Asking) -> Mapping[str, Flags]:
        """Both kinds."""
        return self.kinds(outcomes, asked)

    def perfect(self, outcomes: Outcomes, asked: Asking) -> Floats:
        """Survival of 1 until the event and next to nothing from then on, the less the earlier it is.

        Censored rows have the event later, or not by the horizon, in the shares of Kaplan and Meier.
        """
        horizon, times = float(asked.parameters["horizon"]), np.asarray(asked.parameters["times"])
        until = _completed(_censored(outcomes), horizon)
        order = np.argsort(np.argsort(until, kind="stable")) + 1.0
        left = np.where(until <= horizon, SMALL * order / (len(order) + 1), 1.0)
        return np.where(times[None, :] < until[:, None], 1.0, left[:, None])

    def bound(self, metric: str, rows: Outcomes, predictions: Floats, asked: Asking, alpha: float) -> Bound:
        """See `toolbox.stats.survival_bounds`; 0 or 1 where none of these holds, and why."""
        of = predicted(rows, predictions, asked)
        why = missing(of.rows, of.horizon)
        chance = 1.0 if why else dependence(of.rows, of.risk, of.horizon)
        if chance < depends_below(kish_size(of.groups)):
            why = (
                f"who is censored depends on the predicted risk (p = {chance:.2g}), so that none of the "
                "bounds for censored times holds"
            )
        if not why:
            return bound(metric, of, alpha)
        how = METRICS[metric]
        trivial = 1.0 if how.less_is_better else 0.0
        return Bound(abs(how.measure(of).estimate), trivial, f"no bound but {trivial:g}: {why}")

    def compare(
        self, metric: str, rows: Outcomes, candidate: Floats, control: Floats, asked: Asking
    ) -> tuple[float, float]:
        """By the rows' influences on both."""
        how = METRICS[metric]
        found = [how.measure(predicted(rows, each, asked)) for each in (candidate, control)]
        sign = -1.0 if how.less_is_better else 1.0
        signs = [sign * (np.sign(each.estimate) if how.signed else 1.0) for each in found]
        measured = [
            (of * each.estimate, of * each.influence / len(rows))
            for of, each in zip(signs, found, strict=True)
        ]
        return paired.compare_influences(measured[0], measured[1], rows.grouped)


SMALL = 1e-6
"""Survival beyond the event that tells an early one from a late one, and no score of it from 0."""


def grid(horizon: float) -> Floats:
    """The times at which survival until a horizon is predicted, shape (T,); the last is the horizon."""
    return np.append(horizon * np.arange(1, STEPS) / STEPS, horizon)  # the last one without rounding


def predicted(rows: Outcomes, predictions: Floats, asked: Asking) -> Predicted:
    """Outcomes with the survival that is predicted of them."""
    times = np.asarray(asked.parameters["times"], dtype=np.float64)
    return Predicted(_censored(rows), predictions, times, float(asked.parameters["horizon"]), rows.grouped)


def _censored(outcomes: Outcomes) -> Censored:
    return Censored(outcomes.values.astype(np.float64), _flags(outcomes))


def _flags(outcomes: Outcomes) -> Flags:
    assert outcomes.events is not None  # read with the times
    return np.asarray(outcomes.events, dtype=np.bool_)


def _completed(rows: Censored, horizon: float) -> Floats:
    """Times of the event, of censored rows a later one for every so many of them as Kaplan and Meier say."""
    outlast = kaplan_meier(rows.times, rows.events)
    share = float(outlast.at(np.array([horizon]))[0])
    lost = np.flatnonzero(~rows.known(horizon))
    lost = lost[np.argsort(rows.times[lost], kind="stable")]
    expected = 1 - share / np.maximum(outlast.at(rows.times[lost]), max(share, 1e-12))
    happens = np.diff(np.floor(np.cumsum(expected) + 0.5), prepend=0.0) > 0
    until = np.where(rows.happened(horizon), rows.times, np.inf)
    # in the middle of the events to come, so that who is censored has no other risk than who is not
    levels = (outlast.at(rows.times[lost[happens]]) + share) / 2
    place = np.minimum(np.searchsorted(-outlast.values, -levels), len(outlast.times) - 1)
    until[lost[happens]] = np.minimum(np.nextafter(outlast.times[place], np.inf), horizon)
    return until


def _events(table: RawTable, spec: ColumnsSpec) -> Flags:
    if spec.event is None:
        raise BadInput(
            "instance: event: with `task: time_to_event` expected the column that says whether the event "
            "happened (1) or the row was last seen without it (0), got none"
        )
    if spec.event not in table.columns:
        raise BadInput(f"event column {spec.event!r} is missing")
    texts = class_texts(table, spec.event)
    known = next((flags for flags in FLAGS if set(texts) <= set(flags)), None)
    if known is None:
        place = next(place for place, text in enumerate(texts) if not any(text in each for each in FLAGS))
        raise BadInput(
            f"event column {spec.event!r}, {table.where[place]}: expected 1 (the event happened) or 0 (last "
            f"seen without it), got {texts[place]!r}"
        )
    events = np.array([text == known[1] for text in texts])
    if not events.any():
        raise BadInput(f"event column {spec.event!r}: no row has the event: expected some with 1")
    if events.all():
        raise BadInput(
            f"event column {spec.event!r}: every row has the event, none is censored: where all times are "
            "known, `task: regression` predicts them"
        )
    return events


def _horizon(times: Floats, events: Flags, spec: ColumnsSpec) -> float:
    proposed = _proposed(times, events)
    if spec.horizon is None:
        with apart():
            raise BadInput(
                f"instance: horizon: with `task: time_to_event` expected the time until which survival is "
                f"predicted, got none; enough rows are still seen at {proposed:g}",
                mends={"horizon": float(f"{proposed:g}")},
            )
        return proposed
    last = float(times.max())
    if spec.horizon > last:
        raise BadInput(
            f"instance: horizon: expected a time at which rows are still seen, got {spec.horizon:g}, after "
            f"the last one, {last:g}; enough rows are still seen at {proposed:g}"
        )
    if not np.any(events & (times <= spec.horizon)):
        raise BadInput(
            f"instance: horizon: no row has the event by {spec.horizon:g}; the first has it at "
            f"{times[events].min():g}"
        )
    return float(spec.horizon)


def _proposed(times: Floats, events: Flags) -> float:
    """The largest time of two digits at which a tenth of the rows is still seen, of few rows enough for both
    parts and the folds."""
    share = min(max(FOLLOWED, LEAST_FOLLOWED / len(times)), 0.5)
    late = float(np.quantile(times, 1 - share))
    digits = 10.0 ** (np.floor(np.log10(late)) - 1) if late > 0 else 1.0
    return float(np.floor(late / digits) * digits)


def _seen(times: Floats, events: Flags, horizon: float) -> Sequence[str]:
    lost = int(np.sum(~events & (times < horizon)))
    happened = int(np.sum(events & (times <= horizon)))
    return (
        f"by {horizon:g}, {happened:,} of {len(times):,} rows have the event; {lost:,} are censored before, "
        "and count through the rows that were seen for longer",
    )
