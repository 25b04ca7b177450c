"""What a task is, and which there are; a problem file names one under `task`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from escalation.model.errors import BadInput
from escalation.ports.registry import resolve
from escalation.text.nearest import did_you_mean
from toolbox.arrays.types import Flags, Floats, Index, Ints

if TYPE_CHECKING:
    import pandas as pd

    from problems.prediction.stated.spec import ColumnsSpec
    from toolbox.stats.bounds import Bound
    from toolbox.tables.raw import RawTable

TASKS: Mapping[str, str] = {
    "binary": "problems.prediction.tasks.binary:Binary",
}
"""By the word that problem files use, where its class is."""

TASK_FIELDS = ("positive",)
"""Fields of a problem file that some tasks take and others refuse."""


@dataclass(frozen=True)
class Asking:
    """What is asked, as far as solvers and readers need to know.

    Attributes:
        task: a key of `TASKS`.
        classes: names of the classes by their number; of levels, lowest first; empty where there are none.
            Of two classes the second is the one to predict.
        parameters: of the task, as JSON: a horizon, a tolerance.
    """

    task: str
    classes: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {"task": self.task, "classes": list(self.classes), "parameters": dict(self.parameters)}

    def recorded(self) -> dict[str, Any]:
        """The same as records have it: of two classes as before there were other tasks."""
        if self.task != "binary":
            return {"asked": self.to_json()}
        return {"positive": self.classes[1], "negative": self.classes[0]}


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What is known of rows.

    Attributes:
        values: number of the class or level, the amount, or the time until event or last contact; shape (n,).
        events: whether the time ended with the event, shape (n,); None where the task has no times.
        weights: positive, shape (n,); None where every row counts alike.
        groups: rows of one number depend on each other, shape (n,); None where nobody asks for them.
    """

    values: NDArray[Any]
    events: Flags | None = None
    weights: Floats | None = None
    groups: Ints | None = None

    def __len__(self) -> int:
        return len(self.values)

    def take(self, index: Index) -> "Outcomes":
        """Those rows."""
        parts = (
            None if each is None else each[index]
            for each in (self.values, self.events, self.weights, self.groups)
        )
        return Outcomes(*parts)  # type: ignore[arg-type]

    def columns(self) -> dict[str, NDArray[Any]]:
        """The columns of a table that hold them."""
        named = {"__label__": self.values, "__event__": self.events, "__weight__": self.weights}
        return {name: each for name, each in named.items() if each is not None}


def outcomes_of(frame: "pd.DataFrame") -> Outcomes:
    """The outcomes in a table's columns `__label__`, `__event__` and `__weight__`."""
    found = {name: frame[name].to_numpy() for name in ("__event__", "__weight__") if name in frame}
    return Outcomes(frame["__label__"].to_numpy(), found.get("__event__"), found.get("__weight__"))


@dataclass(frozen=True, eq=False)
class Labelled:
    """A table's outcome, read.

    Attributes:
        outcomes: of every row, in the table's order.
        asked: what is asked of them.
        remarks: what was taken for granted.
    """

    outcomes: Outcomes
    asked: Asking
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class TaskMetric:
    """How predictions are judged.

    Attributes:
        side: from which a target on it is reached.
        low: least value that a limit may have.
        high: largest one; None where there is none.
        needs: parameter of the task without which it means nothing: `tolerance`.
        only_reported: why it is no target: no bound of it holds.
    """

    side: str = "at_least"
    low: float = 0.0
    high: float | None = 1.0
    needs: str = ""
    only_reported: str = ""

    @property
    def range_in_words(self) -> str:
        """`between 0 and 1`, `from 0 on`."""
        if self.high is None:
            return f"from {self.low:g} on"
        return f"between {self.low:g} and {self.high:g}"


class Task(Protocol):
    """Methods say what is so for every problem of the task; nothing is kept between calls."""

    name: str
    fields: tuple[str, ...]
    """Those of `TASK_FIELDS` that it takes."""
    metrics: Mapping[str, TaskMetric]
    of_either: str
    """Of what a table needs so many: `of either class`."""

    def read(self, table: "RawTable", spec: "ColumnsSpec") -> Labelled:
        """Reads the outcome.

        Raises:
            BadInput: with one line that names column and row.
        """
        ...

    def strata(self, outcomes: Outcomes) -> Ints:
        """Whole numbers from 0: parts and folds get their share of the rows of each, shape (n,)."""
        ...

    def kinds(self, outcomes: Outcomes) -> Mapping[str, Flags]:
        """The kinds of rows of which either part must hold some, in words (`the positive class`)."""
        ...

    def shape(self, rows: int, asked: Asking) -> tuple[int, ...]:
        """The shape of predictions."""
        ...

    def perfect(self, outcomes: Outcomes, asked: Asking) -> Floats:
        """Predictions without an error; none have a better bound."""
        ...

    def bound(self, metric: str, rows: Outcomes, predictions: Floats, asked: Asking, alpha: float) -> "Bound":
        """Bounds a metric from the side that its targets ask about; raises ValueError where none holds."""
        ...


def task(name: str) -> Task:
    """The task of that name; raises `BadInput` on an unknown one."""
    if name not in TASKS:
        raise BadInput(
            f"instance: task: expected one of {', '.join(TASKS)}, got {name!r}{did_you_mean(name, TASKS)}"
        )
    found: Task = resolve(TASKS[name])()
    return found


def metrics() -> dict[str, TaskMetric]:
    """The metrics of all tasks; where several have one of a name, it is reached from the same side."""
    return {name: metric for each in TASKS for name, metric in task(each).metrics.items()}


def fewest(outcomes: Outcomes, each: Task) -> int:
    """Rows of the kind that there are fewest of."""
    return min(int(np.sum(rows)) for rows in each.kinds(outcomes).values())
