"""Whether columns say anything of an outcome: a cheap learner's score against that of shuffled labels.

Where columns outnumber rows, any search finds something. The control is the same learner on the same rows,
folds and columns, with the labels dealt anew: p = (b + 1) / (m + 1) with b of m shuffles that score no less
(Phipson and Smyth 2010, Stat. Appl. Genet. Mol. Biol. 9:39) is a valid p-value, exact up to chance, whatever
the columns are, as long as labels are exchangeable under the hypothesis that they have nothing to do with
them.

The learner is ridge regression in its dual form (Hoerl and Kennard 1970; Saunders and others 1998) on
standardised columns: what it predicts for a row held out is a fixed linear combination of the labels of the
others, so that one matrix serves all shuffles. Nothing in it is chosen by looking at labels: neither folds
nor the penalty.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from toolbox.arrays.types import Floats, Index, Ints

SHUFFLES = 999
FOLDS = 5
SEED = 20_261_127  # fixed, so that a certificate can be made again
PART = 4096
"""Columns that are standardised together, to bound memory."""
LEAST_UNITS = 6
"""Units that must be able to change places: five can do so in 120 ways, too few for a small p-value."""

Score = Callable[[Floats], Floats]
"""Labels of shape (n, m) to what their held-out predictions score, shape (m,); more is better."""


@dataclass(frozen=True)
class Shuffled:
    """A score beside those of shuffled labels.

    Attributes:
        score: with the labels as they are.
        shuffled: with labels dealt anew, shape (m,).
        units: rows or groups that can change places.
    """

    score: float
    shuffled: Floats
    units: int

    @property
    def p_value(self) -> float:
        """Of 'labels have nothing to do with the columns', one-sided."""
        reached = self.shuffled >= self.score - 1e-12
        return (int(reached.sum()) + 1) / (len(self.shuffled) + 1)


def shuffled_labels(
    labels: Floats, groups: Ints, strata: Ints, score: Score, *, shuffles: int = SHUFFLES, seed: int = SEED
) -> Shuffled | None:
    """Scores labels as they are and dealt anew.

    Args:
        labels: numbers, or codes of classes, shape (n,).
        groups: of dependent rows, integers, shape (n,); see `deals`.
        strata: within which labels change places (a site), integers, shape (n,).
        score: the same function of any labels; such as `areas` of a `ridge_smoother`.
        shuffles: how many.
        seed: of the shuffles.

    Returns:
        None where fewer than `LEAST_UNITS` groups can change places.
    """
    order, units = deals(groups, strata, shuffles, np.random.default_rng(seed))
    if units < LEAST_UNITS:
        return None
    scores = score(labels[np.column_stack([np.arange(len(labels)), order])])
    return Shuffled(float(scores[0]), scores[1:], units)


def deals(groups: Ints, strata: Ints, count: int, rng: np.random.Generator) -> tuple[Index, int]:
    """Draws arrangements of rows under which dependent rows stay together.

    Groups of one size in one stratum change places as wholes, each keeping its rows' order (whole-block
    exchange, Winkler and others 2014, NeuroImage 92:381); one that has no other of its size there stays where
    it is, which makes the test cautious, not wrong.

    Returns:
        Positions of shape (n, count), a column an arrangement, and how many groups can change places.
    """
    order = np.repeat(np.arange(len(groups))[:, None], count, axis=1)
    movable = 0
    for members in _exchangeable(groups, strata):
        movable += len(members)
        for column in range(count):
            order[members.ravel(), column] = members[rng.permutation(len(members))].ravel()
    return order, movable


def _exchangeable(groups: Ints, strata: Ints) -> list[Index]:
    """Groups of one size and stratum, at least two: arrays of shape (groups, size) of row positions."""
    kinds: dict[tuple[int, int], list[Index]] = {}
    by_group = np.argsort(groups, kind="stable")
    for rows in np.split(by_group, np.flatnonzero(np.diff(groups[by_group])) + 1):
        if len(np.unique(strata[rows])) == 1:
            kinds.setdefault((len(rows), int(strata[rows[0]])), []).append(rows)
    return [np.array(members) for members in kinds.values() if len(members) > 1]


def group_folds(groups: Ints, folds: int = FOLDS, seed: int = SEED) -> Index:
    """The fold of each row, whole groups together, dealt without a look at labels, shape (n,)."""
    names, place = np.unique(groups, return_inverse=True)
    dealt = np.arange(len(names)) % max(2, min(folds, len(names)))
    return np.asarray(np.random.default_rng(seed).permutation(dealt)[place])


def ridge_smoother(features: Floats, folds: Index) -> Floats:
    """Returns the matrix S of held-out ridge predictions S @ y, each of labels of other folds.

    They are of labels less their mean over the rows a fold trains on, and for ranking alone.

    Columns are standardised, and missing values become the mean, by the rows a fold trains on. The penalty is
    the mean of the diagonal of their kernel: half of what an average row says of itself is shrunk away.

    Args:
        features: shape (n, columns), NaN missing.
        folds: fold of each row, shape (n,).
    """
    smoother = np.zeros((len(folds), len(folds)))
    for fold in np.unique(folds):
        train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        kernel = _kernel(features, train)
        inner = kernel[np.ix_(train, train)]
        penalty = float(np.trace(inner)) / len(train) or 1.0
        solved = np.linalg.solve(inner + penalty * np.eye(len(train)), kernel[np.ix_(train, test)]).T
        # of y less its mean over the training rows; that mean is left out, as it is low where held-out labels
        # are high
        smoother[np.ix_(test, train)] = solved - solved.mean(axis=1, keepdims=True)
    return smoother


def _kernel(features: Floats, train: Index) -> Floats:
    """Inner products of all rows, standardised by the training rows, shape (n, n)."""
    kernel = np.zeros((len(features), len(features)))
    for start in range(0, features.shape[1], PART):
        part = np.asarray(features[:, start : start + PART], dtype=np.float64)
        own = part[train]
        known = ~np.isnan(own)
        count = np.maximum(known.sum(axis=0), 1)
        mean = np.where(known, own, 0.0).sum(axis=0) / count
        spread = np.sqrt((np.where(known, own - mean, 0.0) ** 2).sum(axis=0) / count)
        scaled = np.where(spread > 0, (part - mean) / np.where(spread > 0, spread, 1.0), 0.0)
        scaled[np.isnan(scaled)] = 0.0
        kernel += scaled @ scaled.T
    return kernel


def areas(smoother: Floats, labels: Floats) -> Floats:
    """ROC areas of held-out predictions, averaged over classes against the rest; 1/2 of one class.

    Args:
        smoother: shape (n, n).
        labels: codes of classes from 0, shape (n, m); 0 and 1 are told apart once.
    """
    most = int(labels.max())
    classes = [1] if most < 2 else range(most + 1)
    indicators = ((labels == each).astype(np.float64) for each in classes)
    return np.asarray(np.mean([_areas(smoother @ own, own) for own in indicators], axis=0))


def _areas(predictions: Floats, own: Floats) -> Floats:
    ranks = rankdata(predictions, axis=0)
    positive = own.sum(axis=0)
    negative = len(own) - positive
    won = (ranks * own).sum(axis=0) - positive * (positive + 1) / 2
    pairs = positive * negative
    return np.asarray(np.where(pairs > 0, won / np.maximum(pairs, 1), 0.5))


def rank_correlations(smoother: Floats, labels: Floats) -> Floats:
    """Spearman's correlation of held-out predictions with labels; 0 where either is constant.

    Args:
        smoother: shape (n, n).
        labels: shape (n, m).
    """
    first, second = (_standard(rankdata(each, axis=0)) for each in (labels, smoother @ labels))
    return np.asarray((first * second).sum(axis=0))


def _standard(values: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = values - values.mean(axis=0)
    length = np.sqrt((centred**2).sum(axis=0))
    return np.asarray(centred / np.where(length > 0, length, 1.0))


def log_rank_scores(times: Floats, events: Ints) -> Floats:
    """Times to an event as numbers that can be dealt anew: events less what was expected of all.

    The martingale residual of the model without columns, d - H(t) with Nelson and Aalen's H: an early event
    is high, a late one low, a censored row is what is known of it (Therneau, Grambsch and Fleming 1990).

    Args:
        times: shape (n,).
        events: 1 happened, 0 censored, shape (n,).
    """
    unique, place = np.unique(times, return_inverse=True)
    happened = np.bincount(place, weights=events, minlength=len(unique))
    left = np.bincount(place, minlength=len(unique))
    at_risk = np.cumsum(left[::-1])[::-1]
    return np.asarray(events - np.cumsum(happened / at_risk)[place])
