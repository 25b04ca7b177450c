"""Which columns moved a row's prediction most, in the columns' own words.

Each column by itself is put to its usual value (the median, the commonest level) and the row is predicted
again: what changes is that column's part. It holds for every kind of model, is additive for none, and says
nothing of causes (one-at-a-time occlusion: Robnik-Šikonja and Kononenko 2008, IEEE TKDE 20:589).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from toolbox.arrays.types import Floats

if TYPE_CHECKING:
    import pandas as pd

MOST = 3
"""Reasons a row."""
MOST_CELLS = 2_000_000
"""Columns times rows beyond which none are given: each column is a prediction of every row."""


def reasons(
    frame: "pd.DataFrame",
    features: Sequence[Mapping[str, Any]],
    predict: Callable[["pd.DataFrame"], Floats],
    least: float,
) -> list[tuple[str, ...]]:
    """Returns by row the columns that moved the prediction most, the strongest first.

    Args:
        frame: the model's columns.
        features: what the record has of each column; those without `seen` are passed over.
        predict: one number a row.
        least: change of that number below which nothing is said.
    """
    known = [each for each in features if "usual" in each.get("seen", {})]
    if not known or len(known) * len(frame) > MOST_CELLS:
        return [()] * len(frame)
    now = predict(frame)
    changes = np.zeros((len(known), len(frame)))
    for place, each in enumerate(known):
        changes[place] = now - predict(frame.assign(**{each["name"]: each["seen"]["usual"]}))
    order = np.argsort(-np.abs(changes), axis=0, kind="stable")[:MOST]
    return [
        tuple(
            _words(known[place], frame[known[place]["name"]].iloc[row], changes[place, row])
            for place in order[:, row]
            if abs(changes[place, row]) >= least
        )
        for row in range(len(frame))
    ]


def _words(feature: Mapping[str, Any], value: Any, change: float) -> str:
    usual = feature["seen"]["usual"]
    return f"{feature['name']} {_shown(value)} (usual {_shown(usual)}) {change:+.2g}"


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return "missing" if np.isnan(value) else f"{value:.4g}"
    return "missing" if value is None else str(value)
