"""Where an answer that is no probability of one class is worse than its certificate sounds."""

from collections.abc import Iterator, Sequence
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from escalation.model.problem import Target
from escalation.text.rounding import Way, rounded
from escalation.text.wording import listed
from problems.prediction.report.pictures import confusion
from problems.prediction.report.predicted_rows import PredictedRows, parts, sided
from problems.prediction.tasks.time_to_event import predicted
from toolbox.stats.survival_curves import risk_groups

if TYPE_CHECKING:
    from problems.prediction.tables.instance import TableInstance

MOST_NAMED = 8
MOST_TIMES = 20_000
"""Rows with times up to which subgroups are bounded: a bound compares pairs of rows."""
ERRORS = 3.0
"""Standard errors from which on a mean is called off."""
LEAST_OFF = 0.1
"""Of the standard deviation of errors: a mean that is less off is not worth a word."""


def shortcomings_by_task(instance: "TableInstance", target: Target, rows: PredictedRows) -> Iterator[str]:
    """Yields a sentence on each."""
    yield from _of_subgroups(instance, target, rows)
    if rows.asked.classes:
        yield from _never_called(rows)
    elif rows.asked.task == "regression":
        yield from _off_in_the_mean(rows)
    else:
        yield from _off_by_the_horizon(rows)


def _of_subgroups(instance: "TableInstance", target: Target, rows: PredictedRows) -> Iterator[str]:
    if rows.asked.task == "time_to_event" and len(rows.outcomes) > MOST_TIMES:
        return
    chance, missed, untold = [], [], []
    for column, name, part in parts(instance, rows):
        who = f"{column} {name}" if name[:1] in "≤>" else f"{column} = {name}"
        count = f"{len(part.outcomes)} rows{', too few to tell much' if part.small else ''}"
        found = part.bound(target.metric)
        if found is None or not isfinite(found.value):
            untold.append(f"{who} ({count})")
            continue
        said = f"{who} ({count}; {rounded(found.estimate)}, {sided(rows.asked, target.metric, found.value)})"
        blind = _blind(target.metric, part)
        if blind is not None and found.value <= blind:
            chance.append(said)
        elif not target.reached_by(found.value):
            missed.append(said)
    each = f"of {target.metric}, one-sided 95 % each on its own"
    if chance:
        yield f"No better than chance, for all that is shown ({each}), in the subgroups {_named(chance)}."
    if missed:
        yield f"The target {target.limit_shown} is not shown ({each}) in the subgroups {_named(missed)}."
    if untold:
        yield f"No bound holds of {target.metric} in the subgroups {_named(untold)}."


def _blind(metric: str, part: PredictedRows) -> float | None:
    """What saying the same of every row comes to; None where that is no one number."""
    if metric == "accuracy":
        return float(np.bincount(part.outcomes.values.astype(np.intp)).max() / len(part.outcomes))
    if metric == "balanced_accuracy":
        return 1 / len(part.asked.classes)
    halves = dict.fromkeys(("macro_roc_auc", "concordance", "roc_auc"), 0.5)
    return {**halves, **dict.fromkeys(("weighted_kappa", "rank_correlation", "r_squared"), 0.0)}.get(metric)


def _named(said: Sequence[str]) -> str:
    more = len(said) - MOST_NAMED
    return "; ".join(said[:MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")


def _never_called(rows: PredictedRows) -> Iterator[str]:
    """Classes that rows have and that none is taken for."""
    counts = confusion(rows)
    lost = np.flatnonzero((counts.sum(axis=1) > 0) & (counts.sum(axis=0) == 0))
    what = "level" if rows.asked.task == "ordinal" else "class"
    if len(lost):
        said = listed([f"{rows.asked.classes[each]} ({int(counts[each].sum())} rows are)" for each in lost])
        yield f"No row kept aside is taken for the {what} {said}: the model does not tell it from others."


def _off_in_the_mean(rows: PredictedRows) -> Iterator[str]:
    errors = rows.outcomes.values - rows.predictions
    groups = rows.outcomes.grouped
    if len(np.unique(groups)) < 2:
        return
    sums = np.bincount(groups, weights=errors - errors.mean())
    spread = float(np.sqrt(len(sums) / (len(sums) - 1) * np.sum(sums**2))) / len(errors)
    off = float(errors.mean())
    if abs(off) > max(ERRORS * spread, LEAST_OFF * float(errors.std())):
        unit = f" {rows.unit}" if rows.unit else ""
        way = "low" if off > 0 else "high"
        yield (
            f"Predictions are too {way} in the mean, by {rounded(abs(off))}{unit} "
            f"(standard error {rounded(spread)})."
        )


def _off_by_the_horizon(rows: PredictedRows) -> Iterator[str]:
    """Where the mean predicted risk lies outside the limits of the observed one."""
    of = predicted(rows.outcomes, rows.predictions, rows.asked)
    (every,) = risk_groups(of, 1)
    if not every.low <= every.predicted <= every.high:
        unit = f" {rows.unit}" if rows.unit else ""
        low, high = rounded(every.low, Way.DOWN), rounded(every.high, Way.UP)
        yield (
            f"Predicted risks are off: by {of.horizon:g}{unit} they are {rounded(every.predicted)} in the "
            f"mean, where {rounded(every.observed)} was observed (95 % from {low} to {high}). Ranks may be "
            "used, risks not."
        )
