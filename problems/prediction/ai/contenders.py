"""The two kinds of tree ensembles that the AI tier weighs against each other."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from problems.prediction.models import forest_model, xgboost_model
from problems.prediction.tables.encoding import Matrix, Rows, one_hot
from problems.prediction.tables.table import Column
from toolbox.arrays.types import Floats
from toolbox.models.forest import TreeNodes, from_sklearn
from toolbox.stats.calibration_map import CalibrationMap
from toolbox.stats.weighted_metrics import fitting_weights

if TYPE_CHECKING:
    import xgboost


class Trained(Protocol):
    """A trained ensemble."""

    @property
    def model_format(self) -> str:
        """What `artefact.FORMATS` calls its bytes."""

    def log_odds(self, columns: Sequence[Column], features: Matrix) -> Floats:
        """Returns the uncalibrated log-odds, shape (rows,)."""

    def dump(self, columns: Sequence[Column], calibration: CalibrationMap) -> bytes:
        """Returns the model as bytes."""


class Contender(Protocol):
    """A kind of ensemble with its settings."""

    @property
    def name(self) -> str: ...

    def to_json(self) -> dict[str, Any]:
        """Returns the settings."""

    def train(self, columns: Sequence[Column], rows: Rows, seed: int) -> Trained:
        """Trains on one thread; the same arguments give the same model, bit for bit."""


@dataclass(frozen=True)
class TrainedBooster:
    """Boosted trees of XGBoost."""

    booster: "xgboost.Booster"
    model_format: ClassVar[str] = xgboost_model.FORMAT

    def log_odds(self, columns: Sequence[Column], features: Matrix) -> Floats:
        return xgboost_model.log_odds(self.booster, columns, features)

    def dump(self, columns: Sequence[Column], calibration: CalibrationMap) -> bytes:
        return xgboost_model.dump(columns, self.booster, calibration)


@dataclass(frozen=True)
class Boosting:
    """Gradient-boosted trees: Chen and Guestrin, "XGBoost", KDD 2016.

    Attributes:
        params: of XGBoost, without seed and threads.
        rounds: trees.
    """

    params: Mapping[str, float | int]
    rounds: int
    name: ClassVar[str] = "xgboost"

    def to_json(self) -> dict[str, Any]:
        return {**self.params, "rounds": self.rounds}

    def train(self, columns: Sequence[Column], rows: Rows, seed: int) -> TrainedBooster:
        import xgboost

        data = training_matrix(columns, rows)
        return TrainedBooster(xgboost.train(booster_params(self.params, len(rows), seed), data, self.rounds))


def training_matrix(columns: Sequence[Column], rows: Rows) -> "xgboost.DMatrix":
    """Rows as XGBoost learns from them."""
    weights = fitting_weights(rows.labels, rows.weights)
    return xgboost_model.matrix(columns, rows.features, rows.labels, weights)


def booster_params(params: Mapping[str, float | int], rows: int, seed: int) -> dict[str, Any]:
    """Completes the tuned parameters; one thread, because sums over threads need not repeat bit for bit."""
    return {
        "objective": "binary:logistic",
        "tree_method": "hist",
        "max_bin": 64 if rows <= 2000 else 256,
        "nthread": 1,
        "seed": seed & 0x7FFFFFFF,
        **params,
    }


@dataclass(frozen=True)
class TrainedForest:
    """A random forest."""

    nodes: TreeNodes
    model_format: ClassVar[str] = forest_model.FORMAT

    def log_odds(self, columns: Sequence[Column], features: Matrix) -> Floats:
        return forest_model.log_odds(self.nodes, columns, features)

    def dump(self, columns: Sequence[Column], calibration: CalibrationMap) -> bytes:
        return forest_model.dump(columns, self.nodes, calibration)


@dataclass(frozen=True)
class Forest:
    """Breiman's random forest, the baseline: scikit-learn's, on one-hot categories.

    Attributes:
        trees: how many.
        min_leaf: rows that a leaf keeps at least.
    """

    trees: int
    min_leaf: int
    name: ClassVar[str] = "random_forest"

    def to_json(self) -> dict[str, Any]:
        return {"trees": self.trees, "min_leaf": self.min_leaf, "max_features": "sqrt"}

    def train(self, columns: Sequence[Column], rows: Rows, seed: int) -> TrainedForest:
        return TrainedForest(from_sklearn(self._grown(columns, rows, seed, out_of_bag=False)))

    def out_of_bag(self, columns: Sequence[Column], rows: Rows, seed: int) -> tuple[TrainedForest, Floats]:
        """Trains once; returns also the log-odds of each row by the trees that have not drawn it.

        A tree draws about two in three rows, so these odds are a little worse than those of folds. They hold
        where rows are independent. Source: Breiman, Machine Learning 2001, section 3.1.
        """
        forest = self._grown(columns, rows, seed, out_of_bag=True)
        share = forest.oob_decision_function_[:, 1]
        half = 0.5 / self.trees
        safe = np.clip(np.where(np.isfinite(share), share, rows.labels.mean()), half, 1 - half)
        return TrainedForest(from_sklearn(forest)), np.log(safe) - np.log1p(-safe)

    def _grown(self, columns: Sequence[Column], rows: Rows, seed: int, *, out_of_bag: bool) -> Any:
        from sklearn.ensemble import RandomForestClassifier

        forest = RandomForestClassifier(
            self.trees,
            min_samples_leaf=self.min_leaf,
            max_features="sqrt",
            n_jobs=1,
            random_state=seed,
            oob_score=out_of_bag,
        )
        weights = fitting_weights(rows.labels, rows.weights)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Some inputs do not have OOB", UserWarning)
            return forest.fit(one_hot(columns, rows.features), rows.labels, sample_weight=weights)
