"""Conformal prediction sets, and the coverage that their calibration rows can promise.

Split conformal prediction with the least ambiguous set-valued classifier (Sadinle, Lei and Wasserman,
JASA 2019) as MAPIE computes it; for numbers see `conformal_intervals`. The promise holds on average over
calibration sets; for the one at hand the coverage is Beta distributed (Vovk 2012; Angelopoulos and Bates
2023, section 3.2).
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolbox.arrays.types import Flags, Floats, Ints

MIN_PER_CLASS = 100
"""Calibration rows of the rarer class from which sets are calibrated class by class."""


class _Given:
    """A fitted classifier in MAPIE's eyes whose features are the probabilities of the classes."""

    def __init__(self, classes: int) -> None:
        self.classes_ = np.arange(classes)
        self.n_features_in_ = classes

    def fit(self, *_: Any) -> "_Given":
        return self

    def predict_proba(self, features: Floats) -> Floats:
        return features

    def predict(self, features: Floats) -> NDArray[np.intp]:
        return np.asarray(np.argmax(features, axis=1), dtype=np.intp)

    def __sklearn_is_fitted__(self) -> bool:
        return True


@dataclass(frozen=True)
class Coverage:
    """Guarantee of one calibration.

    Attributes:
        rows: calibration rows.
        threshold: a label is in the set when 1 - P(label) is at most this; a number in the interval when its
            conformity score is.
        low: 5 % quantile of the coverage, over calibration sets of this size.
        high: 95 % quantile.
    """

    rows: int
    threshold: float
    low: float
    high: float

    def to_json(self) -> dict[str, float]:
        return {"rows": self.rows, "threshold": self.threshold, "low": self.low, "high": self.high}


def prediction_sets(
    calibration: tuple[Floats, NDArray[np.int8]],
    scores: Floats,
    coverage: float,
    class_conditional: bool,
) -> tuple[Flags, dict[str, Coverage]]:
    """Returns sets that hold the true label with probability `coverage` or more.

    Args:
        calibration: P(positive) from a model that has not seen these rows in any way, shape (rows,), and
            their labels.
        scores: P(positive) from the same model, shape (n,).
        coverage: nominal, between 0 and 1.
        class_conditional: whether it is to hold in each class, not only over both.

    Returns:
        Membership of [negative, positive], bool of shape (n, 2); and what is promised, by `all` or by
        `negative` and `positive`.
    """
    known, labels = calibration
    both = [np.column_stack([1 - each, each]) for each in (known, scores)]
    sets, promises = class_sets((both[0], labels), both[1], coverage, class_conditional)
    names = {"all": "all", "0": "negative", "1": "positive"}
    return sets, {names[name]: promise for name, promise in promises.items()}


def class_sets(
    calibration: tuple[Floats, Ints], probabilities: Floats, coverage: float, class_conditional: bool
) -> tuple[Flags, dict[str, Coverage]]:
    """Returns sets of K classes that hold the true one with probability `coverage` or more.

    Args:
        calibration: probabilities of the classes, shape (rows, K), from a model that has not seen these rows
            in any way, and their labels from 0.
        probabilities: from the same model, shape (n, K).
        coverage: nominal, between 0 and 1.
        class_conditional: whether it is to hold in each class; every class then has calibration rows.

    Returns:
        Membership, bool of shape (n, K); and what is promised, by `all` or by the number of the class.
    """
    known, labels = calibration
    if not class_conditional:
        sets, promise = _calibrated(known, labels, probabilities, coverage)
        return sets, {"all": promise}
    columns, promises = [], {}
    for label in range(known.shape[1]):
        own = labels == label
        sets, promises[str(label)] = _calibrated(known[own], labels[own], probabilities, coverage)
        columns.append(sets[:, label])
    return np.column_stack(columns), promises


def _calibrated(
    known: Floats, labels: Ints, probabilities: Floats, coverage: float
) -> tuple[Flags, Coverage]:
    from mapie.classification import SplitConformalClassifier

    conformal = SplitConformalClassifier(
        _Given(known.shape[1]), confidence_level=coverage, conformity_score="lac", prefit=True
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*conformalization dataset has less labels.*")
        conformal.conformalize(known, labels)
    _, sets = conformal.predict_set(probabilities)
    return sets[:, :, 0].astype(np.bool_), promise(conformal.conformity_scores.ravel(), coverage)


def promise(conformity: Floats, coverage: float) -> Coverage:
    """Returns the threshold that conformity scores of calibration rows set, and the coverage it promises."""
    # n + 1: the new row's score is exchangeable with the n known ones, so its rank is uniform among n + 1
    rank = min(len(conformity), int(np.ceil((len(conformity) + 1) * coverage - 1e-9)))
    low, high = coverage_interval(len(conformity), rank)
    return Coverage(len(conformity), float(np.sort(conformity)[rank - 1]), low, high)


def coverage_interval(rows: int, rank: int, mass: float = 0.9) -> tuple[float, float]:
    """Returns the central interval of the coverage, Beta(rank, rows + 1 - rank) for scores without ties.

    Args:
        rows: calibration rows.
        rank: the threshold is the rank-th smallest of their conformity scores.
        mass: probability of the interval.
    """
    from scipy.stats import beta

    coverage = beta(rank, rows + 1 - rank)
    return float(coverage.ppf((1 - mass) / 2)), float(coverage.ppf((1 + mass) / 2))
