"""Which columns moved a row's prediction most, in the columns' own words.

Each column by itself is put to its usual value (the median, the commonest level) and the row is predicted
again: what changes is that column's part. Columns that say nothing by themselves, one of 256 pixels, are put
to theirs together, as one. It holds for every kind of model, is additive for none, and says nothing of causes
(one-at-a-time occlusion: Robnik-Šikonja and Kononenko 2008, IEEE TKDE 20:589).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from toolbox.arrays.types import Floats, Index

if TYPE_CHECKING:
    import pandas as pd

Predict = Callable[["pd.DataFrame", Index], Floats]
"""One number for each row of a frame, and which new row each of them is."""

MOST = 3
"""Reasons a row."""
NONE = "no column alone changes it"
"""Where a model is so sure that the rest says the same."""
MOST_CELLS = 400_000_000
"""Values that are predicted from to explain rows; those beyond are not explained."""
AT_ONCE = 4_000_000
"""Values that are predicted from together: a model is read anew each time."""


@dataclass(frozen=True)
class Cause:
    """Columns that are put to their usual values together.

    Attributes:
        usual: of each column, by name.
        words: what they are together; empty of a single column, which says it itself.
    """

    usual: Mapping[str, Any]
    words: str = ""

    def said(self, row: "pd.Series[Any]", change: float) -> str:
        """`age 71 (usual 64) +0.12`, or `texture of the picture +0.12`."""
        if self.words:
            return f"{self.words} {change:+.2g}"
        ((name, usual),) = self.usual.items()
        return f"{name} {_shown(row[name])} (usual {_shown(usual)}) {change:+.2g}"


def causes(features: Sequence[Mapping[str, Any]], words: Mapping[str, str]) -> list[Cause]:
    """Returns what may move a prediction.

    Args:
        features: what the record has of each column; those without `seen` are passed over.
        words: of columns that say nothing by themselves, what they are with others.
    """
    usual = {each["name"]: each["seen"]["usual"] for each in features if "usual" in each.get("seen", {})}
    alone = [Cause({name: value}) for name, value in usual.items() if name not in words]
    together: dict[str, dict[str, Any]] = {}
    for name, value in usual.items():
        if name in words:
            together.setdefault(words[name], {})[name] = value
    return [*alone, *(Cause(each, said) for said, each in together.items())]


def explained(columns: int, known: int, rows: int) -> int:
    """Rows that are explained of so many, by so many causes of so many columns."""
    return min(rows, MOST_CELLS // max(1, columns * known))


def reasons(
    frame: "pd.DataFrame", known: Sequence[Cause], predict: Predict, least: float
) -> list[tuple[str, ...]]:
    """Returns by row the causes that moved the prediction most, the strongest first.

    Args:
        frame: the model's columns; rows beyond those that `explained` allows get no reasons.
        known: what may have moved it.
        predict: one number a row.
        least: change of that number below which a cause is not named.
    """
    count = explained(frame.shape[1], len(known), len(frame))
    if not known or not count:
        return [()] * len(frame)
    part = frame.iloc[:count]
    every = np.arange(count)
    changes = predict(part, every) - _instead(part, known, predict)
    order = np.argsort(-np.abs(changes), axis=0, kind="stable")[:MOST]
    found = [
        tuple(
            known[place].said(part.iloc[row], changes[place, row])
            for place in order[:, row]
            if abs(changes[place, row]) >= least
        )
        or (NONE,)
        for row in range(count)
    ]
    return [*found, *[()] * (len(frame) - count)]


def _instead(frame: "pd.DataFrame", known: Sequence[Cause], predict: Predict) -> Floats:
    """Predictions with each cause at its usual value, shape (causes, rows); several causes at a time."""
    import pandas as pd

    most = max(1, AT_ONCE // frame.size)
    every = np.arange(len(frame))
    found = []
    for start in range(0, len(known), most):
        some = known[start : start + most]
        frames = pd.concat([frame.assign(**each.usual) for each in some], ignore_index=True)
        found.append(predict(frames, np.tile(every, len(some))).reshape(len(some), len(frame)))
    return np.concatenate(found)


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return "missing" if np.isnan(value) else f"{value:.4g}"
    return "missing" if value is None else str(value)
