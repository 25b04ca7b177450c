"""What a person should look at before believing a result; from open rows alone, never from sealed labels."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from problems.classification.raw import Numbers
from problems.classification.table import Column

if TYPE_CHECKING:
    import pandas as pd

NEARLY_SURE = 0.99
"""Area under the ROC curve of one column from which it may be the outcome in disguise."""

FEW = 10
"""Different numbers up to which a column of numbers may be one of codes."""

ENOUGH = 5
"""Rows a level, and rows a class, below which one column tells the classes apart by chance."""

FAR = 2.0
"""How many times the widest gap among the other values lies before a value far off…"""

FAR_SHARE = 0.15
"""…and what share of their range."""

FAR_MARKERS = 3
"""Different values at one end that may be marks (998, 999)."""


def suspicions(columns: tuple[Column, ...], frame: "pd.DataFrame") -> tuple[str, ...]:
    """Returns remarks on columns that tell the outcome by themselves, and on values far off that repeat.

    Args:
        columns: the features.
        frame: the open rows: features by name and `__label__`.
    """
    labels = frame["__label__"].to_numpy() == 1
    said = contradictions(columns, frame)
    for column in columns:
        if _tells(column, frame[column.name], labels):
            said.append(
                f"column {column.name!r} alone tells the classes apart on the open rows: make sure that it "
                "is known at the time of the prediction, and not made from the outcome"
            )
        if column.kind == "number":
            said += [
                f"column {column.name!r}: {value:g} occurs {count} times on the open rows, far from all "
                "other values: if it means missing, add it to na_values"
                for value, count in far_off(frame[column.name].to_numpy(dtype=np.float64))
            ]
    return tuple(said)


def contradictions(columns: tuple[Column, ...], frame: "pd.DataFrame") -> list[str]:
    """Says how many sets of rows with equal features have both labels."""
    names = [column.name for column in columns]
    labels = frame.groupby(names, dropna=False, sort=False)["__label__"].nunique()
    both = int((labels > 1).sum())
    sets = (
        "1 set of open rows with equal features has"
        if both == 1
        else f"{both} sets of open rows with equal features have"
    )
    return [f"{sets} both labels"] if both else []


def far_off(values: Numbers) -> list[tuple[float, int]]:
    """Returns the values, with their counts, that repeat at an end far from all others: 999 among 20 to 80.

    At most `FAR_MARKERS` values at either end, each at least twice, behind a gap of more than `FAR` times the
    widest one among the others and `FAR_SHARE` of their range; or whole negative numbers where no other is
    negative. Among few levels only numbers that are usual marks count (9, 99, -8).
    """
    levels, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    found = []
    for flipped in (False, True):
        ordered, number = (levels[::-1], counts[::-1]) if flipped else (levels, counts)
        for size in range(1, FAR_MARKERS + 1):
            if _far(ordered, number, size):
                found += [(float(ordered[i]), int(number[i])) for i in range(size)]
                break
    return found


def _far(levels: Numbers, counts: NDArray[np.intp], size: int) -> bool:
    """Whether the first `size` values are marks; `levels` go up or down."""
    marks, others = levels[:size], levels[size:]
    if len(others) < ENOUGH or np.any(counts[:size] < 2):
        return False
    if len(others) < FEW and not all(map(_usual, marks)):
        return False
    gaps = np.abs(np.diff(levels))
    negative = bool(np.all(marks < 0) and np.all(others >= 0) and np.all(marks == np.floor(marks)))
    return negative or bool(gaps[size - 1] > max(FAR * gaps[size:].max(), FAR_SHARE * np.ptp(others)))


def _usual(mark: float) -> bool:
    return len(set(f"{abs(mark):g}")) == 1 and f"{abs(mark):g}"[0] in "1789"


def _tells(column: Column, values: "pd.Series[float]", labels: NDArray[np.bool_]) -> bool:
    present = values.notna().to_numpy()
    if _area(present.astype(np.float64), labels) >= NEARLY_SURE:
        return True
    if column.kind == "number":
        numbers = values.to_numpy(dtype=np.float64)
        if _area(numbers[present], labels[present]) >= NEARLY_SURE:
            return True
        if len(np.unique(numbers[present])) > FEW:
            return False
    if values.nunique() * ENOUGH > int(present.sum()):
        return False
    return (
        _area(_shares(values.to_numpy(dtype=object)[present], labels[present]), labels[present])
        >= NEARLY_SURE
    )


def _shares(levels: NDArray[Any], labels: NDArray[np.bool_]) -> Numbers:
    """The share of positives among the rows of each row's level."""
    places = np.unique(levels.astype(str), return_inverse=True)[1]
    counts = np.maximum(np.bincount(places), 1)
    shares: Numbers = (np.bincount(places, weights=labels.astype(np.float64)) / counts)[places]
    return shares


def _area(scores: NDArray[Any], labels: NDArray[np.bool_]) -> float:
    """Area under the ROC curve, in the direction in which it is larger (Mann and Whitney 1947)."""
    from scipy.stats import rankdata

    positive = int(labels.sum())
    negative = len(labels) - positive
    if positive < ENOUGH or negative < ENOUGH:
        return 0.5
    wins = rankdata(scores)[labels].sum() - positive * (positive + 1) / 2
    area = float(wins / (positive * negative))
    return max(area, 1 - area)
