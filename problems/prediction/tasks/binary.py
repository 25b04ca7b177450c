"""Which of two classes: the probability of the one to predict."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from escalation.model.errors import BadInput
from escalation.text.nearest import did_you_mean, nearest
from problems.prediction.stated.spec import ColumnsSpec
from problems.prediction.tasks.classes import FLAGS, likely_positive, named_positive, spelt_alike
from problems.prediction.tasks.reading import class_texts
from problems.prediction.tasks.task import Asking, Labelled, Outcomes, TaskMetric
from problems.prediction.tasks.weighing import row_weights
from toolbox.arrays.types import Flags, Floats, Ints
from toolbox.stats import bounds, controls, paired, weighted_bounds
from toolbox.stats.average_precision import LEAST_POSITIVES, average_precision_lower, measured
from toolbox.tables.numbers import canonical
from toolbox.tables.raw import RawTable


class Binary:
    """Two classes, of which one is predicted; predictions are its probability, shape (n,)."""

    name = "binary"
    fields: tuple[str, ...] = ("positive", "signal_efficiency", "weight")
    least = 2
    of_either = "of either class"
    metrics: Mapping[str, TaskMetric] = {
        **{
            name: TaskMetric("at_most" if each.less_is_better else "at_least")
            for name, each in bounds.METRICS.items()
        },
        "average_precision": TaskMetric(weightless="no bound of it is known to hold for weighted rows"),
        "background_rejection": TaskMetric(needs=("signal_efficiency",)),
        "ams": TaskMetric(high=None, needs=("weight", "signal_efficiency")),
    }

    def read(self, table: RawTable, spec: ColumnsSpec) -> Labelled:
        """Labels are int8, 1 is the class to predict.

        Raises:
            BadInput: on a missing value, other than two classes, no word on which one is positive, or a
                weight that is none.
        """
        texts = class_texts(table, spec.target)
        classes = sorted(set(texts))
        if len(classes) != 2:
            shown = ", ".join(classes[:5]) + (", …" if len(classes) > 5 else "")
            alike = "".join(f"; {said}" for said in spelt_alike(texts))
            several = "; `task: multiclass` tells several apart, `task: regression` predicts numbers"
            hint = alike or (several if len(classes) > 2 else "")
            raise BadInput(
                f"target column {spec.target!r}: expected two classes, got {len(classes)} ({shown}){hint}"
            )
        positive = _positive(texts, spec, table.decimal)
        negative = next(name for name in classes if name != positive)
        labels = np.array([text == positive for text in texts], dtype=np.int8)
        remarks = _taken_as_positive(spec, positive, negative)
        weights, parameters, said = _weighing(table, spec, labels)
        asked = Asking(self.name, (negative, positive), parameters)
        return Labelled(Outcomes(labels, weights=weights), asked, (*remarks, *said))

    def strata(self, outcomes: Outcomes) -> Ints:
        """The labels."""
        return outcomes.values

    def kinds(self, outcomes: Outcomes, asked: Asking) -> Mapping[str, Flags]:
        """Both classes."""
        return {"of the positive class": outcomes.values == 1, "of the negative class": outcomes.values == 0}

    def shape(self, rows: int, asked: Asking) -> tuple[int, ...]:
        """One probability a row."""
        return (rows,)

    def wrong(self, predictions: Floats, asked: Asking) -> str:
        """Whether they are probabilities."""
        if not bool(np.all((predictions >= 0) & (predictions <= 1))):
            return "expected probabilities from 0 to 1, got a value outside or NaN"
        return ""

    def needed(self, metric: str, outcomes: Outcomes, asked: Asking) -> Mapping[str, Flags]:
        """One class or both."""
        kinds = self.kinds(outcomes, asked)
        classes = bounds.METRICS[metric].classes if metric in bounds.METRICS else (0, 1)
        return {what: kinds[what] for what, label in zip(kinds, (1, 0), strict=True) if label in classes}

    def perfect(self, outcomes: Outcomes, asked: Asking) -> Floats:
        """The labels, as probabilities."""
        return outcomes.values.astype(np.float64)

    def bound(
        self, metric: str, rows: Outcomes, predictions: Floats, asked: Asking, alpha: float
    ) -> bounds.Bound:
        """See `toolbox.stats.bounds`, of weighted rows and of regions `toolbox.stats.weighted_bounds`."""
        labels, groups = rows.values.astype(np.int64), rows.grouped
        if metric == "average_precision":
            found = (
                None
                if rows.weights is not None
                else average_precision_lower(labels, predictions, groups, alpha)
            )
            return found or _without_bound(rows, predictions)
        if metric in weighted_bounds.OF_REGION:
            efficiency, yields = asked.parameters["signal_efficiency"], asked.parameters.get("yields")
            given = weighted(rows, asked)
            return weighted_bounds.region_bound(
                metric, given, predictions, alpha, efficiency=efficiency, yields=yields
            )
        if rows.weights is not None:
            return weighted_bounds.bound(metric, weighted(rows, asked), predictions, alpha)
        return bounds.bound(metric, labels, predictions, groups, alpha)

    def compare(
        self, metric: str, rows: Outcomes, candidate: Floats, control: Floats, asked: Asking
    ) -> tuple[float, float]:
        """See `toolbox.stats.controls`; weighted rows, and metrics that these lack, by their influences."""
        if rows.weights is None and metric in controls.COMPARISONS:
            return controls.compare(metric, rows.values, candidate, control, rows.grouped)
        sign = -1.0 if self.metrics[metric].side == "at_most" else 1.0
        found = (measure(metric, rows, each, asked) for each in (candidate, control))
        one, other = ((sign * value, sign * influences) for value, influences in found)
        return paired.compare_influences(one, other, rows.grouped)


def weighted(rows: Outcomes, asked: Asking | None = None) -> weighted_bounds.Weighted:
    """Labels with weights, 1 where none are stated, groups, and what is known of the heaviest rows."""
    weights = np.ones(len(rows)) if rows.weights is None else np.asarray(rows.weights, dtype=np.float64)
    heaviest = asked.parameters.get("heaviest", (0.0, 0.0)) if asked else (0.0, 0.0)
    labels = rows.values.astype(np.int64)
    return weighted_bounds.Weighted(labels, weights, rows.grouped, (heaviest[0], heaviest[1]))


def measure(metric: str, rows: Outcomes, predictions: Floats, asked: Asking) -> paired.Measured:
    """A metric of predictions, and each row's influence on it."""
    given = weighted(rows)
    known = given.labels, predictions, given.weights
    if metric == "average_precision":
        return measured(*known)
    if metric not in weighted_bounds.OF_REGION:
        return weighted_bounds.MEASURES[metric](*known)
    efficiency = asked.parameters["signal_efficiency"]
    rejection, influences = weighted_bounds.background_rejection(*known, efficiency)
    if metric == "background_rejection":
        return rejection, influences
    signal, background = asked.parameters["yields"]
    left = background * (1 - rejection)
    slope = weighted_bounds.ams_slope(signal * efficiency, left)
    return weighted_bounds.ams(signal * efficiency, left), -slope * background * influences


def _weighing(
    table: RawTable, spec: ColumnsSpec, labels: Ints
) -> tuple[Floats | None, dict[str, Any], tuple[str, ...]]:
    """Weights, the parameters of what is asked, and what is said of both."""
    parameters: dict[str, Any] = {}
    if spec.signal_efficiency is not None:
        parameters["signal_efficiency"] = spec.signal_efficiency
    if spec.weight is None or spec.weight not in table.columns:
        return None, parameters, ()
    weights, said = row_weights(table, spec.weight)
    yields = [float(weights[labels == label].sum()) for label in (1, 0)]
    heaviest = [float(weights[labels == label].max()) for label in (0, 1)]
    return weights, {**parameters, "weight": spec.weight, "yields": yields, "heaviest": heaviest}, said


def _without_bound(rows: Outcomes, predictions: Floats) -> bounds.Bound:
    estimate = measured(rows.values.astype(np.int64), predictions, weighted(rows).weights)[0]
    why = (
        "rows are weighted"
        if rows.weights is not None
        else (f"fewer than {LEAST_POSITIVES} independent rows of the class to predict")
    )
    return bounds.Bound(estimate, 0.0, f"no bound but 0: {why}")


def _taken_as_positive(spec: ColumnsSpec, positive: str, negative: str) -> tuple[str, ...]:
    """Says which class is predicted where nobody said so but its name; 1 of 0 and 1 goes without saying."""
    if spec.positive is not None or sorted([positive, negative]) in FLAGS:
        return ()
    return (
        f"column {spec.target!r}: {positive!r} is taken for the class to predict, as its name says; if it is "
        f"{negative!r}, name it as `positive`",
    )


def _positive(texts: list[str], spec: ColumnsSpec, decimal: str) -> str:
    classes = sorted(set(texts))
    if spec.positive is None:
        named = named_positive(classes)
        if named is not None:
            return named
        raise BadInput(
            f"positive: expected the class to predict, one of {classes[0]!r} and {classes[1]!r}, got none",
            mends={"positive": likely_positive(texts)},
        )
    named = canonical(spec.positive, decimal)
    if classes in FLAGS:  # true is 1, and false 0
        named = next(
            (each[FLAGS.index(classes)] for each in zip(*FLAGS, strict=True) if named in each), named
        )
    if named not in classes:
        meant = nearest(spec.positive, classes)
        raise BadInput(
            f"positive: expected one of {classes[0]!r} and {classes[1]!r}, got {spec.positive!r}"
            f"{did_you_mean(spec.positive, classes)}",
            mends={} if meant is None else {"positive": meant},
        )
    return named
