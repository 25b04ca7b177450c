"""How predicted probabilities would have to be shifted and stretched to fit: logistic recalibration.

Cox (1958), Biometrika 45:562; the names are those of Van Calster et al. (2019), BMC Medicine 17:230.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from toolbox.arrays.types import Floats, Ints

NEAREST = 1e-6
"""To 0 and 1: probabilities beyond are taken for this, as their log-odds have no end."""
STEPS = 50
TOLERANCE = 1e-9
STEEPEST = 1e3
"""A slope beyond is none: the scores tell the classes apart without an error."""


@dataclass(frozen=True)
class Recalibration:
    """What logistic recalibration finds; None where the rows do not determine it.

    Attributes:
        in_the_large: log-odds that all predictions lack; 0 is ideal, below 0 they are too high.
        slope: by which their log-odds would have to be multiplied; 1 is ideal, below 1 they are too extreme.
    """

    in_the_large: float | None
    slope: float | None


def recalibration(labels: Ints, scores: Floats, weights: Floats | None = None) -> Recalibration:
    """Fits the log-odds of the labels to those of the scores by maximum likelihood (Newton's method).

    Args:
        labels: 0 or 1, shape (rows,).
        scores: probability of 1, shape (rows,).
        weights: of the rows, shape (rows,); None where all count alike.
    """
    counted = np.ones(len(labels)) if weights is None else weights / weights.mean()
    odds = logit(np.clip(scores.astype(np.float64), NEAREST, 1 - NEAREST))
    if len(np.unique(labels)) < 2:
        return Recalibration(None, None)
    shift = _fitted(np.ones((len(odds), 1)), odds, labels, counted)
    slope = None
    if np.ptp(odds) > 0:
        both = _fitted(np.column_stack([np.ones(len(odds)), odds]), np.zeros(len(odds)), labels, counted)
        slope = None if both is None or abs(both[1]) > STEEPEST else float(both[1])
    return Recalibration(None if shift is None else float(shift[0]), slope)


def _fitted(design: Floats, offset: Floats, labels: Ints, weights: Floats) -> Floats | None:
    """Coefficients of a logistic regression with an offset; None where the steps do not end."""
    found = np.zeros(design.shape[1])
    for _ in range(STEPS):
        chance = expit(offset + design @ found)
        curvature = design.T @ (design * (weights * chance * (1 - chance))[:, None])
        try:
            step = np.linalg.solve(curvature, design.T @ (weights * (labels - chance)))
        except np.linalg.LinAlgError:
            return None
        found = found + np.clip(step, -5, 5)
        if np.abs(step).max() < TOLERANCE:
            return np.asarray(found, dtype=np.float64)
    return None
