"""Which of three ordered levels or more: the probability of each, lowest first."""

from collections.abc import Mapping

import numpy as np

from escalation.model.errors import BadInput
from escalation.text.nearest import did_you_mean
from problems.prediction.stated.spec import ColumnsSpec
from problems.prediction.tasks.distributions import Distributions
from problems.prediction.tasks.multiclass import Bounding, shown
from problems.prediction.tasks.reading import class_texts, in_order
from problems.prediction.tasks.task import Asking, Labelled, Outcomes, TaskMetric
from toolbox.arrays.types import Flags, Floats, Ints
from toolbox.stats import ordinal as stats
from toolbox.stats import paired
from toolbox.stats.bounds import Bound
from toolbox.tables.numbers import canonical, exact
from toolbox.tables.raw import RawTable

MOST_LEVELS = 50

BOUNDS: Mapping[str, Bounding] = {
    "accuracy": stats.accuracy,
    "weighted_kappa": stats.weighted_kappa,
    "level_error": stats.level_error,
    "ranked_probability_score": stats.ranked_probability_score,
}


class Ordinal(Distributions):
    """Levels in an order; predictions are the probability of each, shape (n, K).

    The level predicted is the median of a row's probabilities.
    """

    name = "ordinal"
    fields: tuple[str, ...] = ("order",)
    least = 2
    of_either = "of every level"
    metrics: Mapping[str, TaskMetric] = {
        "accuracy": TaskMetric(),
        "weighted_kappa": TaskMetric(low=-1.0),
        "level_error": TaskMetric("at_most", high=None),
        "ranked_probability_score": TaskMetric("at_most"),
    }

    def read(self, table: RawTable, spec: ColumnsSpec) -> Labelled:
        """Labels are numbers of the levels from the lowest, int64.

        Raises:
            BadInput: on a missing value, a level that the order does not name or that no row has, no order
                where levels are no numbers, and fewer than three levels or too many.
        """
        texts = class_texts(table, spec.target)
        levels, remarks = _levels(texts, spec, table.decimal)
        if not 3 <= len(levels) <= MOST_LEVELS:
            hint = "`task: binary` tells two" if len(levels) < 3 else "`task: regression` predicts numbers"
            raise BadInput(
                f"target column {spec.target!r}: expected 3 to {MOST_LEVELS} levels, got {len(levels)} "
                f"({shown(levels)}): {hint}"
            )
        number = {name: place for place, name in enumerate(levels)}
        for place, text in zip(table.where, texts, strict=True):
            if text not in number:
                raise BadInput(
                    f"target column {spec.target!r}, {place}: expected a level of `order`, got {text!r}"
                    f"{did_you_mean(text, levels)}"
                )
        labels = np.array([number[text] for text in texts], dtype=np.int64)
        return Labelled(Outcomes(labels), Asking(self.name, levels), remarks)

    def needed(self, metric: str, outcomes: Outcomes, asked: Asking) -> Mapping[str, Flags]:
        """None: a level without rows counts for nothing."""
        return {}

    def bound(self, metric: str, rows: Outcomes, predictions: Floats, asked: Asking, alpha: float) -> Bound:
        """See `toolbox.stats.ordinal`."""
        return BOUNDS[metric](rows.values, predictions, rows.grouped, alpha)

    def compare(
        self, metric: str, rows: Outcomes, candidate: Floats, control: Floats, asked: Asking
    ) -> tuple[float, float]:
        """By the rows' losses, kappa by their influences."""
        both = candidate, control
        if metric == "weighted_kappa":
            one, other = (stats.agreement(rows.values, stats.decided(each)) for each in both)
            return paired.compare_influences(one, other, rows.grouped)
        lost, gone = (_losses(metric, rows.values, each) for each in both)
        return paired.compare_losses(lost, gone, rows.grouped)


def _losses(metric: str, labels: Ints, probabilities: Floats) -> Floats:
    if metric == "ranked_probability_score":
        return stats.ranked_losses(labels, probabilities)
    off: Floats = np.abs(stats.decided(probabilities) - labels).astype(np.float64)
    return off if metric == "level_error" else off.clip(max=1.0)


def _levels(texts: list[str], spec: ColumnsSpec, decimal: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The levels, lowest first, and what was taken for granted."""
    found = in_order(set(texts))
    if not spec.order:
        if any(exact(name) is None for name in found):
            raise BadInput(
                f"order: expected the levels of {spec.target!r}, lowest first, got none: its levels are "
                f"{shown(found)}",
                mends={"order": list(found)},
            )
        return found, (
            f"column {spec.target!r}: its levels are ordered as numbers, {found[0]} is the lowest",
        )
    levels = tuple(canonical(each, decimal) for each in spec.order)
    repeated = sorted({name for name in levels if levels.count(name) > 1})
    if repeated:
        raise BadInput(
            f"order: expected every level once, got {repeated[0]!r} {levels.count(repeated[0])} times"
        )
    idle = [name for name in levels if name not in found]
    if idle:
        raise BadInput(
            f"order: no row of {spec.target!r} has the level {idle[0]!r}: its levels are {shown(found)}"
            f"{did_you_mean(idle[0], found)}"
        )
    return levels, ()
