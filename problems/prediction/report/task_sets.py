"""What the report shows of sets of classes and levels, of intervals, and of times that are outlasted."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from escalation.model.attempt import Candidate
from escalation.text.rounding import Way, rounded
from problems.prediction.prediction_sets.rules import censored
from problems.prediction.prediction_sets.task_sets import StatedSets
from problems.prediction.report.sealed_rows import SealedCoverage, coverage, share_of
from problems.prediction.report.set_figures import interval_figure, least_times_figure, set_size_figure
from problems.prediction.tables.subgroups import from_low_to_high
from problems.prediction.tasks.task import Asking, Outcomes
from problems.prediction.verify.recomputation import Forged, claim_of_sets, stated_sets
from toolbox.arrays.types import Flags, Floats
from toolbox.drawing.html_tables import pairs, table, text
from toolbox.stats.groups import kish_size
from toolbox.stats.survival_conformal import share_outlasting

if TYPE_CHECKING:
    from problems.prediction.tables.instance import TableInstance

PARTS = 5
SIZES = {
    "labels": "mean number in the set",
    "interval": "mean width",
    "outlasted": "median time promised",
}


def sets_section(
    instance: "TableInstance", candidate: Candidate, rows: tuple[Outcomes, Floats], name: str
) -> str:
    """Returns HTML: what was promised, a picture, and how often the promise was kept, by part and subgroup.

    Args:
        instance: with its sealed rows.
        candidate: a verified one.
        rows: outcomes and predictions of the sealed rows.
        name: begins every id.
    """
    told = candidate.notes.get("conformal")
    told = told if isinstance(told, Mapping) else {}
    outcomes, asked = rows[0], instance.asked
    try:
        sets = stated_sets(candidate, len(outcomes), asked)
        if sets is None:
            because = f": {told['because']}" if told.get("because") else ""
            return f"<p>No prediction sets{text(because)}.</p>"
        claim = claim_of_sets(candidate, asked)
    except Forged as finding:
        return f"<p>{text(str(finding))}</p>"
    lines = [
        _line(claim, part, outcomes.take(kept), sets[kept])
        for part, kept in _parts(instance, outcomes, rows[1])
        if kept.any()
    ]
    header = ("rows", "n", "held", "95 % from", "to", SIZES[claim.rule.kind], *_kinds(claim))
    caption = f"{WORDS[claim.rule.kind]}: share of rows kept aside of which it holds, each part by itself"
    return _promised(claim, told) + _picture(claim, asked, rows, sets, name) + table(header, lines, caption)


WORDS = {
    "labels": "Prediction sets that hold the true class or level",
    "interval": "Intervals that hold the outcome",
    "outlasted": "Times that are outlasted, events before them weighted for censoring, intervals approximate",
}


def _parts(instance: "TableInstance", outcomes: Outcomes, predictions: Floats) -> Iterator[tuple[str, Flags]]:
    yield "all", np.ones(len(outcomes), dtype=np.bool_)
    if instance.asked.classes:
        for place, own in enumerate(instance.asked.classes):
            yield own, np.asarray(outcomes.values == place, dtype=np.bool_)
    else:
        said = predictions if predictions.ndim == 1 else predictions[:, -1]
        for place, part in enumerate(np.array_split(np.argsort(said, kind="stable"), PARTS), start=1):
            yield f"predicted, fifth {place} of {PARTS}", np.isin(np.arange(len(said)), part)
    for column, names in instance.subgroups.items():
        values = np.array([str(each) for each in names], dtype=object)
        for each in sorted(set(values), key=from_low_to_high):
            yield f"{column} = {each}", np.asarray(values == each, dtype=np.bool_)


def _kinds(claim: StatedSets) -> tuple[str, ...]:
    return ("only one in the set",) if claim.rule.kind == "labels" else ()


def _line(claim: StatedSets, part: str, rows: Outcomes, sets: NDArray[Any]) -> tuple[Any, ...]:
    found, sizes = held_of(claim, rows, sets), claim.rule.sizes(sets)
    size = float(np.median(sizes) if claim.rule.kind == "outlasted" else np.mean(sizes))
    low, high = rounded(found.low, Way.DOWN), rounded(found.high, Way.UP)
    alone = (float(np.mean(sizes == 1)),) if claim.rule.kind == "labels" else ()
    return part, len(rows), found.share, low, high, size, *alone


def held_of(claim: StatedSets, rows: Outcomes, sets: NDArray[Any]) -> SealedCoverage:
    """How often the outcome is in its set; of censored rows, by weights."""
    if rows.events is None:
        return coverage(claim.rule.held(sets, rows), rows.grouped)
    share, worth = share_outlasting(censored(rows), sets)
    return share_of(share, kish_size(rows.grouped) * worth)


def _promised(claim: StatedSets, told: Mapping[str, Any]) -> str:
    """The method's words, but its thresholds gave the verifier these sets."""
    lines = [
        ("nominal coverage", claim.coverage),
        *((name, told[name]) for name in ("method", "guarantee", "caveat") if told.get(name)),
        ("made by another model than the certified one", told.get("model")),
        ("calibrated on", told.get("calibrated_on")),
    ]
    return pairs(lines, "What the prediction sets promise")


def _picture(
    claim: StatedSets, asked: Asking, rows: tuple[Outcomes, Floats], sets: NDArray[Any], name: str
) -> str:
    unit, outcomes = str(asked.parameters.get("unit") or ""), rows[0]
    if claim.rule.kind == "labels":
        drawn = set_size_figure(claim.rule.sizes(sets), claim.rule.held(sets, outcomes), f"{name}-sets")
    elif claim.rule.kind == "interval":
        drawn = interval_figure(outcomes.values.astype(np.float64), sets, f"{name}-sets", unit)
    else:
        seen = censored(outcomes)
        drawn = least_times_figure(seen.times, seen.events, sets, f"{name}-sets", unit)
    return f'<div class="figures"><figure>{drawn}</figure></div>'
