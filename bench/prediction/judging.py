"""Judges predictions of sealed rows as the verifier does, whoever made them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from escalation.model.errors import BadInput
from problems.prediction.tables.instance import TableInstance
from problems.prediction.verify.judging import Sealed, sealed
from toolbox.arrays import npy
from toolbox.arrays.types import Flags, Floats

ALPHA = 0.05
BLOCKS = 50
"""Parts of the groups that are left out in turn."""


@dataclass(frozen=True)
class Found:
    """What is said of predictions.

    Attributes:
        estimate: of the metric, over the sealed rows.
        bound: one-sided, at an error of 5 %, from the side of the metric; infinite where none holds.
        method: of the bound.
    """

    estimate: float
    bound: float
    method: str


@dataclass(frozen=True, eq=False)
class Judge:
    """Holds the sealed outcomes.

    Attributes:
        rows: what the verifier knows.
        metric: by which all are judged.
        seed: of the division into blocks.
    """

    rows: Sealed
    metric: str
    seed: int

    @classmethod
    def of(cls, instance: TableInstance, metric: str, seed: int) -> "Judge":
        """Of the instance's sealed rows."""
        return cls(sealed(instance), metric, seed)

    @property
    def sign(self) -> float:
        """1 where more is better."""
        return -1.0 if self.rows.side(self.metric) == "at_most" else 1.0

    def checked(self, predictions: Floats) -> Floats:
        """The same predictions.

        Raises:
            BadInput: where their shape is not the task's, or what is in them is not.
        """
        count = len(self.rows.outcomes)
        expected = self.rows.task.shape(count, self.rows.asked)
        if predictions.shape != expected:
            raise BadInput(f"predictions: expected the shape {expected}, got {predictions.shape}")
        wrong = self.rows.task.wrong(predictions, self.rows.asked)
        if wrong:
            raise BadInput(f"predictions: {wrong}")
        return predictions

    def read(self, path: Path) -> Floats:
        """Predictions from a file of NumPy, checked.

        Raises:
            BadInput: likewise, and where it is no such file.
        """
        try:
            found = npy.load(path.read_bytes())
        except (OSError, ValueError) as error:
            raise BadInput(f"predictions: expected a file of NumPy, {path.name}: {error}") from None
        return self.checked(np.asarray(found, dtype=np.float64))

    def judge(self, predictions: Floats) -> Found:
        """Estimate and bound, as a certificate has them; of sites where the set is judged by sites."""
        found = self.rows.bound(self.metric, self.checked(predictions), ALPHA)
        estimate = self.estimate(predictions, self.everything)
        if found is None:
            return Found(estimate, -self.sign * np.inf, "no bound holds on so few rows or sites")
        return Found(estimate, found.value, found.method)

    @property
    def everything(self) -> Flags:
        """All rows."""
        return np.ones(len(self.rows.outcomes), dtype=np.bool_)

    def estimate(self, predictions: Floats, which: Flags) -> float:
        """The metric over some of the rows."""
        # a range is for bounds alone, and those that take one are slow
        parameters = {name: each for name, each in self.rows.asked.parameters.items() if name != "range"}
        asked = replace(self.rows.asked, parameters=parameters)
        rows = self.rows.outcomes.take(which)
        return self.rows.task.bound(self.metric, rows, predictions[which], asked, ALPHA).estimate

    @cached_property
    def blocks(self) -> list[Flags]:
        """Of each block the rows that are not in it."""
        groups = self.rows.groups
        count = int(groups.max()) + 1
        order = np.random.default_rng(self.seed).permutation(count)
        return [order[groups] % min(BLOCKS, count) != block for block in range(min(BLOCKS, count))]

    def without_each(self, predictions: Floats) -> Floats:
        """The metric without each block, shape (blocks,)."""
        return np.array([self.estimate(predictions, which) for which in self.blocks])


def error_of_difference(one: Floats, other: Floats) -> float:
    """The standard error of a difference, from both metrics without each block (Tukey's jackknife)."""
    left = one - other
    return float(np.sqrt((len(left) - 1) * np.mean((left - left.mean()) ** 2)))


def ranks(estimates: Mapping[str, float | None], sign: float) -> dict[str, float]:
    """Places from 1, the mean of them where equal; who has no answer is last."""
    worth = {name: -np.inf if value is None else sign * value for name, value in estimates.items()}
    return {
        name: 1
        + sum(other > own for other in worth.values())
        + (sum(o == own for o in worth.values()) - 1) / 2
        for name, own in worth.items()
    }
