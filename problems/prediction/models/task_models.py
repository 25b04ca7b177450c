"""What a task asks of models that are fitted to columns: fits, predictions, their loss, and their bytes."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from problems.prediction.models.ensemble_model import EnsemblePart, Finish, estimator_says
from problems.prediction.models.estimators import IGNORES_WEIGHTS, estimator
from problems.prediction.models.links import Link, link_for
from problems.prediction.models.pipelines import preprocessing
from problems.prediction.models.reduction import (
    Blocks,
    class_relevance,
    fitted_reduction,
    number_relevance,
    reduced,
    split_settings,
)
from problems.prediction.tables.table import Column
from problems.prediction.tasks.task import Outcomes
from toolbox.arrays.types import Floats, Index
from toolbox.stats.task_values import Criterion, criterion

if TYPE_CHECKING:
    import pandas as pd

STRATA = 5
"""Parts by size that a number's rows are dealt to folds in."""


@dataclass(frozen=True, eq=False)
class FittedSteps:
    """A model with what comes before it.

    Attributes:
        reduce: fitted step from preprocessed features to fewer, None for all.
        model: estimator, or a list of them, see `ensemble_model.estimator_says`.
        link: the scale of a number.
    """

    reduce: Any
    model: Any
    link: Link


@dataclass(frozen=True)
class TaskModels:
    """Models of a task that is not about two classes.

    Attributes:
        columns: the features.
        task: `multiclass`, `ordinal` or `regression`.
        metric: of the target.
        classes: their number; 0 of a regression.
        limits: lowest and highest number that may be said; empty for none.
        blocks: kinds of columns, see `reduction.Blocks`.
    """

    columns: tuple[Column, ...]
    task: str
    metric: str
    classes: int = 0
    limits: tuple[float, ...] = ()
    blocks: Blocks = ()

    @cached_property
    def criterion(self) -> Criterion:
        """What a search minimises."""
        return criterion(self.task, self.metric)

    @property
    def said(self) -> tuple[int, ...]:
        """The shape of what is said of a row."""
        return (self.classes,) if self.classes else ()

    @property
    def least(self) -> int:
        """Classes that training and test rows must hold: two, of a number none."""
        return 2 if self.classes else 1

    def strata(self, outcomes: Outcomes) -> Index:
        """Returns the parts that folds hold equal shares of: classes, or fifths by size, shape (n,)."""
        if self.classes:
            return outcomes.values.astype(np.intp)
        edges = np.quantile(outcomes.values, np.arange(1, STRATA) / STRATA)
        return np.searchsorted(edges, outcomes.values, side="right").astype(np.intp)

    def loss(self, outcomes: Outcomes, predicted: Floats) -> float:
        """Returns the criterion of predictions, infinite where it is undefined."""
        return self.criterion.loss(outcomes.values.astype(np.float64), predicted, weights(outcomes))

    def prepared(self, rows: "pd.DataFrame") -> tuple[Any, Floats]:
        """Returns preprocessing fitted on training rows, and them preprocessed."""
        prepare = preprocessing(self.columns)
        return prepare, np.asarray(prepare.fit_transform(rows), dtype=np.float64)

    def fitted(
        self, model: str, params: Mapping[str, Any], data: Floats, outcomes: Outcomes, seed: int
    ) -> FittedSteps:
        """Fits on preprocessed training rows.

        Args:
            model: a key of the plan's grids.
            params: one entry of its grid.
            data: shape (n, features).
            outcomes: of these rows.
            seed: of what an estimator draws.
        """
        reduction, own = split_settings(params)
        log = bool(own.pop("log", False))
        values = outcomes.values.astype(np.float64)
        link = Link() if self.classes else link_for(values, log)
        target: Any = outcomes.values.astype(np.intp) if self.classes else link.forward(values)
        reduce = None
        if reduction:
            relevance = (class_relevance if self.classes else number_relevance)(data, target)
            reduce = fitted_reduction(reduction, data, relevance, seed, self.blocks)
            data = reduced(reduce, data)
        base = estimator(self.task, model, own, data.shape, seed)
        weight = self._weights(model, outcomes)
        if model == "cumulative":
            levels = range(1, self.classes)
            found: Any = [_fit(base, data, (target >= level).astype(np.intp), weight) for level in levels]
        else:
            found = _fit(base, data, target, weight)
        steps = FittedSteps(reduce, found, link)
        return replace(steps, link=self._centred(link, values, estimator_says(found, data, self.classes)))

    def _centred(self, link: Link, values: Floats, said: Floats) -> Link:
        """Of a logarithm whose squared error counts: makes the mean right, on the training rows."""
        if not link.log or self.criterion.name != "mean squared error":
            return link
        return replace(link, factor=float(values.mean() / link.back(said).mean()))

    def _weights(self, model: str, outcomes: Outcomes) -> Floats | None:
        """Weights of rows in a fit."""
        return None if model in IGNORES_WEIGHTS or outcomes.weights is None else outcomes.weights

    def says(self, steps: FittedSteps, data: Floats, finish: Finish) -> Floats:
        """Returns predictions of preprocessed rows."""
        return finish(self.raw(steps, data))

    def raw(self, steps: FittedSteps, data: Floats) -> Floats:
        """Returns predictions before the finish."""
        said = estimator_says(steps.model, reduced(steps.reduce, data), self.classes)
        return said if self.classes else steps.link.back(said)

    def finish(self, outcomes: Outcomes) -> Finish:
        """Returns what is done with raw predictions, as training rows say it."""
        if not self.classes:
            return Finish(limits=self.limits)
        return Finish(
            self.classes, offsets=self.offsets(outcomes), floor=0.5 / (len(outcomes) + self.classes)
        )

    def offsets(self, outcomes: Outcomes) -> tuple[float, ...]:
        """Minus the logarithm of each class's frequency where the metric weighs classes alike, else none."""
        if self.metric != "balanced_accuracy":
            return ()
        counts = np.bincount(outcomes.values.astype(np.intp), weights(outcomes), minlength=self.classes)
        return tuple(float(each) for each in -np.log(np.maximum(counts, 0.5) / counts.sum()))

    def part(self, prepare: Any, steps: FittedSteps) -> EnsemblePart:
        """Returns a fitted model as a part of an ensemble."""
        from toolbox.models.skops_file import dump_estimator

        data = dump_estimator({"prepare": prepare, "reduce": steps.reduce, "model": steps.model})
        return EnsemblePart("skops", data, about={} if self.classes else {"link": steps.link.to_json()})


def weights(outcomes: Outcomes) -> Floats:
    """Returns the weight of each row, 1 where none is said."""
    return np.ones(len(outcomes)) if outcomes.weights is None else np.asarray(outcomes.weights, np.float64)


def _fit(base: Any, data: Floats, target: Any, weight: Floats | None) -> Any:
    """Fits a copy; a solver that stops at its iteration limit is a regularised fit, not an error."""
    from sklearn.base import clone
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.pipeline import Pipeline

    if len(np.unique(target)) < 2 and hasattr(base, "predict_proba"):
        from sklearn.dummy import DummyClassifier

        return DummyClassifier(strategy="prior").fit(data, target)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        one = clone(base)
        if weight is None:
            return one.fit(data, target)
        named = f"{one.steps[-1][0]}__sample_weight" if isinstance(one, Pipeline) else "sample_weight"
        return one.fit(data, target, **{named: weight})
