"""What a model says of a row, by task, under words that a person reads."""

from typing import Any

import numpy as np

from problems.prediction.prediction_sets.split_conformal import members
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
    if asked.classes:
        return [
            {"class": asked.classes[int(np.argmax(row))]}
            | {
                f"probability of {name}": _number(value)
                for name, value in zip(asked.classes, row, strict=True)
            }
            for row in predictions
        ]
    if predictions.ndim == 1:
        return [{"value": float(value)} for value in predictions]
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
        row[word] = (
            " or ".join(name for name, inside in zip(asked.classes, held, strict=True) if inside) or "none"
        )
    return found


def _number(value: float) -> float:
    return float(f"{value:.6g}")
