"""What an ensemble of the AI tier is made of, for any task but two classes: trees, forest, kernels."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from problems.prediction.models.ensemble_model import EnsemblePart, booster_says, forest_says
from problems.prediction.models.links import Link, link_for
from problems.prediction.models.task_models import FittedSteps, TaskModels
from problems.prediction.models.xgboost_model import matrix
from problems.prediction.tables.encoding import Matrix, one_hot
from problems.prediction.tasks.task import Outcomes
from toolbox.arrays.types import Floats, Index
from toolbox.models.archive import pack
from toolbox.models.boosters import dump_booster
from toolbox.models.forest import TreeNodes, dump_nodes, from_sklearn

if TYPE_CHECKING:
    import pandas as pd
    import xgboost

PATIENCE = 20
FOREST_ROWS = 20_000
"""Rows that a forest and the models of columns are fitted on at most; boosted trees take all."""


@dataclass(frozen=True, eq=False)
class TaskRows:
    """Labelled rows, once as a frame and once encoded.

    Attributes:
        frame: the feature columns, n rows.
        features: the same as `encode` returns them.
        outcomes: of these rows.
        groups: integers of shape (n,); rows of one group stay on one side of every split.
    """

    frame: "pd.DataFrame"
    features: Matrix
    outcomes: Outcomes
    groups: Index

    def __len__(self) -> int:
        return len(self.groups)

    def take(self, index: Index) -> "TaskRows":
        """Returns the rows at `index`."""
        return TaskRows(
            self.frame.iloc[index], self.features[index], self.outcomes.take(index), self.groups[index]
        )


class TrainedMember(Protocol):
    """A trained member."""

    def says(self, models: TaskModels, rows: TaskRows) -> Floats:
        """Returns its predictions before the finish, shape (rows, classes) or (rows,)."""
        ...

    def part(self, models: TaskModels) -> EnsemblePart:
        """Returns it as bytes."""
        ...


class Member(Protocol):
    """A kind of model with its settings."""

    @property
    def name(self) -> str: ...

    def to_json(self) -> dict[str, Any]:
        """Returns the settings."""
        ...

    def train(self, models: TaskModels, rows: TaskRows, seed: int) -> TrainedMember:
        """Trains on one thread; the same arguments give the same model, bit for bit."""
        ...


@dataclass(frozen=True, eq=False)
class TrainedBoosted:
    """Boosted trees.

    Attributes:
        booster: of XGBoost.
        link: the scale of a number.
    """

    booster: "xgboost.Booster"
    link: Link

    def says(self, models: TaskModels, rows: TaskRows) -> Floats:
        said = booster_says(self.booster, models.columns, rows.features)
        return said if models.classes else self.link.back(said)

    def part(self, models: TaskModels) -> EnsemblePart:
        about = {"columns": [column.to_json() for column in models.columns], "link": self.link.to_json()}
        return EnsemblePart("xgboost", dump_booster(self.booster), about=about)


@dataclass(frozen=True)
class Boosted:
    """Gradient-boosted trees: Chen and Guestrin, "XGBoost", KDD 2016.

    Attributes:
        params: of XGBoost, without seed and threads.
        rounds: trees, of each class.
        log: whether a number is learnt on the scale of its logarithm.
    """

    params: Mapping[str, float | int]
    rounds: int
    log: bool = False
    name: ClassVar[str] = "xgboost"

    def to_json(self) -> dict[str, Any]:
        return {**self.params, "rounds": self.rounds, **({"log": True} if self.log else {})}

    def train(self, models: TaskModels, rows: TaskRows, seed: int) -> TrainedBoosted:
        import xgboost

        link = self._link(models, rows)
        data = labelled(models, rows, link)
        return TrainedBoosted(xgboost.train(self._params(models, len(rows), seed), data, self.rounds), link)

    def stopped(
        self, models: TaskModels, parts: tuple[TaskRows, TaskRows], seed: int
    ) -> tuple[TrainedBoosted, int]:
        """Trains until the loss on other rows no longer falls; returns the trees and their best number."""
        import xgboost

        train, test = parts
        link = self._link(models, train)
        booster = xgboost.train(
            self._params(models, len(train), seed),
            labelled(models, train, link),
            self.rounds,
            evals=[(labelled(models, test, link), "test")],
            early_stopping_rounds=PATIENCE,
            verbose_eval=False,
        )
        best = booster.best_iteration + 1
        return TrainedBoosted(booster[:best], link), best

    def _link(self, models: TaskModels, rows: TaskRows) -> Link:
        return Link() if models.classes else link_for(rows.outcomes.values.astype(np.float64), self.log)

    def _params(self, models: TaskModels, rows: int, seed: int) -> dict[str, Any]:
        """One thread, because sums over threads need not repeat bit for bit."""
        if models.classes:
            aim: dict[str, Any] = {"objective": "multi:softprob", "num_class": models.classes}
        else:
            squared = models.criterion.name != "mean absolute error"
            aim = {"objective": "reg:squarederror" if squared else "reg:absoluteerror"}
        few = {"tree_method": "hist", "max_bin": 64 if rows <= 2000 else 256, "nthread": 1}
        return {**aim, **few, "seed": seed & 0x7FFFFFFF, **self.params}


def labelled(models: TaskModels, rows: TaskRows, link: Link) -> "xgboost.DMatrix":
    """Returns rows with their outcomes as XGBoost takes them."""
    values = rows.outcomes.values.astype(np.float64)
    data = matrix(models.columns, rows.features, values if models.classes else link.forward(values))
    if rows.outcomes.weights is not None:
        data.set_weight(rows.outcomes.weights)
    return data


@dataclass(frozen=True, eq=False)
class TrainedForests:
    """A random forest.

    Attributes:
        nodes: of all its trees.
        labels: the classes that its rows had, in order.
        link: the scale of a number.
    """

    nodes: TreeNodes
    labels: tuple[int, ...]
    link: Link

    def says(self, models: TaskModels, rows: TaskRows) -> Floats:
        features = one_hot(models.columns, rows.features)
        said = forest_says(self.nodes, self.labels, features, models.classes)
        return said if models.classes else self.link.back(said)

    def part(self, models: TaskModels) -> EnsemblePart:
        about = {
            "columns": [column.to_json() for column in models.columns],
            "labels": list(self.labels),
            "link": self.link.to_json(),
        }
        return EnsemblePart("forest", pack(dump_nodes(self.nodes)), about=about)


@dataclass(frozen=True)
class Forests:
    """Breiman's random forest: scikit-learn's, on one-hot categories.

    Attributes:
        trees: how many.
        min_leaf: rows that a leaf keeps at least.
        log: whether a number is learnt on the scale of its logarithm.
    """

    trees: int
    min_leaf: int
    log: bool = False
    name: ClassVar[str] = "random_forest"

    def to_json(self) -> dict[str, Any]:
        return {"trees": self.trees, "min_leaf": self.min_leaf}

    def train(self, models: TaskModels, rows: TaskRows, seed: int) -> TrainedForests:
        from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

        kind = RandomForestClassifier if models.classes else RandomForestRegressor
        features = "sqrt" if models.classes else 1 / 3
        forest = kind(
            self.trees,
            min_samples_leaf=self.min_leaf,
            max_features=features,
            n_jobs=1,
            random_state=seed % 2**32,
        )
        values = rows.outcomes.values
        link = Link() if models.classes else link_for(values.astype(np.float64), self.log)
        target = values.astype(np.intp) if models.classes else link.forward(values.astype(np.float64))
        forest.fit(one_hot(models.columns, rows.features), target, sample_weight=rows.outcomes.weights)
        labels = tuple(int(label) for label in forest.classes_) if models.classes else ()
        return TrainedForests(from_sklearn(forest), labels, link)


@dataclass(frozen=True, eq=False)
class TrainedColumns:
    """An estimator of scikit-learn with its preprocessing."""

    prepare: Any
    steps: FittedSteps

    def says(self, models: TaskModels, rows: TaskRows) -> Floats:
        data = np.asarray(self.prepare.transform(rows.frame), dtype=np.float64)
        return models.raw(self.steps, data)

    def part(self, models: TaskModels) -> EnsemblePart:
        return models.part(self.prepare, self.steps)


@dataclass(frozen=True)
class Columns:
    """A model of the columns themselves, which extrapolates where trees do not.

    Attributes:
        model: its name, see `models.estimators`.
        params: its settings.
    """

    model: str
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.model

    def to_json(self) -> dict[str, Any]:
        return dict(self.params)

    def train(self, models: TaskModels, rows: TaskRows, seed: int) -> TrainedColumns:
        prepare, data = models.prepared(rows.frame)
        return TrainedColumns(prepare, models.fitted(self.model, self.params, data, rows.outcomes, seed))
