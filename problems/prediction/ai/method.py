"""The AI tier: tuned, calibrated tree ensembles with conformal sets."""

from dataclasses import replace
from typing import Any

from escalation.model.attempt import Candidate
from escalation.model.errors import TierwiseError
from escalation.model.kinds.local_call import LocalCall
from escalation.model.problem import Tier
from escalation.model.quote import Quote
from escalation.model.resources import Resources
from escalation.model.result import RawResult
from escalation.ports.machines import Device
from escalation.ports.methods import Solve
from problems.prediction import first_answer
from problems.prediction.ai.task_budgets import first_task_budget, smaller, task_budget
from problems.prediction.ai.tuning import Budget, budget_for, first_budget, small_budget_for
from problems.prediction.prediction_sets.split_conformal import COVERAGE
from problems.prediction.tables.table import TableView, width

CLAIMED = ("model_format", "chosen", "conformal")
"""What the verifier is told, `conformal` where sets were made."""


class BoostedTrees:
    """XGBoost with a random forest as its baseline, in one piece of work."""

    name = "boosted_trees"
    tier = Tier.AI
    work_kind = LocalCall.kind

    def quote(self, view: TableView, device: Device) -> Quote:
        """Bounds the attempt by its work, which is stopped at its time limit."""
        search = work(view, 0)
        before_s = first_work(view, 0).resources.wall_s if first_answer.wanted(view) else 0.0
        return device.estimate(search.within(search.resources.wall_s + before_s))

    def solve(self, view: TableView, seed: int) -> Solve:
        """Asks for the one piece of work and hands its answer on; of a large table for a short one before it,
        whose model stands until then.

        Raises:
            TierwiseError: when the work did not succeed.
        """
        first = None
        if first_answer.wanted(view):
            first = yield first_work(view, seed)
        result = yield work(view, seed)
        if not isinstance(result, RawResult):
            raise TypeError(f"expected one raw result, got {len(result)}")
        if isinstance(first, RawResult) and first.ok and first_answer.stands(result):
            return first_answer.standing(_candidate(first), result)
        if not result.ok:
            raise TierwiseError(
                f"boosted trees came to no model ({result.state}): {first_answer.why(first, result)}"
            )
        return _candidate(result)


def _candidate(result: RawResult) -> Candidate:
    return Candidate(
        values={name: result.values[name] for name in CLAIMED if name in result.values},
        files=dict(result.files),
        notes=result.values["notes"],
    )


def first_work(view: TableView, seed: int) -> LocalCall:
    """Returns the work of a first answer: default settings, and no set model."""
    asked = work(view, seed)
    budget = first_budget(view.n_open) if view.asked.task == "binary" else first_task_budget()
    params = {**asked.params, "selection": budget.to_json()}
    params.pop("sets")
    return replace(asked, params=params)


def work(view: TableView, seed: int) -> LocalCall:
    """Returns the work that the whole attempt consists of."""
    return _of_two_classes(view, seed) if view.asked.task == "binary" else _of_task(view, seed)


def _of_task(view: TableView, seed: int) -> LocalCall:
    """The work for classes, levels, numbers and times: an ensemble."""
    outputs, features = max(1, len(view.asked.classes)), width(view.columns)
    selection = task_budget(view.n_open, outputs)
    sets = smaller(selection)
    row_s = 5e-8 * features * selection.max_rounds * outputs  # ten times what boosting takes a row
    rows = min(view.n_open, selection.rows)
    seconds = 30 + (selection.fits + sets.fits) * (1.0 + row_s * rows)
    seconds += (selection.finalists + sets.finalists) * row_s * view.n_open
    return LocalCall(
        function="problems.prediction.ai.task_boosting:run",
        params={
            "columns": [column.to_json() for column in view.columns],
            "metric": view.metric,
            "asked": view.asked.to_json(),
            "time_ordered": view.time_ordered,
            "seed": seed,
            "selection": selection.to_json(),
            "sets": sets.to_json(),
            "coverage": COVERAGE,
        },
        inputs={"open_rows": view.open_rows, "sealed_rows": view.sealed_rows},
        resources=Resources(threads=1, wall_s=float(round(seconds)), memory_mb=_memory_mb(view)),
    )


def _of_two_classes(view: TableView, seed: int) -> LocalCall:
    selection, sets = budget_for(view.n_open), small_budget_for(view.n_open)
    params: dict[str, Any] = {
        "columns": [column.to_json() for column in view.columns],
        "metric": view.metric,
        "time_ordered": view.time_ordered,
        **view.region,
        "seed": seed,
        "coverage": COVERAGE,
        "selection": selection.to_json(),
        "sets": sets.to_json(),
    }
    return LocalCall(
        function="problems.prediction.ai.boosting:run",
        params=params,
        inputs={"open_rows": view.open_rows, "sealed_rows": view.sealed_rows},
        resources=Resources(threads=1, wall_s=_limit_s(view, (selection, sets)), memory_mb=_memory_mb(view)),
    )


def _limit_s(view: TableView, budgets: tuple[Budget, ...]) -> float:
    """Seconds until the work is stopped: four times and more what it takes on one core of 2026.

    A fit of a few hundred rows takes some 0.07 s; beyond, time grows with rows × columns.
    """
    features = width(view.columns)
    seconds = 20 + 4e-4 * view.n_open * features  # start, and the training on all rows
    for budget in budgets:
        seconds += budget.fits * (0.2 + 4e-8 * min(view.n_open, budget.rows) * features * budget.max_rounds)
    return float(round(seconds))


def _memory_mb(view: TableView) -> int:
    cells = (view.n_open + view.n_sealed) * width(view.columns)
    return 1024 + int(cells * 100 / 2**20)
