"""Sealed rows with what an attempt predicted for them, whatever the task, and metrics on parts of them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

import numpy as np

from escalation.model.attempt import Candidate
from escalation.model.certificate import Certificate, CertificateStatus
from escalation.text.rounding import Way, rounded
from problems.prediction.tables.subgroups import from_low_to_high
from problems.prediction.tasks.task import Asking, Outcomes, task
from problems.prediction.verify.judging import sealed
from problems.prediction.verify.recomputation import Forged, stated_scores
from toolbox.arrays.types import Flags, Floats
from toolbox.stats.bounds import Bound

if TYPE_CHECKING:
    from problems.prediction.tables.instance import TableInstance

ALPHA = 0.05
SMALL = 30


@dataclass(frozen=True, eq=False)
class PredictedRows:
    """Sealed rows and what an attempt predicted for them."""

    outcomes: Outcomes
    asked: Asking
    predictions: Floats

    def where(self, kept: Flags) -> "PredictedRows":
        """Some of the rows."""
        return replace(self, outcomes=self.outcomes.take(kept), predictions=self.predictions[kept])

    @property
    def small(self) -> bool:
        """Whether they are too few to tell much."""
        return len(self.outcomes) < SMALL

    @property
    def unit(self) -> str:
        """Of the numbers or times; empty where nobody said one."""
        return str(self.asked.parameters.get("unit", ""))

    def bound(self, metric: str) -> Bound | None:
        """Its bound on these rows; None where they lack a kind, or the problem a parameter, that it needs."""
        each = task(self.asked.task)
        known = each.metrics[metric]
        lacking = any(not rows.any() for rows in each.needed(metric, self.outcomes, self.asked).values())
        needs = any(name != "range" and name not in self.asked.parameters for name in known.needs)
        if lacking or needs or not len(self.outcomes):
            return None
        return each.bound(metric, self.outcomes, self.predictions, self.asked, ALPHA)

    def bounded(self, metric: str) -> tuple[float | None, str | None]:
        """Returns the estimate and what holds of it, None where nothing does."""
        found = self.bound(metric)
        if found is None or not isfinite(found.estimate):
            return None, None
        if not isfinite(found.value):
            return found.estimate, None
        return found.estimate, sided(self.asked, metric, found.value)


def sided(asked: Asking, metric: str, value: float) -> str:
    """`at least 0.81`: rounded so that it promises no more."""
    if task(asked.task).metrics[metric].side == "at_most":
        return f"at most {rounded(value, Way.UP)}"
    return f"at least {rounded(value, Way.DOWN)}"


def predicted_rows(
    instance: "TableInstance", certificate: Certificate | None, candidate: Candidate
) -> PredictedRows | None:
    """Returns the sealed rows with verified predictions; None where nothing verified can be shown."""
    if certificate is None or certificate.status is CertificateStatus.INVALID:
        return None
    if not len(instance.sealed_index):
        return None
    try:
        found = stated_scores(candidate, len(instance.sealed_index), instance.asked)
    except Forged:
        return None
    return PredictedRows(sealed(instance).outcomes, instance.asked, found)


class _Divisible(Protocol):
    def where(self, kept: Flags) -> Self: ...


_Rows = TypeVar("_Rows", bound=_Divisible)


def parts(instance: "TableInstance", rows: _Rows) -> Iterator[tuple[str, str, _Rows]]:
    """Yields (column, subgroup, its rows) of all declared subgroups, intervals from low to high."""
    for column, names in instance.subgroups.items():
        values = np.array([str(name) for name in names], dtype=object)
        for name in sorted(set(values), key=from_low_to_high):
            yield column, name, rows.where(np.asarray(values == name, dtype=np.bool_))
