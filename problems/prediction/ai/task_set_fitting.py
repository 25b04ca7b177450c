"""The AI tier's set model for any task but two classes: a smaller ensemble without the calibration rows."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from escalation.model.errors import BadInput
from escalation.model.identity import derive_seed
from problems.prediction.ai.members import TaskRows
from problems.prediction.ai.task_budgets import TaskBudget
from problems.prediction.ai.task_fitting import Selection, TaskFit, fit_ensemble
from problems.prediction.ai.tuning import Tick
from problems.prediction.models import ensemble_model, spreads
from problems.prediction.models.task_models import TaskModels
from problems.prediction.prediction_sets.split_conformal import Sets, no_sets
from problems.prediction.prediction_sets.task_sets import TaskSetModel, parts_of, task_sets
from problems.prediction.tasks.task import of_json

if TYPE_CHECKING:
    import pandas as pd


def ensemble_sets(
    rows: TaskRows, sealed: "pd.DataFrame", models: TaskModels, params: Mapping[str, Any], tick: Tick
) -> Sets:
    """Makes prediction sets of the sealed rows.

    Args:
        rows: all open ones.
        sealed: the feature columns of the sealed ones.
        models: of the task.
        params: of `task_boosting.run`.
        tick: told the fits done.
    """
    seed, forward = derive_seed(params["seed"], "sets"), params["time_ordered"]
    budget, asked = TaskBudget.from_json(params["sets"]), of_json(params["asked"])
    try:
        proper, held = parts_of(models.strata(rows.outcomes), rows.groups, seed, forward)
        selection = Selection(models, budget, derive_seed(seed, "model"), forward, tick)
        twin = fit_ensemble(rows.take(proper), selection)
    except BadInput as error:
        return no_sets(str(error))
    about = {
        "model": f"{twin.chosen}, selected and trained on {len(proper)} open rows without these",
        "budget": twin.notes["budget"],
    }
    made, known = _set_model(twin, models, seed, about), rows.take(held)
    calibrating = (known.frame, replace(known.outcomes, groups=known.groups))
    least = float(rows.outcomes.values.min())
    return task_sets(made, calibrating, sealed, asked, params["coverage"], time_ordered=forward, least=least)


def _set_model(twin: TaskFit, models: TaskModels, seed: int, about: Mapping[str, Any]) -> TaskSetModel:
    """The ensemble; of a number with the spread of its errors, from those out of fold."""
    if models.task != "regression":
        return TaskSetModel(ensemble_model.FORMAT, twin.model, about)
    residuals = twin.tested.outcomes.values - twin.out_of_fold
    model = spreads.with_spread(
        models.columns, twin.model, twin.tested.frame, residuals, derive_seed(seed, "spread")
    )
    return TaskSetModel(spreads.FORMAT, model, about)
