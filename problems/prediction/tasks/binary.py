"""Which of two classes: the probability of the one to predict."""

from collections.abc import Mapping

import numpy as np

from escalation.model.errors import BadInput
from escalation.text.nearest import did_you_mean, nearest
from problems.prediction.stated.spec import ColumnsSpec
from problems.prediction.tasks.classes import FLAGS, likely_positive, named_positive, spelt_alike
from problems.prediction.tasks.reading import class_texts
from problems.prediction.tasks.task import Asking, Labelled, Outcomes, TaskMetric
from toolbox.arrays.types import Flags, Floats, Ints
from toolbox.stats import bounds, controls
from toolbox.tables.numbers import canonical
from toolbox.tables.raw import RawTable


class Binary:
    """Two classes, of which one is predicted; predictions are its probability, shape (n,)."""

    name = "binary"
    fields: tuple[str, ...] = ("positive",)
    least = 2
    of_either = "of either class"
    metrics: Mapping[str, TaskMetric] = {
        name: TaskMetric("at_most" if each.less_is_better else "at_least")
        for name, each in bounds.METRICS.items()
    }

    def read(self, table: RawTable, spec: ColumnsSpec) -> Labelled:
        """Labels are int8, 1 is the class to predict.

        Raises:
            BadInput: on a missing value, other than two classes, or no word on which one is positive.
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
        return Labelled(Outcomes(labels), Asking(self.name, (negative, positive)), remarks)

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
        return {
            what: kinds[what]
            for what, label in zip(kinds, (1, 0), strict=True)
            if label in bounds.METRICS[metric].classes
        }

    def perfect(self, outcomes: Outcomes, asked: Asking) -> Floats:
        """The labels, as probabilities."""
        return outcomes.values.astype(np.float64)

    def bound(
        self, metric: str, rows: Outcomes, predictions: Floats, asked: Asking, alpha: float
    ) -> bounds.Bound:
        """See `toolbox.stats.bounds`."""
        return bounds.bound(metric, rows.values, predictions, rows.grouped, alpha)

    def compare(
        self, metric: str, rows: Outcomes, candidate: Floats, control: Floats, asked: Asking
    ) -> tuple[float, float]:
        """See `toolbox.stats.controls`."""
        return controls.compare(metric, rows.values, candidate, control, rows.grouped)


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
