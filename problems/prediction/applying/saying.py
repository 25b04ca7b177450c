"""What a model says of a row, by task, under words that a person reads."""

from typing import Any

import numpy as np

from problems.prediction.prediction_sets.split_conformal import members
from problems.prediction.prediction_sets.task_sets import stated_claim
from problems.prediction.tasks.task import Asking
from toolbox.arrays.types import Floats


def said_of(asked: Asking, predictions: Floats, sets: Any) -> list[dict[str, Any]]:
    """Returns the values of each row.

    Args:
        asked: what was asked.
        predictions: as the task has them.
        sets: predictions of the set model and the stated thresholds; None where there are none.
    """
    if asked.task == "binary":
        return _of_two(asked, predictions, sets)
    found = _predicted(asked, predictions)
    if sets is not None:
        said, claim = sets
        stated = stated_claim(claim, asked)
        for row, own in zip(found, stated.made(said, asked), strict=True):
            row.update(_beside(asked, own, f"{100 * stated.coverage:g} %"))
    return found


def one_by_one(asked: Asking) -> tuple[str, ...]:
    """Under what words the probability of each of several classes stands."""
    return tuple(f"probability of {name}" for name in asked.classes) if len(asked.classes) > 2 else ()


def _predicted(asked: Asking, predictions: Floats) -> list[dict[str, Any]]:
    if asked.classes:
        return [
            {"class": asked.classes[int(np.argmax(row))], "probability": _number(np.max(row))}
            | {name: _number(value) for name, value in zip(one_by_one(asked), row, strict=True)}
            for row in predictions
        ]
    if predictions.ndim == 1:
        return [{"value": _number(value)} for value in predictions]
    return [_survival(np.asarray(asked.parameters["times"]), row) for row in predictions]


SHOWN_TIMES = 4
"""Times up to the horizon at which survival is said; the model has more."""


def _survival(times: Floats, row: Floats) -> dict[str, Any]:
    """Survival at a few times, the horizon among them, and the first time at which it is one half or less."""
    places = np.linspace(0, len(times), SHOWN_TIMES + 1).round().astype(int)[1:] - 1
    found: dict[str, Any] = {f"no event by {times[place]:g}": _number(row[place]) for place in places}
    half = np.flatnonzero(row <= 0.5)
    return found | {"median by": _number(times[half[0]]) if len(half) else f"after {times[-1]:g}"}


def _of_two(asked: Asking, predictions: Floats, sets: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {f"probability of {asked.classes[1]}": _number(value)} for value in predictions
    ]
    if sets is None:
        return found
    scored, claim = sets
    thresholds = tuple(map(float, claim["thresholds"]))
    word = f"set ({100 * claim['coverage']:g} %)"
    for row, held in zip(found, members(scored, thresholds), strict=True):  # type: ignore[arg-type]
        row[word] = named(asked, held)
    return found


def _beside(asked: Asking, own: Any, share: str) -> dict[str, Any]:
    """The row's set, interval or time, under words with the share of rows that it is promised for."""
    if asked.task == "regression":
        return {f"from ({share})": _number(own[0]), f"to ({share})": _number(own[1])}
    if asked.task == "time_to_event":
        return {f"outlasts ({share})": _number(own)}
    return {f"set ({share})": named(asked, own)}


def named(asked: Asking, held: Any) -> str:
    """The classes or levels of a set in words, `none` where it is empty."""
    return " or ".join(name for name, inside in zip(asked.classes, held, strict=True) if inside) or "none"


def _number(value: float) -> float:
    return float(f"{value:.6g}")
