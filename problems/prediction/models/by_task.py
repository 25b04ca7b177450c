"""The models of what is asked."""

from collections.abc import Mapping, Sequence
from typing import Any

from problems.prediction.models.survival_models import SurvivalModels, grid_of
from problems.prediction.models.task_models import TaskModels
from problems.prediction.tables.table import Column


def models_of(columns: Sequence[Column], metric: str, asked: Mapping[str, Any]) -> TaskModels:
    """Returns the models of what is asked, see `Asked.to_json`."""
    task, parameters = asked["task"], asked["parameters"]
    if task == "time_to_event":
        times, horizon = grid_of(parameters)
        return SurvivalModels(tuple(columns), task, metric, times=times, horizon=horizon)
    limits = tuple(float(each) for each in parameters.get("range") or ())
    return TaskModels(tuple(columns), task, metric, len(asked["classes"]), limits)
