"""Sealed rows with what a verified attempt predicted for them, and what metrics come to on parts of them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from escalation.model.attempt import Candidate
from escalation.model.certificate import Certificate
from escalation.text.rounding import Way, rounded
from problems.prediction.report.predicted_rows import predicted_rows
from problems.prediction.tasks.task import Asking, Outcomes, task
from toolbox.arrays.types import Flags, Floats, Ints
from toolbox.stats.bounds import clopper_pearson_lower, clopper_pearson_upper
from toolbox.stats.groups import kish_size

if TYPE_CHECKING:
    from problems.prediction.tables.instance import TableInstance

SMALL_GROUP = 30
SMALL_CLASS = 10
TWO_CLASSES = Asking("binary")


@dataclass(frozen=True)
class SealedRows:
    """Sealed rows and what an attempt predicted for them, each of shape (rows,).

    Attributes:
        weights: None where every row counts alike.
        asked: what is asked of them.
    """

    labels: Ints
    groups: Ints
    scores: Floats
    weights: Floats | None = None
    asked: Asking = TWO_CLASSES

    def where(self, kept: Flags) -> "SealedRows":
        """Returns some of the rows."""
        weights = None if self.weights is None else self.weights[kept]
        parts = (self.labels[kept], self.groups[kept], self.scores[kept])
        return SealedRows(*parts, weights, self.asked)

    @property
    def metrics(self) -> list[str]:
        """Those that these rows can be asked for."""
        known = task("binary").metrics.items()
        return [name for name, each in known if all(need in self.asked.parameters for need in each.needs)]

    def mean(self, values: Ints | Floats) -> float:
        """Over the rows, counted by their weights; NaN of none."""
        return float(np.average(values, weights=self.weights)) if len(values) else float("nan")

    @property
    def both_classes(self) -> bool:
        """Whether there are positives and negatives."""
        return len(np.unique(self.labels)) == 2

    @property
    def small(self) -> bool:
        """Whether they are too few to tell much."""
        positive = int(self.labels.sum())
        return len(self.labels) < SMALL_GROUP or min(positive, len(self.labels) - positive) < SMALL_CLASS

    def bounded(self, metric: str, alpha: float) -> tuple[float | None, float | None]:
        """Returns (estimate, bound), None where the rows lack a class that the metric needs."""
        each, rows = task("binary"), Outcomes(self.labels, weights=self.weights, groups=self.groups)
        lacking = any(not own.any() for own in each.needed(metric, rows, self.asked).values())
        if lacking or not len(self.labels):
            return None, None
        found = each.bound(metric, rows, self.scores, self.asked, alpha)
        return found.estimate, found.value


def judged_rows(
    instance: "TableInstance", certificate: Certificate | None, candidate: Candidate
) -> SealedRows | None:
    """Returns the sealed rows with verified scores; None where nothing verified can be shown."""
    found = predicted_rows(instance, certificate, candidate)
    if found is None:
        return None
    rows = found.outcomes
    labels = np.asarray(rows.values, dtype=np.int64)
    return SealedRows(labels, rows.grouped, found.predictions, rows.weights, found.asked)


def sided(metric: str, limit: float | None) -> str | None:
    """Returns a bound as what holds of the metric, rounded so that it promises no more."""
    if limit is None:
        return None
    upper = task("binary").metrics[metric].side == "at_most"
    return f"at most {rounded(limit, Way.UP)}" if upper else f"at least {rounded(limit, Way.DOWN)}"


class SealedCoverage(NamedTuple):
    """How often prediction sets hold the true class: exact 95 % limits."""

    share: float
    low: float
    high: float


def coverage(covered: Flags, groups: Ints) -> SealedCoverage:
    """Returns the share of rows whose set holds their class (Clopper-Pearson on Kish's effective rows)."""
    return share_of(float(covered.mean()), kish_size(groups))


def share_of(share: float, effective: float) -> SealedCoverage:
    """Returns the limits of a share of so many independent rows."""
    hits = share * effective
    low = clopper_pearson_lower(hits, effective, 0.025)
    return SealedCoverage(share, low, clopper_pearson_upper(hits, effective, 0.025))
