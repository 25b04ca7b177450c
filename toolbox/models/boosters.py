"""XGBoost's boosters as bytes: UBJSON, its own format without a pickle."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from escalation.model.errors import first_line
from toolbox.arrays.types import Index

if TYPE_CHECKING:
    import xgboost


def dump_booster(booster: "xgboost.Booster") -> bytes:
    """Returns a booster as UBJSON; the same booster gives the same bytes."""
    return bytes(booster.save_raw("ubj"))


def load_booster(data: bytes) -> "xgboost.Booster":
    """Reads a booster, for one thread.

    Raises:
        ValueError: when the bytes are none.
    """
    import xgboost

    try:
        return xgboost.Booster({"nthread": 1}, model_file=bytearray(data))
    except xgboost.core.XGBoostError as error:
        raise ValueError(f"expected an XGBoost booster in UBJSON: {first_line(error, typed=False)}") from None


EVERY = 3
"""Rounds from one look at the test rows to the next: a look costs half as much as a round."""


def held_out_course(
    params: Mapping[str, Any],
    data: "xgboost.DMatrix",
    folds: Sequence[tuple[Index, Index]],
    metrics: Sequence[str],
    stop: tuple[int, int],
) -> tuple[int, tuple[float, ...]]:
    """Boosts a model a fold until the mean of the last metric over the test rows, which is looked at every
    third round, no longer falls.

    As `xgboost.cv` does, in two thirds of the time: it evaluates the training rows as well, every round.

    Args:
        params: of every booster.
        data: with labels.
        folds: (train, test) positions.
        metrics: names that XGBoost knows.
        stop: rounds at most, and rounds without a fall after which to stop.

    Returns:
        The rounds with the least value of the last metric, and each metric's mean over folds there.
    """
    import xgboost

    settings = [*params.items(), *(("eval_metric", metric) for metric in metrics)]
    parts = [(data.slice(train), data.slice(test)) for train, test in folds]
    boosters = [xgboost.Booster(settings, list(part)) for part in parts]
    best, found = 0, tuple[float, ...]()
    for number in range(stop[0]):
        for booster, (train, _) in zip(boosters, parts, strict=True):
            booster.update(train, number)
        if (number + 1) % EVERY and number + 1 < stop[0]:
            continue
        values = []
        for booster, (_, test) in zip(boosters, parts, strict=True):
            said = booster.eval_set([(test, "test")], number)
            values.append([float(each.rsplit(":", 1)[1]) for each in said.split("\t")[1:]])
        means = tuple(float(each) for each in np.mean(values, axis=0))
        if not found or means[-1] < found[-1]:
            best, found = number, means
        elif number - best >= stop[1]:
            break
    return best + 1, found
