"""Where an answer that was checked is worse than its certificate sounds, said before it is used.

A certificate speaks of all sealed rows at once, and of one metric. Subgroups that fall behind, probabilities
that are off and prediction sets that miss their promise are found here, on the same rows.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from escalation.model.attempt import Candidate
from escalation.model.certificate import Certificate
from escalation.model.problem import Target
from escalation.text.rounding import rounded
from problems.prediction.report.predicted_rows import parts
from problems.prediction.report.sealed_rows import (
    SealedRows,
    judged_rows,
    sided,
)
from problems.prediction.report.shortcomings_of_sets import of_sets
from problems.prediction.tasks.task import metric_of
from toolbox.stats import curves

if TYPE_CHECKING:
    from problems.prediction.tables.instance import TableInstance

ALPHA = 0.05
"""Of each bound in a subgroup."""
MOST_NAMED = 8
LEAST_ERROR = 0.02
"""Expected calibration error below which probabilities are not called off, however many the rows are."""


def shortcomings(
    instance: "TableInstance", target: Target, certificate: Certificate, candidate: Candidate
) -> Iterator[str]:
    """Yields a sentence on each."""
    yield from _of_controls(certificate)
    yield from _of_fields(instance, target)
    if instance.asked.task != "binary":
        yield from of_sets(instance, certificate, candidate)
        return
    rows = judged_rows(instance, certificate, candidate)
    if rows is None:
        return
    yield from _of_subgroups(instance, target, rows)
    yield from _of_calibration(rows)
    yield from of_sets(instance, certificate, candidate)


def _of_controls(certificate: Certificate) -> Iterator[str]:
    """Says which null controls are better on the rows kept aside than what is answered."""
    better = [each for each in certificate.controls if each.difference < 0]
    if better and certificate.estimate is not None:
        said = "; ".join(
            f"{each.name} {rounded(each.value)} beats {rounded(certificate.estimate)}" for each in better
        )
        yield f"A null control does better on the rows kept aside, so nothing speaks for the circuit: {said}."


def _of_fields(instance: "TableInstance", target: Target) -> Iterator[str]:
    """Says which stated parameter the target does not use."""
    name = "signal_efficiency"
    if name in instance.asked.parameters and name not in metric_of(instance.asked, target).needs:
        yield f"`{name}` has no effect on {target.metric} nor on the model: it adds figures to the report."


def _of_subgroups(instance: "TableInstance", target: Target, rows: SealedRows) -> Iterator[str]:
    chance, missed, untold = [], [], []
    metric = target.metric
    for column, name, part in parts(instance, rows):
        estimate, limit = part.bounded(metric, ALPHA)
        who = f"{column} {name}" if name[:1] in "≤>" else f"{column} = {name}"
        count = f"{len(part.labels)} rows{', too few to tell much' if part.small else ''}"
        if estimate is None or limit is None:
            untold.append(f"{who} ({count})")
            continue
        said = f"{who} ({count}; {rounded(estimate)}, {sided(metric, limit)})"
        if not _beats_chance(metric, part, limit):
            chance.append(said)
        elif not target.reached_by(limit):
            missed.append(said)
    each = f"of {metric}, one-sided 95 % each on its own"
    if chance:
        yield f"No better than chance, for all that is shown ({each}), in the subgroups {_named(chance)}."
    if missed:
        yield f"The target {target.limit_shown} is not shown ({each}) in the subgroups {_named(missed)}."
    if untold:
        yield f"Nothing can be said of {metric} in the subgroups {_named(untold)}: a class is missing there."


def _beats_chance(metric: str, part: SealedRows, limit: float) -> bool:
    """Whether a bound is on the good side of what saying the same of every row comes to."""
    prevalence = part.mean(part.labels)
    blind = {
        "roc_auc": 0.5,
        "balanced_accuracy": 0.5,
        "accuracy": max(prevalence, 1 - prevalence),
        "brier": prevalence * (1 - prevalence),
        "average_precision": prevalence,
        "background_rejection": 1 - float(part.asked.parameters.get("signal_efficiency", 0.5)),
    }.get(metric)
    if blind is None:
        return True
    return bool(limit < blind if metric == "brier" else limit > blind)


def _named(said: Sequence[str]) -> str:
    more = len(said) - MOST_NAMED
    return "; ".join(said[:MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")


def _of_calibration(rows: SealedRows) -> Iterator[str]:
    """Says so where the probabilities are off by more than chance explains in 19 of 20 cases."""
    error = curves.calibration_error(curves.calibration(rows.labels, rows.scores, rows.weights))
    drawn = np.random.default_rng(0)
    chance = curves.error_by_chance(rows.scores, rows.groups, drawn, weights=rows.weights)
    if error > max(chance, LEAST_ERROR):
        yield (
            f"The probabilities are poorly calibrated: on average {rounded(error)} off (expected calibration "
            f"error), where calibrated ones would stay below {rounded(chance)} in 19 of 20 cases; mean "
            f"{rounded(rows.mean(rows.scores))}, prevalence {rounded(rows.mean(rows.labels))}. Ranks "
            "may be used, risks not."
        )
