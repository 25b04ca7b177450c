"""Boosted trees against the forest: out-of-fold predictions, calibrated across folds, and their metric."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalation.model.identity import derive_seed
from problems.prediction.ai.contenders import Contender, Trained
from problems.prediction.ai.tuning import Aim, Tick
from problems.prediction.prediction_sets.partitions import Fold
from problems.prediction.tables.encoding import Rows
from toolbox.arrays.types import Flags, Floats
from toolbox.stats.auc import placements
from toolbox.stats.calibration_map import (
    CalibrationMap,
    choose_kind,
    cross_fitted,
    expit,
    fit_map,
    log_loss,
)
from toolbox.stats.weighted_metrics import EFFICIENCY, RANKING, fitting_weights, weighted_metric
from toolbox.stats.weighted_metrics import prior_shift as weighted_shift

HIGHER_IS_BETTER = frozenset({*RANKING, "accuracy", "balanced_accuracy", "sensitivity", "specificity"})


@dataclass(frozen=True)
class OutOfFold:
    """Predictions for rows by models that were not trained on them.

    Attributes:
        log_odds: uncalibrated, shape (predictions,).
        labels: shape (predictions,).
        folds: which fold, counted over all partitions, shape (predictions,).
        partitions: which partition, shape (predictions,).
        models: the models, a fold each; none of a forest that was grown once, see `from_bags`.
        tests: the positions of each fold's test rows.
        weights: of the rows, shape (predictions,); None where every row counts alike.
    """

    log_odds: Floats
    labels: NDArray[np.int8]
    folds: NDArray[np.intp]
    partitions: NDArray[np.intp]
    models: tuple[Trained, ...]
    tests: tuple[NDArray[np.intp], ...]
    weights: Floats | None = None

    @property
    def fitting(self) -> Floats | None:
        """The weights as fits take them; see `fitting_weights`."""
        return fitting_weights(self.labels, self.weights)


@dataclass(frozen=True)
class Assessment:
    """What a contender reached.

    Attributes:
        contender: who.
        values: the metric of every fold, in its own direction.
        calibration_kind: of the least cross-fitted log loss.
        notes: for the record.
        out_of_fold: what it rests on.
    """

    contender: Contender
    values: tuple[float, ...]
    calibration_kind: str
    notes: dict[str, Any]
    out_of_fold: OutOfFold

    def gain(self, metric: str) -> float:
        """The mean metric, turned so that more is better."""
        return float(np.mean(self.values)) * (1 if metric in HIGHER_IS_BETTER else -1)


def predict_out_of_fold(
    contender: Contender,
    rows: Rows,
    aim: Aim,
    partitions: Sequence[Sequence[Fold]],
    *,
    seed: int,
    tick: Tick,
) -> OutOfFold:
    """Trains a model a fold and predicts the fold's test rows."""
    flat = [(number, fold) for number, folds in enumerate(partitions) for fold in folds]
    models, log_odds = [], []
    for _, (train, test) in flat:
        models.append(contender.train(aim.columns, rows.take(train), derive_seed(seed, contender.name)))
        log_odds.append(models[-1].log_odds(aim.columns, rows.features[test]))
        tick(1, f"{contender.name}: comparison")
    tests = tuple(test for _, (_, test) in flat)
    sizes = [len(test) for test in tests]
    held = rows.take(np.concatenate(tests))
    return OutOfFold(
        log_odds=np.concatenate(log_odds),
        labels=held.labels,
        folds=np.repeat(np.arange(len(flat)), sizes),
        partitions=np.repeat([number for number, _ in flat], sizes),
        models=tuple(models),
        tests=tests,
        weights=held.weights,
    )


def from_bags(log_odds: Floats, rows: Rows, partitions: Sequence[Sequence[Fold]]) -> OutOfFold:
    """Returns the out-of-bag log-odds of rows, shape (rows,), in the order and the folds of partitions."""
    flat = [(number, test) for number, folds in enumerate(partitions) for _, test in folds]
    tests = tuple(test for _, test in flat)
    sizes, places = [len(test) for test in tests], np.concatenate(tests)
    return OutOfFold(
        log_odds=log_odds[places],
        labels=rows.labels[places],
        folds=np.repeat(np.arange(len(flat)), sizes),
        partitions=np.repeat([number for number, _ in flat], sizes),
        models=(),
        tests=tests,
        weights=rows.take(places).weights,
    )


def assess(contender: Contender, out: OutOfFold, aim: Aim) -> Assessment:
    """Calibrates across the folds of each partition and takes the metric of each fold."""
    metric, weights = aim.metric, out.fitting
    first = out.partitions == out.partitions[0]
    kind, losses = choose_kind(out.log_odds[first], out.labels[first], out.folds[first], part(weights, first))
    calibrated = np.empty_like(out.log_odds)
    for number in np.unique(out.partitions):
        own = out.partitions == number
        known = out.log_odds[own], out.labels[own], out.folds[own], part(weights, own)
        calibrated[own] = cross_fitted(kind, *known)
    shifted = expit(_logit(calibrated) + prior_shift(metric, out.labels, out.weights))
    folds = [out.folds == fold for fold in np.unique(out.folds)]
    values = tuple(
        measure(metric, out.labels[fold], shifted[fold], part(out.weights, fold), aim.efficiency)
        for fold in folds
    )
    notes = {
        "settings": contender.to_json(),
        metric: float(np.mean(values)),
        "folds": [round(value, 6) for value in values],
        "calibration": kind,
        "log_loss_by_calibration": losses,
        "log_loss": log_loss(calibrated, out.labels, weights),
        "brier": measure("brier", out.labels, calibrated, weights),
        "brier_uncalibrated": measure("brier", out.labels, expit(out.log_odds), weights),
    }
    return Assessment(contender, values, kind, notes, out)


def final_map(assessment: Assessment, metric: str) -> CalibrationMap:
    """Fits the contender's calibration map on all of its out-of-fold predictions."""
    out = assessment.out_of_fold
    fitted = fit_map(assessment.calibration_kind, out.log_odds, out.labels, out.fitting)
    shift = prior_shift(metric, out.labels, out.weights)
    return CalibrationMap(fitted.kind, fitted.a, fitted.b, fitted.c, shift)


def part(weights: Floats | None, rows: Flags) -> Floats | None:
    """The weights of some rows."""
    return None if weights is None else weights[rows]


def prior_shift(metric: str, labels: NDArray[np.int8], weights: Floats | None = None) -> float:
    """Returns the log-odds that make 0.5 the best threshold of the metric.

    Balanced accuracy weighs the classes equally: its scores are posteriors under equal priors (Saerens,
    Latinne and Decaestecker, Neural Computation 2002). For every other metric it is from the classes' shares
    of the fit to those of the weighted rows, so 0 without weights.
    """
    if metric != "balanced_accuracy":
        return weighted_shift(labels, weights)
    positive = int(labels.sum())
    return float(np.log(len(labels) - positive) - np.log(positive))


def standard_error_of_difference(first: Sequence[float], second: Sequence[float], folds: int) -> float:
    """Returns the corrected resampled standard error of a mean difference over paired folds.

    Training sets overlap, so the plain error is too small: Nadeau and Bengio, Machine Learning 2003.

    Args:
        first: the metric by fold.
        second: likewise, of the same folds.
        folds: of one partition; test rows per training row are 1/(folds - 1).
    """
    differences = np.subtract(first, second)
    if len(differences) < 2:
        return 0.0
    return float(np.sqrt(np.var(differences, ddof=1) * (1 / len(differences) + 1 / (folds - 1))))


def measure(
    metric: str,
    labels: NDArray[np.int8],
    scores: Floats,
    weights: Floats | None = None,
    efficiency: float = EFFICIENCY,
) -> float:
    """Returns a target metric of scores; classes are told apart at 0.5.

    Raises:
        ValueError: on a metric that is none of this family's.
    """
    positive, decided = labels == 1, scores >= 0.5
    if weights is not None:
        return weighted_metric(metric, labels, scores, weights, efficiency=efficiency)
    if metric == "brier":
        return float(np.mean((scores - labels) ** 2))
    if metric == "accuracy":
        return float(np.mean(decided == positive))
    if metric == "balanced_accuracy":
        return 0.5 * float(np.mean(decided[positive]) + np.mean(~decided[~positive]))
    if metric == "roc_auc":
        return float(placements(labels, scores).auc)
    return weighted_metric(metric, labels, scores, efficiency=efficiency)


def _logit(probabilities: Floats) -> Floats:
    safe = np.clip(probabilities, 1e-15, 1 - 1e-15)
    return np.asarray(np.log(safe) - np.log1p(-safe), dtype=np.float64)
