"""What the search for an ensemble may spend, in fits and rows and not in seconds, so that it repeats."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any


@dataclass(frozen=True)
class TaskBudget:
    """Bounds of a search.

    Attributes:
        configurations: settings of boosted trees that are tried, the default among them.
        finalists: the best of them that are weighed against forest and columns.
        folds: of every partition.
        rows: more rows than these are thinned for the search; boosted trees are then trained on all.
        first_rows: that the first round of settings sees; the better half goes on to all of `rows`.
        trees: of a forest.
        max_rounds: of boosting.
    """

    configurations: int
    finalists: int
    folds: int
    rows: int
    first_rows: int
    trees: int = 100
    max_rounds: int = 200

    @property
    def fits(self) -> int:
        """Models trained at most, those on all rows included; columns count as one each."""
        return self.folds * (self.configurations + self.finalists + MEMBERS) + self.finalists + MEMBERS

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "TaskBudget":
        """Reads what `to_json` wrote."""
        return cls(**data)


MEMBERS = 4
"""Members beside boosted trees: a forest and at most three models of columns."""


def task_budget(rows: int, outputs: int) -> TaskBudget:
    """Returns the budget for a table of so many open rows: fewer, longer fits as tables and outputs grow.

    Args:
        rows: open ones.
        outputs: trees that a round of boosting grows: one a class.
    """
    if rows * outputs <= 2000:
        return TaskBudget(configurations=8, finalists=2, folds=5, rows=2000, first_rows=2000)
    if rows * outputs <= 20_000:
        return TaskBudget(configurations=6, finalists=2, folds=4, rows=6000, first_rows=1500)
    return TaskBudget(configurations=6, finalists=1, folds=3, rows=10_000, first_rows=2500, max_rounds=150)


def first_task_budget() -> TaskBudget:
    """Returns the budget of a first answer: default settings, judged on few rows."""
    return TaskBudget(1, finalists=1, folds=2, rows=1500, first_rows=1500, trees=30, max_rounds=50)


def smaller(budget: TaskBudget) -> TaskBudget:
    """Returns the budget for the model behind prediction sets, which only has to be a fair one."""
    few = {"configurations": 2, "finalists": 1, "folds": 3, "trees": min(50, budget.trees)}
    return replace(budget, **few, rows=min(3000, budget.rows), first_rows=min(1500, budget.first_rows))
