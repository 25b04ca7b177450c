"""Partitions of open rows for selection inside a method: stratified, grouped, forward in time."""

import numpy as np
from numpy.typing import NDArray

from escalation.model.errors import BadInput
from problems.prediction.tables.encoding import Rows
from toolbox.stats.splits import keep_classes, train_test_pairs

Fold = tuple[NDArray[np.intp], NDArray[np.intp]]
"""Positions to train on, and positions to test on."""

MIN_PER_CLASS = 4


def check_labels(rows: Rows) -> None:
    """Raises `BadInput` when there are too few rows of a class to select anything on."""
    positive = int(rows.labels.sum())
    negative = len(rows) - positive
    if min(positive, negative) < MIN_PER_CLASS:
        raise BadInput(
            f"expected at least {MIN_PER_CLASS} open rows of each class, got {positive} positive and "
            f"{negative} negative: give more rows, or another target column"
        )


def partition(rows: Rows, folds: int, seed: int, time_ordered: bool) -> list[Fold]:
    """Cuts the rows into folds, each tested by a model of the others; fewer folds where a class needs it.

    Folds have equal shares of the classes, and no group is on both sides. Where rows are ordered by time,
    each fold is tested by a model of earlier rows only, and the earliest are never tested.

    Raises:
        BadInput: when no number of folds has both classes on both sides.
    """
    most = min(folds, _room(rows))
    try:
        return train_test_pairs(rows.labels, rows.groups, most, seed, time_ordered=time_ordered)
    except ValueError:
        raise BadInput(
            "expected both classes in training and test folds: groups or the order of time leave none"
        ) from None


def hold_out(rows: Rows, at_most: int, seed: int, time_ordered: bool) -> Fold:
    """Sets a third of the rows aside, or fewer where that is more than `at_most`; the last ones in time.

    Raises:
        BadInput: as `partition` does.
    """
    folds = max(3, -(-len(rows) // at_most)) - int(time_ordered)
    return partition(rows, folds, seed, time_ordered)[-1]


def thin(rows: Rows, at_most: int, seed: int, time_ordered: bool) -> NDArray[np.intp]:
    """Returns the positions of at most `at_most` rows, in order: groups at random, or the last in time.

    A class that is rare keeps rows enough, see `keep_classes`.
    """
    everything = np.arange(len(rows), dtype=np.intp)
    if len(rows) <= at_most:
        return everything
    sample = everything[-at_most:]
    if not time_ordered:
        order = np.random.default_rng(seed).permutation(int(rows.groups.max()) + 1)
        sample = np.sort(np.argsort(order[rows.groups], kind="stable")[:at_most])
    return keep_classes(sample, rows.labels, rows.groups)


def _room(rows: Rows) -> int:
    """The number of groups that hold the rarer class."""
    return int(min(np.unique(rows.groups[rows.labels == label]).size for label in (0, 1)))
