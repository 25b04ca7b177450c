"""A calibrated RBF support vector machine on a matrix of features: tuned, fitted, as bytes without pickle.

The tuning is the plain grid search that any careful user would do, and the same for the quantum features
and for the null controls, so that neither gets more care than the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from problems.prediction.kernels.geometric import median_gamma, rbf
from toolbox.arrays import npy
from toolbox.arrays.types import Floats, Labels
from toolbox.models.archive import pack, pack_json, unpack, unpack_json
from toolbox.stats.calibration_map import CalibrationMap, fit_map
from toolbox.stats.splits import codes, train_test_pairs

FORMAT = "svm-on-features"

Grid = tuple[tuple[float, ...], tuple[float, ...]]

FINE: Grid = ((0.03, 0.1, 0.3, 1.0, 3.0), (0.3, 3.0, 30.0))
"""Values tried of gamma, in units of 1 / median squared distance, and of C."""

COARSE: Grid = ((0.1, 1.0), (1.0, 30.0))
"""Enough to tell bandwidths of a circuit apart, whose machines are tuned finely later."""

FOLDS = 5

Fold = tuple[NDArray[np.intp], NDArray[np.intp]]


def make_folds(labels: Labels, groups: Sequence[str], time_ordered: bool, seed: int) -> list[Fold]:
    """Splits training rows for tuning: stratified, groups kept together, or forward in time.

    Returns:
        Pairs of (train, test) positions, at most five.

    Raises:
        ValueError: when there are too few rows or groups of a class to tune on.
    """
    numbers = codes(groups)
    count = min(FOLDS, *(len(np.unique(numbers[labels == label])) for label in (0, 1)))
    if count < 2:
        raise ValueError("expected rows of each class in at least 2 groups to tune on")
    return train_test_pairs(labels, numbers, count, seed, time_ordered=time_ordered)


@dataclass(frozen=True)
class Tuned:
    """The best setting found.

    Attributes:
        gamma: of the RBF kernel.
        cost: the SVM's C.
        score: cross-validated metric, higher is better.
        held: positions of rows that some fold held out.
        decisions: their out-of-fold decision values, same shape.
    """

    gamma: float
    cost: float
    score: float
    held: NDArray[np.intp]
    decisions: Floats


def tune(features: Floats, labels: Labels, folds: Sequence[Fold], metric: str, grid: Grid = FINE) -> Tuned:
    """Searches gamma and C by cross-validation; on equal scores the smoother kernel stays.

    Args:
        features: shape (rows, anything).
        labels: 0 or 1, shape (rows,).
        folds: as `make_folds` returns them.
        metric: the target's; what only calibration decides (Brier) is tuned by ROC AUC.
        grid: what to try.
    """
    unit = median_gamma(features)
    held = np.concatenate([test for _, test in folds])
    best: Tuned | None = None
    for width in grid[0]:
        kernel = rbf(features, features, width * unit)
        for cost in grid[1]:
            decisions = np.concatenate([_out_of_fold(kernel, labels, fold, cost) for fold in folds])
            score = _score(metric, labels[held], decisions)
            if best is None or score > best.score + 1e-9:
                best = Tuned(width * unit, cost, score, held, decisions)
    assert best is not None
    return best


def _out_of_fold(kernel: Floats, labels: Labels, fold: Fold, cost: float) -> Floats:
    train, test = fold
    machine = _machine(kernel[np.ix_(train, train)], labels[train], cost)
    # scikit-learn's own decision_function spends most of its time on checking what is known to be sound
    supports = kernel[np.ix_(test, train[machine.support_])]
    decisions: Floats = supports @ machine.dual_coef_[0] + machine.intercept_[0]
    return decisions


def _machine(kernel: Floats, labels: Labels, cost: float) -> Any:
    from sklearn import config_context
    from sklearn.svm import SVC

    with config_context(assume_finite=True, skip_parameter_validation=True):
        return SVC(C=cost, kernel="precomputed", class_weight="balanced").fit(kernel, labels)


def _score(metric: str, labels: Labels, decisions: Floats) -> float:
    from sklearn.metrics import accuracy_score, balanced_accuracy_score, roc_auc_score

    if metric == "accuracy":
        return float(accuracy_score(labels, decisions > 0))
    if metric in ("balanced_accuracy", "sensitivity", "specificity"):
        return float(balanced_accuracy_score(labels, decisions > 0))
    return float(roc_auc_score(labels, decisions))


@dataclass(frozen=True)
class FeatureSvm:
    """A fitted machine and its calibration.

    Attributes:
        vectors: support vectors, shape (m, features).
        weights: dual coefficients, shape (m,).
        intercept: added to the weighted kernel sum.
        gamma: of the RBF kernel.
        calibration: from decision values to probabilities.
    """

    vectors: Floats
    weights: Floats
    intercept: float
    gamma: float
    calibration: CalibrationMap

    def probabilities(self, features: Floats) -> Floats:
        """Returns P(positive), shape (rows,).

        Raises:
            ValueError: when `features` has another width than the training rows had.
        """
        check_width(features, self.vectors)
        decisions = rbf(features, self.vectors, self.gamma) @ self.weights + self.intercept
        return self.calibration(decisions)

    def to_bytes(self) -> bytes:
        """Returns a deterministic archive."""
        settings = {
            "intercept": self.intercept,
            "gamma": self.gamma,
            "calibration": self.calibration.to_json(),
        }
        return pack(
            {
                "settings.json": pack_json(settings),
                "vectors.npy": npy.dump(self.vectors),
                "weights.npy": npy.dump(self.weights),
            }
        )

    @staticmethod
    def from_bytes(data: bytes) -> "FeatureSvm":
        """Reads what `to_bytes` wrote; raises `ValueError` on anything else."""
        members = unpack(data, ["settings.json", "vectors.npy", "weights.npy"])
        settings = unpack_json(members["settings.json"])
        return FeatureSvm(
            npy.load(members["vectors.npy"]),
            npy.load(members["weights.npy"]),
            float(settings["intercept"]),
            float(settings["gamma"]),
            CalibrationMap(**settings["calibration"]),
        )


def check_width(features: Floats, vectors: Floats) -> None:
    """Raises `ValueError` when features have another width than the training rows that a machine keeps."""
    if features.ndim != 2 or features.shape[1] != vectors.shape[1]:
        raise ValueError(f"expected features of shape (rows, {vectors.shape[1]}), got {features.shape}")


def scores(model: bytes, rows: Any, features: Floats | None) -> Floats:
    """Recomputes P(positive) from model bytes, shape (rows,), as `artefact.scores` asks for.

    Raises:
        ValueError: without features, or with others than the model was trained on.
    """
    if features is None:
        raise ValueError(f"expected the features that a model of format {FORMAT!r} is evaluated on, got none")
    return FeatureSvm.from_bytes(model).probabilities(features)


def fit(features: Floats, labels: Labels, tuned: Tuned, metric: str) -> FeatureSvm:
    """Fits on all training rows; the calibration comes from the out-of-fold decision values.

    Logistic calibration after Platt 1999. Where the metric weighs the classes equally, the classes' prior
    is taken out again, so that 0.5 is its threshold.
    """
    machine = _machine(rbf(features, features, tuned.gamma), labels, tuned.cost)
    calibration = fit_map("sigmoid", tuned.decisions, labels[tuned.held])
    if metric == "balanced_accuracy":
        rate = float(labels.mean())
        shift = float(np.log((1.0 - rate) / rate))
        calibration = CalibrationMap(calibration.kind, calibration.a, calibration.b, calibration.c, shift)
    return FeatureSvm(
        features[machine.support_],
        machine.dual_coef_[0],
        float(machine.intercept_[0]),
        tuned.gamma,
        calibration,
    )
