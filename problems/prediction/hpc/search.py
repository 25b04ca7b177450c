"""The tasks of nested cross-validation: each is a pure function of its number, the table and the seed."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from escalation.model.identity import derive_seed
from problems.prediction.hpc.grids import (
    FIT_ROWS,
    NEIGHBOUR_ROWS,
    NEIGHBOUR_SHARE,
    TUNING_ROWS,
    SearchPlan,
    estimated_cost,
)
from problems.prediction.hpc.open_rows import OpenRows
from problems.prediction.hpc.shared_fits import SharedFits
from problems.prediction.models import pipelines
from problems.prediction.models.reduction import (
    class_relevance,
    fitted_reduction,
    reduced,
    split_settings,
)
from toolbox.arrays.types import Floats, Index
from toolbox.stats.bootstrap import Estimator
from toolbox.stats.splits import (
    codes,
    keep_classes,
    leave_one_group_out,
    stratified_parts,
    train_test_pairs,
)
from toolbox.stats.weighted_metrics import EFFICIENCY, RANKING, selection_score

if TYPE_CHECKING:
    pass

CACHED_SPLITS = 64

Pair = tuple[Index, Index]
"""(train, test) positions."""


@dataclass(frozen=True)
class Round:
    """One run of the inner cross-validation: an outer fold's training rows, or finally all open rows.

    Attributes:
        number: of the round among all that were planned, for seeds.
        repeat: of the outer cross-validation.
        train: positions to learn from.
        test: positions held out.
    """

    number: int
    repeat: int
    train: Index
    test: Index


@dataclass(frozen=True)
class ModelChoice:
    """What a round's inner cross-validation chose.

    Attributes:
        settings: the best settings of each model.
        scores: their mean inner scores.
    """

    settings: Mapping[str, dict[str, Any]]
    scores: Mapping[str, float]

    @property
    def model(self) -> str:
        """The model with the best score; the first in the plan's order among equals."""
        return max(self.scores, key=lambda name: self.scores[name])

    @property
    def name(self) -> str:
        """The chosen model with its settings, for a reader."""
        settings = ", ".join(f"{name} {value:g}" for name, value in self.settings[self.model].items())
        return f"{self.model} ({settings})"


@dataclass(eq=False)
class Search:
    """A nested cross-validation over the plan's models.

    Attributes:
        rows: what there is to learn from.
        plan: models, folds, repeats.
        metric: what the target asks for.
        seed: of every shuffle.
        forward: rows are in order of time, so every fold trains on earlier rows only.
        efficiency: share of the class to predict that is kept, where the metric is read off there.
    """

    rows: OpenRows
    plan: SearchPlan
    metric: str
    seed: int
    forward: bool
    efficiency: float = EFFICIENCY
    model_format: ClassVar[str] = "skops"
    _prepared: dict[tuple[int, int], tuple[Floats, Floats]] = field(default_factory=dict, init=False)

    @property
    def least(self) -> int:
        """Classes that either side of a fold must hold."""
        return 2

    @property
    def said(self) -> tuple[int, ...]:
        """The shape of what a model says of a row."""
        return ()

    @property
    def value_name(self) -> str:
        """What the nested estimates are of."""
        return self.metric

    def estimator(self, folds: NDArray[np.intp], seed: int) -> Any:
        """Returns what estimates it from out-of-fold predictions.

        Args:
            folds: fold in which each row was held out, -1 for none, shape (repeats, n).
            seed: of the bootstrap.
        """
        rows = self.rows
        return Estimator(self.metric, rows.labels, rows.groups, folds, seed, rows.weights, self.efficiency)

    @cached_property
    def models(self) -> list[str]:
        """Names of the models, in the plan's order."""
        return list(self.plan.grids)

    @cached_property
    def rounds(self) -> list[Round]:
        """The outer folds that can be tuned in, then the final round on all rows, which is tested on none."""
        return [one for one, _ in self._rounds_and_inner]

    @cached_property
    def inner(self) -> list[list[Pair]]:
        """(train, test) positions of the inner folds of each round."""
        return [pairs for _, pairs in self._rounds_and_inner]

    @cached_property
    def repeats(self) -> int:
        """Repeats of the outer cross-validation that have a fold."""
        return len({one.repeat for one in self.rounds[:-1]})

    @cached_property
    def _rounds_and_inner(self) -> list[tuple[Round, list[Pair]]]:
        """An outer fold whose training rows (early ones, few groups) cannot be divided again is left out."""
        everything = np.arange(len(self.rows.labels))
        found: list[tuple[Round, list[Pair]]] = []
        number = 0
        for repeat in range(self.plan.outer_repeats):
            seed = derive_seed(self.seed, "outer folds", repeat)
            for train, test in self._outer_pairs(everything, seed):
                one = Round(number, repeat, train, test)
                with suppress(ValueError):
                    self._calibration_pairs(self._fitted_rows(one))
                    found.append((one, self._inner_pairs(one)))
                number += 1
        final = Round(number, -1, everything, np.zeros(0, dtype=np.intp))
        return [*found, (final, self._inner_pairs(final))]

    def _outer_pairs(self, positions: Index, seed: int) -> list[Pair]:
        if self.plan.outer_folds:
            return self._pairs(positions, self.plan.outer_folds, seed)
        return leave_one_group_out(self.rows.labels, self.rows.groups, self.least)

    def _inner_pairs(self, one: Round) -> list[Pair]:
        """Those in which models can be calibrated too, where that is needed and there are such."""
        sample = self._at_most(TUNING_ROWS, one.train, one.number)
        seed = derive_seed(self.seed, "inner folds", one.number)
        pairs = self._pairs(sample, self.plan.inner_folds, seed)
        return self._calibrated(pairs) or pairs

    def _calibrated(self, pairs: list[Pair]) -> list[Pair]:
        if self.metric in RANKING:
            return pairs
        kept = []
        for pair in pairs:
            with suppress(ValueError):
                self._calibration_pairs(pair[0])
                kept.append(pair)
        return kept

    def fitting(self) -> "Search":
        """Returns the same search over what every one of its training sets is large enough for.

        The smallest training set decides: no more neighbours than it has rows, and no model that needs a
        calibration where the rows cannot be divided for it. In order of time it is a small part of all rows.

        Raises:
            ValueError: when not even all rows can be divided, so that nothing can be chosen.
        """
        _ = self.inner
        try:
            most, models = min(self._smallest, NEIGHBOUR_SHARE * len(self.rows.labels)), self.models
        except ValueError:
            most, models = 0, [model for model in self.models if model not in pipelines.CALIBRATED]
        grids = {
            model: [params for params in self.plan.grids[model] if params.get("n_neighbors", 0) <= most]
            for model in models
        }
        kept = {model: grid for model, grid in grids.items() if grid}
        return self if kept == self.plan.grids else replace(self, plan=replace(self.plan, grids=kept))

    @property
    def _smallest(self) -> int:
        """Rows of the smallest set that a model is fitted on; `ValueError` where one cannot be divided."""
        tuned = [train for pairs in self.inner for train, _ in pairs]
        refitted = [self._fitted_rows(one) for one in self.rounds]
        calibrated = refitted if self.metric in RANKING else [*refitted, *tuned]
        scored = [train for rows in calibrated for train, _ in self._calibration_pairs(rows)]
        return min(len(rows) for rows in (*tuned, *refitted, *scored))

    @cached_property
    def tuning_tasks(self) -> list[tuple[int, int, str]]:
        """(round, inner fold, model)."""
        return [
            (number, fold, model)
            for number, pairs in enumerate(self.inner)
            for fold in range(len(pairs))
            for model in self.models
        ]

    def tuning_cost(self, number: int) -> float:
        """Estimated relative cost of a tuning task."""
        one, fold, model = self.tuning_tasks[number]
        cost = estimated_cost(model, len(self.inner[one][fold][0]), len(self.rows.columns))
        refits = 1 + pipelines.CALIBRATION_FOLDS * self._calibrates(model)
        return cost * refits * len(self.plan.grids[model])

    def tune(self, number: int) -> Floats:
        """Returns the score of every setting of a model on one inner fold, shape (settings,)."""
        one, fold, model = self.tuning_tasks[number]
        train, test = self.inner[one][fold]
        grid, weights = self.plan.grids[model], self.rows.weights_of(train)
        most = max(params.get("n_neighbors", 0) for params in grid)
        shared = SharedFits(*self._prepare(one, fold), self.rows.labels[train], weights, most)
        scores = []
        for params in grid:
            found = self._scores(model, params, train, shared)
            about = self.rows.labels[test], found, self.rows.weights_of(test), self.efficiency
            scores.append(selection_score(self.metric, *about))
        return np.array(scores)

    def _scores(self, model: str, params: Mapping[str, Any], train: Index, shared: SharedFits) -> Floats:
        """What a model says of the test rows; where the metric looks at ranks alone, whatever ranks them."""
        data, asked = shared.parts(params, lambda: self._reduction(params, shared.before, train))
        ranking = self.metric in RANKING
        if ranking and model == "nearest_neighbours":
            return shared.votes(params, data, asked)
        base = pipelines.base_model(model, params, data.shape[1], self.metric, self._model_seed)
        if not ranking:
            return pipelines.positive_probabilities(self._fit(model, base, data, train), asked)
        if model == "nystroem_rbf":
            return shared.on_landmarks(params, base, data, asked)
        # a sigmoid would not change the ranks
        return pipelines.ranking_scores(pipelines.fitted(base, data, shared.labels, shared.weights), asked)

    def train(self, one: int, model: str, params: Mapping[str, Any]) -> Any:
        """Fits preprocessing, model and calibration on the training rows of a round; returns the pipeline."""
        train = self._learnt_from(model, self.rounds[one])
        rows = self.rows.features.iloc[train]
        prepare = pipelines.preprocessing(self.rows.columns)
        whole = np.asarray(prepare.fit_transform(rows), dtype=np.float64)
        reduce = self._reduction(params, whole, train)
        data = reduced(reduce, whole)
        base = pipelines.base_model(model, params, data.shape[1], self.metric, self._model_seed)
        return pipelines.joined(prepare, self._fit(model, base, data, train), reduce)

    def _reduction(self, params: Mapping[str, Any], data: Floats, train: Index) -> Any:
        """Fewer columns, fitted on training rows; None for all."""
        reduction, _ = split_settings(params)
        if not reduction:
            return None
        relevance = class_relevance(data, self.rows.labels[train])
        return fitted_reduction(reduction, data, relevance, self._model_seed, self.plan.blocks)

    def test(self, one: int, model: str, params: Mapping[str, Any]) -> Floats:
        """Returns P(positive) of the rows that an outer fold holds out, shape (rows held out,)."""
        pipeline = self.train(one, model, params)
        return pipelines.positive_probabilities(pipeline, self.rows.features.iloc[self.rounds[one].test])

    def final_model(self, model: str, params: Mapping[str, Any]) -> bytes:
        """Returns the model of the final round as a skops file."""
        from toolbox.models.skops_file import dump_estimator

        return dump_estimator(self.train(len(self.rounds) - 1, model, params))

    @property
    def _model_seed(self) -> int:
        return derive_seed(self.seed, "models")

    def _calibrates(self, model: str) -> bool:
        return self.metric not in RANKING and model in pipelines.CALIBRATED

    def _fit(self, model: str, base: Any, data: Floats, train: Index) -> Any:
        return pipelines.fit_probabilistic(
            model, base, data, self.rows.labels[train], self._calibration(train)
        )

    def _calibration(self, train: Index) -> pipelines.ProbabilityCalibration:
        return pipelines.ProbabilityCalibration(
            groups=codes(self.rows.groups[train].tolist()),
            metric=self.metric,
            seed=derive_seed(self.seed, "calibration folds"),
            forward=self.forward,
            weights=self.rows.weights_of(train),
        )

    def _calibration_pairs(self, train: Index) -> list[Pair]:
        return self._calibration(train).pairs(self.rows.labels[train])

    def _learnt_from(self, model: str, one: Round) -> Index:
        if model == "ridge":
            return one.train
        found = self._fitted_rows(one)
        return (
            self._at_most(NEIGHBOUR_ROWS, found, one.number)
            if model == "nearest_neighbours" and len(found) > NEIGHBOUR_ROWS
            else found
        )

    def _fitted_rows(self, one: Round) -> Index:
        """The rows of a round that models other than logistic regression are fitted on."""
        return self._at_most(FIT_ROWS, one.train, one.number)

    def _prepare(self, one: int, fold: int) -> tuple[Floats, Floats]:
        """Rows of an inner fold, preprocessed by what the training rows alone say; kept for reuse."""
        if (one, fold) not in self._prepared:
            while len(self._prepared) >= CACHED_SPLITS:
                del self._prepared[next(iter(self._prepared))]
            train, test = self.inner[one][fold]
            prepare = pipelines.preprocessing(self.rows.columns)
            before = prepare.fit_transform(self.rows.features.iloc[train])
            after = prepare.transform(self.rows.features.iloc[test])
            self._prepared[one, fold] = np.asarray(before, np.float64), np.asarray(after, np.float64)
        return self._prepared[one, fold]

    def _pairs(self, positions: Index, folds: int, seed: int) -> list[tuple[Index, Index]]:
        labels, groups = self.rows.labels[positions], codes(self.rows.groups[positions].tolist())
        pairs = train_test_pairs(labels, groups, folds, seed, time_ordered=self.forward, least=self.least)
        return [(positions[train], positions[test]) for train, test in pairs]

    def _at_most(self, limit: int, positions: Index, number: int) -> Index:
        """A stratified sample of whole groups; where rows are in order of time, the latest ones.

        A class that is rare keeps rows enough, see `keep_classes`.
        """
        if len(positions) <= limit:
            return positions
        labels, groups = self.rows.labels[positions], codes(self.rows.groups[positions].tolist())
        sample = np.arange(len(positions) - limit, len(positions))
        if not self.forward:
            share = limit / len(positions)
            seed = derive_seed(self.seed, "sample", limit, number)
            sample = np.flatnonzero(stratified_parts(labels, groups, [share, 1 - share], seed) == 0)
        kept: Index = positions[keep_classes(sample, labels, groups)]
        return kept
