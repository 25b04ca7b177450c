"""What tasks share whose predictions are a probability of each class or level, shape (n, K)."""

from collections.abc import Mapping

import numpy as np

from problems.prediction.tasks.task import Asking, Outcomes
from toolbox.arrays.types import Flags, Floats, Ints


class Distributions:
    """The part of a `Task` that does not depend on whether classes have an order."""

    def strata(self, outcomes: Outcomes) -> Ints:
        """The numbers of the classes or levels."""
        return outcomes.values

    def kinds(self, outcomes: Outcomes, asked: Asking) -> Mapping[str, Flags]:
        """All of them."""
        return of_each_class(outcomes, asked)

    def shape(self, rows: int, asked: Asking) -> tuple[int, ...]:
        """A probability of each."""
        return rows, len(asked.classes)

    def wrong(self, predictions: Floats, asked: Asking) -> str:
        """Whether they are probabilities that sum to 1."""
        return no_distributions(predictions)

    def perfect(self, outcomes: Outcomes, asked: Asking) -> Floats:
        """All on the row's own."""
        return np.asarray(np.eye(len(asked.classes))[outcomes.values], dtype=np.float64)


def of_each_class(outcomes: Outcomes, asked: Asking) -> dict[str, Flags]:
    """The rows of each class, also of one that has none."""
    return {f"of class {name!r}": outcomes.values == place for place, name in enumerate(asked.classes)}


SUM_OFF = 1e-6
"""By how much a row's probabilities may miss 1: they are numbers of 32 bits in some models."""


def no_distributions(predictions: Floats) -> str:
    """Says what is wrong with probabilities of shape (n, K); empty where nothing is."""
    if not bool(np.all((predictions >= 0) & (predictions <= 1))):
        return "expected probabilities from 0 to 1, got a value outside or NaN"
    sums = predictions.sum(axis=1)
    if len(sums) and float(np.abs(sums - 1).max()) > SUM_OFF:
        worst = int(np.abs(sums - 1).argmax())
        return f"expected probabilities that sum to 1 in every row, got {sums[worst]:.6g} in row {worst + 1}"
    return ""
