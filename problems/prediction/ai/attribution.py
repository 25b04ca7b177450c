"""Which features an ensemble leans on."""

from collections.abc import Sequence

import numpy as np

from problems.prediction.ai.contenders import TrainedBooster
from problems.prediction.ai.selection import OutOfFold, measure
from problems.prediction.models.xgboost_model import matrix
from problems.prediction.tables.encoding import Matrix, Rows
from problems.prediction.tables.table import Column
from toolbox.arrays.types import Floats

MOST_SHUFFLED = 2000
"""Features times folds, each a prediction of a fold."""
MAX_TEST_ROWS = 1000
"""Rows of a fold that permutation importance is measured on: a column and fold cost a prediction each."""


def contributions(booster: TrainedBooster, columns: Sequence[Column], features: Matrix) -> Floats:
    """Returns XGBoost's own SHAP values in log-odds, before calibration; the last column is the intercept.

    Path-dependent TreeSHAP: Lundberg, Erion and Lee, 2018. A row's values sum to its log-odds.

    Returns:
        Shape (rows, columns + 1).
    """
    values = booster.booster.predict(matrix(columns, features), pred_contribs=True)
    return np.asarray(values, dtype=np.float64)


def mean_contributions(
    booster: TrainedBooster, columns: Sequence[Column], features: Matrix
) -> dict[str, float]:
    """Returns the mean absolute SHAP value of each feature in log-odds, largest first."""
    mean = np.abs(contributions(booster, columns, features)[:, :-1]).mean(axis=0)
    return _ranked(columns, mean)


def permutation_importance(
    columns: Sequence[Column], rows: Rows, out: OutOfFold, seed: int
) -> dict[str, float]:
    """Returns by how much ROC AUC falls when a feature of the test rows is shuffled, largest first.

    The mean over folds, each with the model that has not seen its rows. Source: Breiman, Machine Learning
    2001, section 10; features that stand in for each other share the loss. Of many features fewer folds are
    looked at, one at least: 1,200 of them in ten folds took longer than all training.
    """
    random = np.random.default_rng(seed)
    folds = list(zip(out.models, out.tests, strict=True))[: max(1, MOST_SHUFFLED // len(columns))]
    losses = np.zeros((len(folds), len(columns)))
    for fold, (model, test) in enumerate(folds):
        part = rows.take(test[:: -(-len(test) // MAX_TEST_ROWS)])
        whole = measure("roc_auc", part.labels, model.log_odds(columns, part.features))
        for place in range(len(columns)):
            shuffled = part.features.copy()
            shuffled[:, place] = random.permutation(shuffled[:, place])
            auc = measure("roc_auc", part.labels, model.log_odds(columns, shuffled))
            losses[fold, place] = whole - auc
    return _ranked(columns, losses.mean(axis=0))


def _ranked(columns: Sequence[Column], values: Floats) -> dict[str, float]:
    order = np.argsort(-values, kind="stable")
    return {columns[place].name: float(f"{values[place]:.6g}") for place in order}
