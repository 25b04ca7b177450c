"""Nested cross-validation of classes, levels and numbers: the same folds, other models, losses and bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from problems.prediction.hpc.open_rows import OpenRows
from problems.prediction.hpc.search import Pair, Search
from problems.prediction.models.ensemble_model import FORMAT, dump
from problems.prediction.models.links import skewed
from problems.prediction.models.spreads import with_spread
from problems.prediction.models.task_models import FittedSteps, TaskModels
from problems.prediction.tasks.task import Outcomes
from toolbox.arrays.types import Floats, Index

LINEAR = ("ridge", "least_squares_ridge")
"""Models whose cost grows with the rows alone: they are fitted on all of them."""


@dataclass(frozen=True, eq=False)
class TaskEstimator:
    """Estimates what a search minimises from the out-of-fold predictions of a repeated cross-validation.

    Attributes:
        modelled: the task's models, which say what that is.
        outcomes: of all rows.
        groups: integers from 0, shape (n,).
        folds: fold in which each row was held out, -1 for none, shape (repeats, n).
        seed: of all replicates.
    """

    modelled: TaskModels
    outcomes: Outcomes
    groups: Index
    folds: NDArray[np.intp]
    seed: int

    def estimate(self, predictions: Floats, counts: Index | None = None) -> float:
        """Returns the mean over repeats and folds, of predictions of shape (repeats, n, …).

        Args:
            predictions: NaN where a row was held out in no fold.
            counts: how often each row counts, shape (n,).
        """
        found = []
        for folds, said in zip(self.folds, predictions, strict=True):
            for fold in np.unique(folds[folds >= 0]):
                own = np.flatnonzero(folds == fold)
                own = own if counts is None else np.repeat(own, counts[own])
                if len(own):
                    found.append(self.modelled.loss(self.outcomes.take(own), said[own]))
        values = self.modelled.criterion.sign * np.array(found)
        known = np.isfinite(values)
        return float(np.mean(values[known])) if known.any() else float("nan")

    def replicates(self, series: Floats, numbers: Sequence[int]) -> Floats:
        """Returns the value of each series, shape (series, repeats, n, …), a row each replicate."""
        return np.stack([self._replicate(series, number) for number in numbers])

    def _replicate(self, series: Floats, number: int) -> Floats:
        """With groups drawn anew."""
        random = np.random.default_rng([self.seed, number])
        groups = int(self.groups.max()) + 1
        counts = np.bincount(random.integers(0, groups, groups), minlength=groups)[self.groups]
        return np.array([self.estimate(said, counts) for said in series])


@dataclass(eq=False)
class TaskSearch(Search):
    """A search for models of a task; none of them needs a calibration.

    Attributes:
        modelled: the task's models.
        spread: whether the model is to say how far off it may be, beside its number.
    """

    modelled: TaskModels = field(kw_only=True)
    spread: bool = field(default=False, kw_only=True)
    model_format: ClassVar[str] = FORMAT

    @property
    def least(self) -> int:
        return self.modelled.least

    @property
    def said(self) -> tuple[int, ...]:
        return self.modelled.said

    @cached_property
    def outcomes(self) -> Outcomes:
        """Of all open rows."""
        if self.rows.outcomes is None:
            raise ValueError("expected the outcomes of the open rows, got none")
        return self.rows.outcomes

    def _calibration_pairs(self, train: Index) -> list[Pair]:
        return []

    def fitting(self) -> Search:
        """Returns the same search without the logarithm of a number that is not positive and skewed."""
        same = super().fitting()
        if self.modelled.task != "regression" or skewed(self.outcomes.values.astype(np.float64)):
            return same
        grids = {
            model: [params for params in grid if not params.get("log")]
            for model, grid in same.plan.grids.items()
        }
        return replace(same, plan=replace(same.plan, grids=grids))

    def tune(self, number: int) -> Floats:
        one, fold, model = self.tuning_tasks[number]
        train, test = self.inner[one][fold]
        before, after = self._prepare(one, fold)
        known, asked = self.outcomes.take(train), self.outcomes.take(test)
        finish = self.modelled.finish(known)
        scores = []
        for params in self.plan.grids[model]:
            steps = self.modelled.fitted(model, params, before, known, self._model_seed)
            scores.append(-self.modelled.loss(asked, self.modelled.says(steps, after, finish)))
        return np.array(scores)

    def train(self, one: int, model: str, params: Mapping[str, Any]) -> tuple[Any, FittedSteps, Outcomes]:
        """Fits on the training rows of a round; returns preprocessing, model, and what it learnt from."""
        train = self.rounds[one].train if model in LINEAR else self._fitted_rows(self.rounds[one])
        known = self.outcomes.take(train)
        prepare, data = self.modelled.prepared(self.rows.features.iloc[train])
        return prepare, self.modelled.fitted(model, params, data, known, self._model_seed), known

    def test(self, one: int, model: str, params: Mapping[str, Any]) -> Floats:
        prepare, steps, known = self.train(one, model, params)
        after = prepare.transform(self.rows.features.iloc[self.rounds[one].test])
        said = self.modelled.says(steps, np.asarray(after, dtype=np.float64), self.modelled.finish(known))
        return said.ravel()

    def final_model(self, model: str, params: Mapping[str, Any]) -> bytes:
        prepare, steps, known = self.train(len(self.rounds) - 1, model, params)
        made = dump([self.modelled.part(prepare, steps)], self.modelled.finish(known))
        return self._spread(made, model, params) if self.spread else made

    def _spread(self, made: bytes, model: str, params: Mapping[str, Any]) -> bytes:
        """Adds the spread of errors in the inner folds of the final round, by models of their other rows."""
        residuals, places = [], []
        for fold, (train, test) in enumerate(self.inner[-1]):
            before, after = self._prepare(len(self.rounds) - 1, fold)
            known = self.outcomes.take(train)
            steps = self.modelled.fitted(model, params, before, known, self._model_seed)
            said = self.modelled.says(steps, after, self.modelled.finish(known))
            residuals.append(self.outcomes.values[test] - said)
            places.append(test)
        rows = self.rows.features.iloc[np.concatenate(places)]
        return with_spread(self.modelled.columns, made, rows, np.concatenate(residuals), self._model_seed)

    def estimator(self, folds: NDArray[np.intp], seed: int) -> TaskEstimator:
        return TaskEstimator(self.modelled, self.outcomes, self.rows.groups, folds, seed)

    @property
    def value_name(self) -> str:
        return self.modelled.criterion.name


def with_strata(rows: OpenRows, modelled: TaskModels) -> OpenRows:
    """Returns rows whose `labels` are the strata of their outcomes."""
    if rows.outcomes is None:
        raise ValueError("expected the outcomes of the open rows, got none")
    return replace(rows, labels=modelled.strata(rows.outcomes))
