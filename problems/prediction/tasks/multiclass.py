"""Which of three classes or more: the probability of each."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from escalation.model.errors import BadInput
from problems.prediction.stated.spec import ColumnsSpec
from problems.prediction.tasks.classes import spelt_alike
from problems.prediction.tasks.distributions import Distributions
from problems.prediction.tasks.reading import class_texts, in_order
from problems.prediction.tasks.task import Asking, Labelled, Outcomes, TaskMetric
from toolbox.arrays.types import Flags, Floats, Ints
from toolbox.stats import multiclass as stats
from toolbox.stats import paired
from toolbox.stats.bounds import Bound
from toolbox.tables.raw import RawTable

MOST_CLASSES = 100
TOP = 3
"""Classes among which the row's own must be, where a problem file does not say."""

Bounding = Callable[[Ints, Floats, Ints, float], Bound]
BOUNDS: Mapping[str, Bounding] = {
    "accuracy": stats.accuracy,
    "balanced_accuracy": stats.balanced_accuracy,
    "macro_roc_auc": stats.roc_auc,
    "log_loss": stats.log_loss,
}
INFLUENCES: Mapping[str, Callable[[Ints, Floats], paired.Measured]] = {
    "balanced_accuracy": stats.mean_recall,
    "macro_roc_auc": stats.mean_area,
}


class Multiclass(Distributions):
    """Classes without an order; predictions are the probability of each, shape (n, K)."""

    name = "multiclass"
    fields: tuple[str, ...] = ("top",)
    least = 2
    of_either = "of every class"
    metrics: Mapping[str, TaskMetric] = {
        "accuracy": TaskMetric(),
        "balanced_accuracy": TaskMetric(),
        "macro_roc_auc": TaskMetric(),
        "top_accuracy": TaskMetric(),
        "log_loss": TaskMetric("at_most", high=None),
    }

    def read(self, table: RawTable, spec: ColumnsSpec) -> Labelled:
        """Labels are numbers of the classes in `in_order`, int64.

        Raises:
            BadInput: on a missing value, fewer than three classes or too many.
        """
        texts = class_texts(table, spec.target)
        classes = in_order(set(texts))
        alike = "".join(f"; {said}" for said in spelt_alike(texts))
        if not 3 <= len(classes) <= MOST_CLASSES:
            hint = "`task: binary` tells two" if len(classes) < 3 else "`task: regression` predicts numbers"
            raise BadInput(
                f"target column {spec.target!r}: expected 3 to {MOST_CLASSES} classes, got {len(classes)} "
                f"({shown(classes)}): {hint}{alike}"
            )
        top = TOP if spec.top is None else spec.top
        if top >= len(classes):
            top = _refuse_idle_top(spec.top, len(classes))
        number = {name: place for place, name in enumerate(classes)}
        labels = np.array([number[text] for text in texts], dtype=np.int64)
        remarks = (f"column {spec.target!r}: {alike[2:]}",) if alike else ()
        return Labelled(Outcomes(labels), Asking(self.name, classes, {"top": top}), remarks)

    def needed(self, metric: str, outcomes: Outcomes, asked: Asking) -> Mapping[str, Flags]:
        """All classes for the metrics that count each alike."""
        each = metric in ("balanced_accuracy", "macro_roc_auc")
        return self.kinds(outcomes, asked) if each else {}

    def bound(self, metric: str, rows: Outcomes, predictions: Floats, asked: Asking, alpha: float) -> Bound:
        """See `toolbox.stats.multiclass`."""
        bounding = BOUNDS.get(metric) or partial(stats.top_accuracy, top=asked.parameters["top"])
        return bounding(rows.values, predictions, rows.grouped, alpha)

    def compare(
        self, metric: str, rows: Outcomes, candidate: Floats, control: Floats, asked: Asking
    ) -> tuple[float, float]:
        """By the rows' losses, or their influences where every class counts alike."""
        measure = INFLUENCES.get(metric)
        if measure is not None:
            one, other = (measure(rows.values, each) for each in (candidate, control))
            return paired.compare_influences(one, other, rows.grouped)
        lost, gone = (_losses(metric, rows.values, each, asked) for each in (candidate, control))
        return paired.compare_losses(lost, gone, rows.grouped)


def _losses(metric: str, labels: Ints, probabilities: Floats, asked: Asking) -> Floats:
    if metric == "log_loss":
        return stats.log_losses(labels, probabilities)
    top = asked.parameters["top"] if metric == "top_accuracy" else 1
    right = stats.among_top(labels, probabilities, top) if top > 1 else stats.decided(probabilities) == labels
    return np.asarray(~right, dtype=np.float64)


def _refuse_idle_top(top: int | None, classes: int) -> int:
    """Of few classes the usual number would take in all of them."""
    if top is not None:
        raise BadInput(f"instance: top: expected fewer than the {classes} classes there are, got {top}")
    return classes - 1


def shown(classes: tuple[str, ...]) -> str:
    """The first of them: `a, b, …`."""
    return ", ".join(classes[:5]) + (", …" if len(classes) > 5 else "")
