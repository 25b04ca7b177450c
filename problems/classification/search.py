"""The tasks of nested cross-validation: each is a pure function of its number, the table and the seed."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from escalation.identity import derive_seed
from problems.classification import pipelines
from problems.classification.arrays import Floats
from problems.classification.grids import FIT_ROWS, TUNING_ROWS, Plan, estimated_cost
from problems.classification.splits import Index, codes, stratified_parts, train_test_pairs
from problems.classification.table import Column
from problems.classification.weighted_metrics import selection_score

if TYPE_CHECKING:
    import pandas as pd

CACHED_SPLITS = 64


@dataclass(frozen=True, eq=False)
class OpenRows:
    """The rows that a solver may learn from, and the features of those it will be judged on."""

    columns: tuple[Column, ...]
    features: "pd.DataFrame"
    labels: NDArray[np.int8]
    groups: Index
    digests: tuple[str, ...]
    sealed: "pd.DataFrame"


def read_rows(columns: Sequence[Mapping[str, Any]], inputs: Mapping[str, bytes]) -> OpenRows:
    """Reads the two Parquet inputs of a table view."""
    import pandas as pd

    typed = tuple(Column(item["name"], item["kind"], tuple(item["levels"])) for item in columns)
    names = [column.name for column in typed]
    frame = pd.read_parquet(io.BytesIO(inputs["open_rows"]))
    return OpenRows(
        columns=typed,
        features=frame[names],
        labels=frame["__label__"].to_numpy(dtype=np.int8),
        groups=codes(frame["__group__"].to_list()),
        digests=tuple(frame["__row__"]),
        sealed=pd.read_parquet(io.BytesIO(inputs["sealed_rows"]))[names],
    )


@dataclass(frozen=True)
class Round:
    """One run of the inner cross-validation: an outer fold's training rows, or finally all open rows."""

    repeat: int
    train: Index
    test: Index


@dataclass(frozen=True)
class Choice:
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
    """

    rows: OpenRows
    plan: Plan
    metric: str
    seed: int
    forward: bool
    _prepared: dict[tuple[int, int], tuple[Floats, Floats]] = field(default_factory=dict)

    @cached_property
    def models(self) -> list[str]:
        """Names of the models, in the plan's order."""
        return list(self.plan.grids)

    @cached_property
    def rounds(self) -> list[Round]:
        """The outer folds of all repeats, then the final round on all rows, which is tested on none."""
        found = []
        for repeat in range(self.plan.outer_repeats):
            seed = derive_seed(self.seed, "outer folds", repeat)
            pairs = self._pairs(np.arange(len(self.rows.labels)), self.plan.outer_folds, seed)
            found += [Round(repeat, train, test) for train, test in pairs]
        return [*found, Round(-1, np.arange(len(self.rows.labels)), np.zeros(0, dtype=np.intp))]

    @cached_property
    def inner(self) -> list[list[tuple[Index, Index]]]:
        """(train, test) positions of the inner folds of each round."""
        return [
            self._pairs(
                self._at_most(TUNING_ROWS, one.train, number),
                self.plan.inner_folds,
                derive_seed(self.seed, "inner folds", number),
            )
            for number, one in enumerate(self.rounds)
        ]

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
        before, after = self._prepare(one, fold)
        scores = []
        for params in self.plan.grids[model]:
            base = pipelines.base_model(model, params, before.shape[1], self.metric, self._model_seed)
            if self.metric == "roc_auc":  # a sigmoid would not change the ranks
                fit = pipelines.fitted(base, before, self.rows.labels[train])
                found = pipelines.ranking_scores(fit, after)
            else:
                fit = self._fit(model, base, before, train)
                found = pipelines.positive_probabilities(fit, after)
            scores.append(selection_score(self.metric, self.rows.labels[test], found))
        return np.array(scores)

    def train(self, one: int, model: str, params: Mapping[str, Any]) -> Any:
        """Fits preprocessing, model and calibration on the training rows of a round; returns the pipeline."""
        train = self.rounds[one].train
        if model != "ridge":
            train = self._at_most(FIT_ROWS, train, one)
        rows = self.rows.features.iloc[train]
        prepare = pipelines.preprocessing(self.rows.columns)
        data = np.asarray(prepare.fit_transform(rows), dtype=np.float64)
        base = pipelines.base_model(model, params, data.shape[1], self.metric, self._model_seed)
        return pipelines.joined(prepare, self._fit(model, base, data, train))

    def test(self, one: int, model: str, params: Mapping[str, Any]) -> Floats:
        """Returns P(positive) of the rows that an outer fold holds out, shape (rows held out,)."""
        pipeline = self.train(one, model, params)
        return pipelines.positive_probabilities(pipeline, self.rows.features.iloc[self.rounds[one].test])

    def final_model(self, model: str, params: Mapping[str, Any]) -> bytes:
        """Returns the model of the final round as a skops file."""
        from problems.classification.artefact import dump_estimator

        return dump_estimator(self.train(len(self.rounds) - 1, model, params))

    @property
    def _model_seed(self) -> int:
        return derive_seed(self.seed, "models")

    def _calibrates(self, model: str) -> bool:
        return self.metric != "roc_auc" and model in pipelines.CALIBRATED

    def _fit(self, model: str, base: Any, data: Floats, train: Index) -> Any:
        calibration = pipelines.Calibration(
            groups=codes(self.rows.groups[train].tolist()),
            metric=self.metric,
            seed=derive_seed(self.seed, "calibration folds"),
            forward=self.forward,
        )
        return pipelines.fit_probabilistic(model, base, data, self.rows.labels[train], calibration)

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
        pairs = train_test_pairs(labels, groups, folds, seed, time_ordered=self.forward)
        return [(positions[train], positions[test]) for train, test in pairs]

    def _at_most(self, limit: int, positions: Index, number: int) -> Index:
        """A stratified sample of whole groups; where rows are in order of time, the latest ones."""
        if len(positions) <= limit:
            return positions
        if self.forward:
            return positions[-limit:]
        share = limit / len(positions)
        labels, groups = self.rows.labels[positions], codes(self.rows.groups[positions].tolist())
        seed = derive_seed(self.seed, "sample", limit, number)
        sample: Index = positions[stratified_parts(labels, groups, [share, 1 - share], seed) == 0]
        return sample
