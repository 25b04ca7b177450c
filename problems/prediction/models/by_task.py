"""The models of what is asked."""

from collections.abc import Mapping, Sequence
from typing import Any

from problems.prediction.models.reduction import Blocks
from problems.prediction.models.survival_models import SurvivalModels, grid_of
from problems.prediction.models.task_models import TaskModels
from problems.prediction.tables.table import Column

TWO_CLASSES: Mapping[str, str] = {
    "roc_auc": "macro_roc_auc",
    "average_precision": "macro_roc_auc",
    "background_rejection": "macro_roc_auc",
    "ams": "macro_roc_auc",
    "sensitivity": "balanced_accuracy",
    "specificity": "balanced_accuracy",
}
"""By a metric of two classes, the one of classes in general whose models serve it."""


def models_of(
    columns: Sequence[Column], metric: str, asked: Mapping[str, Any], blocks: Blocks = ()
) -> TaskModels:
    """Returns the models of what is asked, see `Asked.to_json`, of columns that may be of several kinds."""
    task, parameters = asked["task"], asked["parameters"]
    if task == "time_to_event":
        times, horizon = grid_of(parameters)
        return SurvivalModels(tuple(columns), task, metric, blocks=blocks, times=times, horizon=horizon)
    if task == "binary":
        return TaskModels(tuple(columns), "multiclass", TWO_CLASSES.get(metric, metric), 2)
    limits = tuple(float(each) for each in parameters.get("range") or ())
    return TaskModels(tuple(columns), task, metric, len(asked["classes"]), limits, blocks)
