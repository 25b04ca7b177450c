"""Conformal prediction sets, and the coverage that their calibration rows can promise.

Two classes: split conformal prediction with the least ambiguous set-valued classifier (Sadinle, Lei and
Wasserman, JASA 2019) as MAPIE computes it; for more of them see `conformal_sets`, for numbers
`conformal_intervals`. The promise holds on average over calibration sets; for the one at hand the coverage is
Beta distributed (Vovk 2012; Angelopoulos and Bates 2023, section 3.2).
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolbox.arrays.types import Flags, Floats, Ints
from toolbox.stats.groups import kish_size

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
    before, after = (np.column_stack([1 - each, each]) for each in (known, scores))
    if not class_conditional:
        sets, promise = _calibrated(before, labels, after, coverage)
        return sets, {"all": promise}
    columns, promises = [], {}
    for label, name in enumerate(("negative", "positive")):
        own = labels == label
        sets, promises[name] = _calibrated(before[own], labels[own], after, coverage)
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


def promise(conformity: Floats, coverage: float, groups: Ints | None = None) -> Coverage:
    """Returns the threshold that conformity scores of calibration rows set, and the coverage it promises.

    Rows of one group depend on each other, and what is promised is of a row of a new group: each group counts
    once, its rows share its weight (Lee, Barber and Willett 2023, arXiv 2306.06342, hierarchical conformal
    prediction). The interval of the coverage then counts groups as if they were rows.

    Args:
        conformity: shape (rows,).
        coverage: nominal, between 0 and 1.
        groups: a number a row, shape (rows,); None where each row is its own.
    """
    order = np.argsort(conformity, kind="stable")
    units, shares = len(conformity), np.ones(len(conformity))
    if groups is not None:
        own, sizes = np.unique(groups, return_inverse=True, return_counts=True)[1:]
        units, shares = len(sizes), 1 / sizes[own]
    # units + 1: the new row's unit is exchangeable with the known ones, and may be beyond all of them
    reached = np.cumsum(shares[order])
    wanted = (units + 1) * coverage - 1e-9
    place = min(len(conformity) - 1, int(np.searchsorted(reached, wanted)))
    rank = min(units, int(np.ceil(wanted)))
    low, high = coverage_interval(units, rank)
    return Coverage(len(conformity), float(conformity[order[place]]), low, high)


def promised_by(units: int, coverage: float) -> bool:
    """Tells whether so many rows, or groups of rows, are enough to promise a coverage at all."""
    return units + 1e-9 >= (units + 1) * coverage


def coverage_interval(rows: int, rank: int, mass: float = 0.9) -> tuple[float, float]:
    """Returns the central interval of the coverage, Beta(rank, rows + 1 - rank) for scores without ties.

    Args:
        rows: calibration rows.
        rank: the threshold is the rank-th smallest of their conformity scores.
        mass: probability of the interval.
    """
    from scipy.special import betaincinv

    low, high = (betaincinv(rank, rows + 1 - rank, (1 + side * mass) / 2) for side in (-1, 1))
    return float(low), float(high)


def refutation(held: Flags, groups: Ints, coverage: float, units: int) -> float:
    """Returns the p-value of so few new rows in their sets, where the promise of a calibration holds.

    The coverage that a calibration of n units came to is Beta distributed, and the number of new rows in
    their sets is beta-binomial for it: exact for rows of their own and scores without ties, on the safe side
    with ties. Rows of groups count as many as Kish's effective rows.

    Args:
        held: whether each new row's outcome is in its set, shape (rows,).
        groups: numbers of the new rows' groups, shape (rows,).
        coverage: nominal, between 0 and 1.
        units: rows, or groups of them, that calibrated.
    """
    from scipy.stats import betabinom

    rank = min(units, int(np.ceil((units + 1) * coverage - 1e-9)))
    trials = int(kish_size(groups))
    hits = min(trials, int(np.ceil(float(held.mean()) * trials - 1e-9)))
    return float(betabinom.cdf(hits, trials, rank, units + 1 - rank))
