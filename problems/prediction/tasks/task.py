"""What a task is, and which there are; a problem file names one under `task`."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from escalation.model.complaints import apart
from escalation.model.errors import BadInput
from escalation.model.problem import Target
from escalation.ports.registry import resolve
from escalation.text.nearest import did_you_mean
from escalation.text.wording import listed
from toolbox.arrays.types import Flags, Floats, Index, Ints

if TYPE_CHECKING:
    import pandas as pd

    from problems.prediction.stated.spec import ColumnsSpec, TaskSpec
    from toolbox.stats.bounds import Bound
    from toolbox.tables.raw import RawTable

TASKS: Mapping[str, str] = {
    "binary": "problems.prediction.tasks.binary:Binary",
    "multiclass": "problems.prediction.tasks.multiclass:Multiclass",
    "ordinal": "problems.prediction.tasks.ordinal:Ordinal",
    "regression": "problems.prediction.tasks.regression:Regression",
    "time_to_event": "problems.prediction.tasks.time_to_event:TimeToEvent",
}
"""By the word that problem files use, where its class is."""

METRICS: Mapping[str, tuple[str, ...]] = {
    "binary": (
        *("roc_auc", "accuracy", "balanced_accuracy", "sensitivity", "specificity", "brier"),
        *("average_precision", "background_rejection", "ams"),
    ),
    "multiclass": ("accuracy", "balanced_accuracy", "macro_roc_auc", "top_accuracy", "log_loss"),
    "ordinal": ("accuracy", "weighted_kappa", "level_error", "ranked_probability_score"),
    "regression": ("mae", "rmse", "r_squared", "rank_correlation", "within_tolerance", "error_quantile"),
    "time_to_event": ("concordance", "roc_auc", "brier", "integrated_brier", "calibration_in_the_large"),
}
"""Names of the metrics of each task, which need no import of its statistics."""

TASK_FIELDS = (
    *("positive", "signal_efficiency", "weight", "top", "order", "tolerance", "quantile", "range"),
    *("event", "horizon"),
)
"""Fields of a problem file that some tasks take and others refuse."""


COUNTED = ("yields", "heaviest")
"""Parameters that are counted over all rows, whose outcomes solvers may not know."""


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
        stated = {"parameters": dict(self.parameters)} if self.parameters else {}
        return {"positive": self.classes[1], "negative": self.classes[0], **stated}

    def shown(self) -> "Asking":
        """What solvers see of it: nothing that was counted over rows kept aside."""
        known = {name: value for name, value in self.parameters.items() if name not in COUNTED}
        return replace(self, parameters=known)


def of_json(said: Mapping[str, Any]) -> Asking:
    """What `Asking.to_json` wrote."""
    return Asking(said["task"], tuple(said["classes"]), said["parameters"])


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

    @property
    def grouped(self) -> Ints:
        """The groups, numbered from 0; each row its own where nobody asks for them."""
        if self.groups is None:
            return np.arange(len(self))
        return np.unique(self.groups, return_inverse=True)[1]

    def take(self, index: Index | Flags) -> "Outcomes":
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
        needs: parameters of the task without which it means nothing: `tolerance`.
        weightless: why rows of unequal weight leave it no bound; empty where they do not.
        only_reported: why it is no target: no bound of it holds.
    """

    side: str = "at_least"
    low: float = 0.0
    high: float | None = 1.0
    needs: tuple[str, ...] = ()
    weightless: str = ""
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
    least: int
    """Strata that either side of a fold must hold: 2 where they are classes, 1 where they only balance."""
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

    def kinds(self, outcomes: Outcomes, asked: Asking) -> Mapping[str, Flags]:
        """The kinds of rows of which either part must hold some, in words (`of the positive class`)."""
        ...

    def shape(self, rows: int, asked: Asking) -> tuple[int, ...]:
        """The shape of predictions."""
        ...

    def wrong(self, predictions: Floats, asked: Asking) -> str:
        """Says what is wrong with predictions of that shape; empty where nothing is."""
        ...

    def needed(self, metric: str, outcomes: Outcomes, asked: Asking) -> Mapping[str, Flags]:
        """Those of the kinds without rows of which the metric means nothing."""
        ...

    def perfect(self, outcomes: Outcomes, asked: Asking) -> Floats:
        """Predictions without an error; none have a better bound."""
        ...

    def bound(self, metric: str, rows: Outcomes, predictions: Floats, asked: Asking, alpha: float) -> "Bound":
        """Bounds a metric from the side that its targets ask about, with groups as in `rows`.

        Where nothing can be shown the bound is what always holds, perhaps an infinite one. Not to be called
        where kinds of rows are lacking that the metric needs, or a parameter.
        """
        ...

    def compare(
        self, metric: str, rows: Outcomes, candidate: Floats, control: Floats, asked: Asking
    ) -> tuple[float, float]:
        """Returns how much better the candidate is, and the p-value of the test that it is no better."""
        ...


def task(name: str) -> Task:
    """The task of that name; raises `BadInput` on an unknown one."""
    if name not in TASKS:
        raise BadInput(
            f"instance: task: expected one of {', '.join(TASKS)}, got {name!r}{did_you_mean(name, TASKS)}"
        )
    found: Task = resolve(TASKS[name])()
    return found


def metric_named(name: str) -> TaskMetric | None:
    """The metric of that name, of the first task that has it: where several do, it is reached from one side.

    Only that task is imported.
    """
    for each, names in METRICS.items():
        if name in names:
            return task(each).metrics[name]
    return None


def fewest(outcomes: Outcomes, asked: Asking) -> int:
    """Rows of the kind that there are fewest of."""
    return min(int(np.sum(rows)) for rows in task(asked.task).kinds(outcomes, asked).values())


def check_stated(each: Task, stated: "TaskSpec") -> None:
    """Raises `BadInput` for a field that has no effect on the task."""
    for name in TASK_FIELDS:
        if name not in each.fields and getattr(stated, name) not in (None, ()):
            takers = listed([f"`task: {other}`" for other in TASKS if name in task(other).fields])
            with apart():
                raise BadInput(
                    f"instance: {name}: has no effect on `task: {each.name}`, only on {takers}: remove it"
                )


def metric_of(asked: Asking, target: Target) -> TaskMetric:
    """What is known of a target's metric.

    Raises:
        BadInput: where the task has none of that name, or lacks what the metric needs.
    """
    known = task(asked.task).metrics
    if target.metric not in known:
        raise BadInput(
            f"target: {target.metric} is no metric of `task: {asked.task}`: expected one of "
            f"{', '.join(known)}{did_you_mean(target.metric, known)}"
        )
    metric = known[target.metric]
    for name in metric.needs:
        if name not in asked.parameters:
            raise BadInput(
                f"target: {target.metric} means nothing, or has no bound that holds, without `{name}`: "
                f"state it under `instance`"
            )
    if metric.weightless and "weight" in asked.parameters:
        raise BadInput(f"target: {target.metric} can be no target beside `weight`: {metric.weightless}")
    return metric
