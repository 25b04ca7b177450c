"""Models of the time to an event: Cox's on preprocessed columns, and what a search of them minimises."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from problems.prediction.models import survival
from problems.prediction.models.ensemble_model import EnsemblePart, Finish
from problems.prediction.models.links import Link
from problems.prediction.models.reduction import fitted_reduction, number_relevance, reduced, split_settings
from problems.prediction.models.task_models import FittedSteps, TaskModels
from problems.prediction.tasks.task import Outcomes
from toolbox.arrays.types import Flags, Floats, Index
from toolbox.models import cox
from toolbox.stats.survival import Censored
from toolbox.stats.survival_metrics import integrated_brier, uno_c
from toolbox.stats.task_values import Criterion

RANKING = ("concordance", "roc_auc")
"""Metrics that only the order of rows counts in."""


@dataclass(frozen=True)
class SurvivalModels(TaskModels):
    """Models of the task `time_to_event`.

    Attributes:
        times: the grid that survival is predicted on, rising.
        horizon: one of them.
    """

    times: tuple[float, ...] = field(kw_only=True)
    horizon: float = field(kw_only=True)

    @cached_property
    def criterion(self) -> Criterion:
        """By name; see `loss`."""
        if self.metric in RANKING:
            return Criterion("Uno's C", _none, -1)
        return Criterion("integrated Brier score", _none)

    @property
    def said(self) -> tuple[int, ...]:
        return (len(self.times),)

    @property
    def least(self) -> int:
        return 1

    def strata(self, outcomes: Outcomes) -> Index:
        """Whether the event was seen, early or late."""
        late = outcomes.values > np.median(outcomes.values)
        return np.asarray(2 * events(outcomes) + late, dtype=np.intp)

    def loss(self, outcomes: Outcomes, predicted: Floats) -> float:
        """Returns minus Uno's C up to the horizon, or the integrated Brier score; infinite if undefined."""
        seen = Censored(outcomes.values.astype(np.float64), events(outcomes))
        if self.criterion.name == "Uno's C":
            place = int(np.searchsorted(self.times, self.horizon))
            found = -uno_c(seen, 1 - predicted[:, place], self.horizon).estimate
        else:
            found = integrated_brier(seen, predicted, np.asarray(self.times)).estimate
        return float(found) if np.isfinite(found) else float("inf")

    def fitted(
        self, model: str, params: Mapping[str, Any], data: Floats, outcomes: Outcomes, seed: int
    ) -> FittedSteps:
        """Fits Cox's model; its baseline on the same rows, whose penalty keeps the slope near 1."""
        if model != "cox":
            raise ValueError(f"unknown model {model!r} of the time to an event")
        reduction, own = split_settings(params)
        times, happened = outcomes.values.astype(np.float64), events(outcomes)
        reduce = None
        if reduction:
            relevance = number_relevance(data, martingale_residuals(times, happened))
            reduce = fitted_reduction(reduction, data, relevance, seed, self.blocks)
            data = reduced(reduce, data)
        coefficients = cox.fit(data, times, happened, own["penalty"])
        grid = np.asarray(self.times)
        base = cox.baseline(data @ coefficients, times, happened, grid, calibrated=False)
        return FittedSteps(reduce, (coefficients, base), Link())

    def raw(self, steps: FittedSteps, data: Floats) -> Floats:
        coefficients, base = steps.model
        return np.asarray(base.surviving(reduced(steps.reduce, data) @ coefficients), dtype=np.float64)

    def finish(self, outcomes: Outcomes) -> Finish:
        return Finish(survival=True)

    def part(self, prepare: Any, steps: FittedSteps) -> EnsemblePart:
        """Returns a fitted model as a part of an ensemble; a reduction travels in its preprocessing."""
        from sklearn.pipeline import Pipeline

        whole = (
            prepare if steps.reduce is None else Pipeline([("prepare", prepare), ("reduce", steps.reduce)])
        )
        return EnsemblePart(survival.LINEAR, survival.dump_linear(whole, *steps.model))


def events(outcomes: Outcomes) -> Flags:
    """Returns whether each row's time ended with the event, shape (n,)."""
    if outcomes.events is None:
        raise ValueError("expected outcomes that say which times ended with the event, got none")
    return np.asarray(outcomes.events, dtype=np.bool_)


def martingale_residuals(times: Floats, happened: Flags) -> Floats:
    """Returns how much earlier the event came than in a model without features: martingale residuals, (n,).

    Therneau, Grambsch and Fleming 1990, Biometrika 77:147; what correlates with them tells risks apart.
    """
    base = cox.baseline(np.zeros(len(times)), times, happened, np.unique(times), calibrated=False)
    return np.asarray(happened - base.hazard[np.searchsorted(base.grid, times)], dtype=np.float64)


def _none(outcome: Floats, predicted: Floats, weights: Floats) -> float:
    raise NotImplementedError("the loss of times that are censored needs to know which are")


def grid_of(parameters: Mapping[str, Any]) -> tuple[tuple[float, ...], float]:
    """Returns the grid of times and the horizon that a task's parameters name."""
    times: Sequence[Any] = parameters["times"]
    return tuple(float(each) for each in times), float(parameters["horizon"])
