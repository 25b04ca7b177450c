"""Conformal prediction sets, and the coverage that their calibration rows can promise.

Split conformal prediction with the least ambiguous set-valued classifier (Sadinle, Lei and Wasserman,
JASA 2019) as MAPIE computes it. The promise holds on average over calibration sets; for the one at hand the
coverage is Beta distributed (Vovk 2012; Angelopoulos and Bates 2023, section 3.2).
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolbox.arrays.types import Flags, Floats

MIN_PER_CLASS = 100
"""Calibration rows of the rarer class from which sets are calibrated class by class."""


class _Given:
    """A fitted classifier in MAPIE's eyes whose only feature is P(positive)."""

    classes_ = np.array([0, 1])
    n_features_in_ = 1

    def fit(self, *_: Any) -> "_Given":
        return self

    def predict_proba(self, features: Floats) -> Floats:
        return np.column_stack([1 - features[:, 0], features[:, 0]])

    def predict(self, features: Floats) -> NDArray[np.intp]:
        return (features[:, 0] > 0.5).astype(np.intp)

    def __sklearn_is_fitted__(self) -> bool:
        return True


@dataclass(frozen=True)
class Coverage:
    """Guarantee of one calibration.

    Attributes:
        rows: calibration rows.
        threshold: a label is in the set when 1 - P(label) is at most this.
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
    if not class_conditional:
        sets, promise = _calibrated(known, labels, scores, coverage)
        return sets, {"all": promise}
    columns, promises = [], {}
    for label, name in enumerate(("negative", "positive")):
        own = labels == label
        sets, promises[name] = _calibrated(known[own], labels[own], scores, coverage)
        columns.append(sets[:, label])
    return np.column_stack(columns), promises


def _calibrated(
    calibration_scores: Floats, labels: NDArray[np.int8], scores: Floats, coverage: float
) -> tuple[Flags, Coverage]:
    from mapie.classification import SplitConformalClassifier

    conformal = SplitConformalClassifier(
        _Given(), confidence_level=coverage, conformity_score="lac", prefit=True
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*conformalization dataset has less labels.*")
        conformal.conformalize(calibration_scores[:, None], labels)
    _, sets = conformal.predict_set(scores[:, None])
    return sets[:, :, 0].astype(np.bool_), _promise(conformal.conformity_scores.ravel(), coverage)


def _promise(conformity: Floats, coverage: float) -> Coverage:
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
