"""Boosted trees of the time to an event, as a member of the AI tier's ensembles."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from escalation.model.identity import derive_seed
from problems.prediction.ai.members import PATIENCE, TaskRows
from problems.prediction.models import survival
from problems.prediction.models.ensemble_model import EnsemblePart
from problems.prediction.models.survival_models import SurvivalModels, events
from problems.prediction.models.task_models import TaskModels
from problems.prediction.models.xgboost_model import matrix
from toolbox.arrays.types import Floats
from toolbox.models import cox
from toolbox.stats.splits import train_test_pairs

if TYPE_CHECKING:
    import xgboost

FOLDS = 4


@dataclass(frozen=True, eq=False)
class TrainedHazards:
    """Boosted trees on Cox's partial likelihood with a baseline hazard."""

    booster: "xgboost.Booster"
    base: cox.Baseline

    def says(self, models: TaskModels, rows: TaskRows) -> Floats:
        return np.asarray(
            self.base.surviving(survival.tree_log_risk(self.booster, models.columns, rows.features))
        )

    def part(self, models: TaskModels) -> EnsemblePart:
        return EnsemblePart(survival.TREES, survival.dump_trees(models.columns, self.booster, self.base))


@dataclass(frozen=True)
class BoostedHazards:
    """Trees that rank rows by risk, and Breslow's baseline.

    Attributes:
        params: of XGBoost, without seed and threads.
        rounds: trees.
    """

    params: Mapping[str, float | int]
    rounds: int
    log: ClassVar[bool] = False
    name: ClassVar[str] = "xgboost"

    def to_json(self) -> dict[str, Any]:
        return {"objective": "survival:cox", **self.params, "rounds": self.rounds}

    def train(self, models: TaskModels, rows: TaskRows, seed: int) -> TrainedHazards:
        """The slope of the log risk is that of rows which trees of the others have not seen."""
        booster = self._boosted(models, rows, seed)
        strata = models.strata(rows.outcomes)
        pairs = train_test_pairs(strata, rows.groups, FOLDS, derive_seed(seed, "slope"), least=1)
        train, test = pairs[0]
        other = self._boosted(models, rows.take(train), seed)
        unseen = survival.tree_log_risk(other, models.columns, rows.features[test])
        slope = _base(models, rows.take(test), unseen, calibrated=True).slope
        own = survival.tree_log_risk(booster, models.columns, rows.features)
        base = _base(models, rows, slope * own, calibrated=False)
        return TrainedHazards(booster, cox.Baseline(slope, base.grid, base.hazard))

    def stopped(
        self, models: TaskModels, parts: tuple[TaskRows, TaskRows], seed: int
    ) -> tuple[TrainedHazards, int]:
        """Trains until the partial likelihood of other rows no longer rises."""
        import xgboost

        train, test = parts
        booster = xgboost.train(
            self._params(seed),
            _signed(models, train),
            self.rounds,
            evals=[(_signed(models, test), "test")],
            early_stopping_rounds=PATIENCE,
            verbose_eval=False,
        )
        best = booster.best_iteration + 1
        booster = booster[:best]
        own = survival.tree_log_risk(booster, models.columns, train.features)
        return TrainedHazards(booster, _base(models, train, own, calibrated=False)), best

    def _boosted(self, models: TaskModels, rows: TaskRows, seed: int) -> "xgboost.Booster":
        import xgboost

        return xgboost.train(self._params(seed), _signed(models, rows), self.rounds)

    def _params(self, seed: int) -> dict[str, Any]:
        fixed = {"objective": "survival:cox", "tree_method": "hist", "nthread": 1}
        return {**fixed, "seed": seed & 0x7FFFFFFF, **self.params}


def _signed(models: TaskModels, rows: TaskRows) -> "xgboost.DMatrix":
    """A negative time is one of censoring, XGBoost's own sign; time 0 would lose it."""
    times = np.maximum(rows.outcomes.values.astype(np.float64), np.finfo(np.float32).tiny)
    data = matrix(models.columns, rows.features, np.where(events(rows.outcomes), 1.0, -1.0) * times)
    if rows.outcomes.weights is not None:
        data.set_weight(rows.outcomes.weights)
    return data


def _base(models: TaskModels, rows: TaskRows, log_risk: Floats, *, calibrated: bool) -> cox.Baseline:
    if not isinstance(models, SurvivalModels):
        raise TypeError(f"expected models of the time to an event, got {models.task}")
    times = rows.outcomes.values.astype(np.float64)
    return cox.baseline(log_risk, times, events(rows.outcomes), np.asarray(models.times), calibrated)
