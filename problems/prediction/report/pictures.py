"""The picture of an answer: what a reader of each task looks at first."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from escalation.model.attempt import Candidate
from escalation.model.certificate import Certificate
from problems.prediction.report.agreement_picture import Agreed, agreement_picture
from problems.prediction.report.by_risk_picture import by_risk_picture
from problems.prediction.report.confusion_picture import confusion_picture
from problems.prediction.report.predicted_rows import PredictedRows, predicted_rows
from problems.prediction.report.roc_picture import roc_picture
from problems.prediction.tasks.time_to_event import predicted
from toolbox.arrays.types import Ints
from toolbox.stats import multiclass, ordinal

if TYPE_CHECKING:
    from problems.prediction.tables.instance import TableInstance

NAME = "answer"


def picture(instance: "TableInstance", certificate: Certificate, candidate: Candidate) -> str:
    """Returns an SVG of the rows kept aside; empty where there is nothing verified to draw."""
    rows = predicted_rows(instance, certificate, candidate)
    return "" if rows is None else DRAWN[rows.asked.task](rows, instance.target or "outcome")


def confusion(rows: PredictedRows) -> Ints:
    """Rows of each class by the one they are taken for, shape (K, K); levels by the median of each row."""
    decide = ordinal.decided if rows.asked.task == "ordinal" else multiclass.decided
    taken = decide(rows.predictions)
    return np.asarray(multiclass.confusion(rows.outcomes.values, taken, len(rows.asked.classes)))


def _roc(rows: PredictedRows, outcome: str) -> str:
    """The curve; empty where the rows are all of one class."""
    labels = np.asarray(rows.outcomes.values, dtype=np.int64)
    if len(np.unique(labels)) < 2:
        return ""
    negative, positive = rows.asked.classes
    return roc_picture(labels, rows.predictions, (negative, positive), NAME, rows.outcomes.weights)


def _confusion(rows: PredictedRows, outcome: str) -> str:
    return confusion_picture(confusion(rows), rows.asked.classes, NAME, levels=rows.asked.task == "ordinal")


def _agreement(rows: PredictedRows, outcome: str) -> str:
    tolerance = rows.asked.parameters.get("tolerance")
    of = Agreed(rows.outcomes.values, rows.predictions, rows.unit, tolerance)
    return agreement_picture(of, outcome, NAME)


def _by_risk(rows: PredictedRows, outcome: str) -> str:
    return by_risk_picture(predicted(rows.outcomes, rows.predictions, rows.asked), NAME, rows.unit)


DRAWN: Mapping[str, Callable[[PredictedRows, str], str]] = {
    "binary": _roc,
    "multiclass": _confusion,
    "ordinal": _confusion,
    "regression": _agreement,
    "time_to_event": _by_risk,
}
"""By task."""
