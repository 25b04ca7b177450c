"""Warnings to read before believing a result; from open rows alone, never from sealed labels."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from escalation.text.wording import counted
from problems.prediction.tables.table import Column
from toolbox.tables.numbers import canonical
from toolbox.tables.raw import Numbers

if TYPE_CHECKING:
    import pandas as pd

NEARLY_SURE = 0.99
"""Area under the ROC curve of one column from which it is likely the outcome in disguise…"""

SUSPICIOUS = 0.95
"""…and from which it may be: a copy of the outcome in which 1 of 20 rows is wrong has 0.95. Good measurements
reach it too, so that the remark leaves the judgement to a person."""

NAMED = 5
"""Columns that one remark names; of more it says how many."""

FEW = 10
"""Different numbers up to which a column of numbers may be one of codes."""

ENOUGH = 5
"""Rows a level, and rows a class, below which one column tells the classes apart by chance."""

FAR = 2.0
"""How many times the widest gap among the other values lies before a value far off…"""

FAR_SHARE = 0.15
"""…and what share of their range, where it is a usual mark (0, 99, -9)…"""

FAR_ODD = 1.0
"""…or any other number: 104 above 40 to 90 is the largest of all, and no mark."""

FAR_MARKERS = 3
"""Different values at one end that may be marks (998, 999)."""


def suspicions(
    columns: tuple[Column, ...],
    frame: "pd.DataFrame",
    *,
    classes: bool = True,
    made: Collection[str] = (),
) -> tuple[str, ...]:
    """Returns remarks on columns that tell the outcome by themselves, and on values far off that repeat.

    Args:
        columns: the features.
        frame: the open rows: features by name and `__label__`.
        classes: whether the outcome is one of classes; of amounts and times only values are looked at.
        made: columns that a source computed, pixels among them: nobody wrote a mark into these.
    """
    written = [column for column in columns if column.name not in made]
    labels = frame["__label__"].to_numpy() == 1
    if not classes:
        return tuple(said for column in written for said in _repeated(column, frame))
    said = contradictions(columns, frame)
    areas = {column.name: _alone(column, frame[column.name], labels) for column in columns}
    said += _nearly({name: area for name, area in areas.items() if SUSPICIOUS <= area < NEARLY_SURE})
    for column in columns:
        if areas[column.name] >= NEARLY_SURE:
            said.append(
                f"column {column.name!r} alone tells the classes apart on the open rows: make sure that it "
                "is known at the time of the prediction, and not made from the outcome"
            )
        if column in written:
            said += _repeated(column, frame)
    return tuple(said)


def _repeated(column: Column, frame: "pd.DataFrame") -> list[str]:
    if column.kind != "number":
        return []
    return [
        f"column {column.name!r}: {canonical(value)} occurs {count} times on the open rows, far from all "
        "other values: if it means missing, add it to na_values"
        for value, count in far_off(frame[column.name].to_numpy(dtype=np.float64))
    ]


def _nearly(areas: Mapping[str, float]) -> list[str]:
    """One remark on all the columns of these areas, the largest first."""
    if not areas:
        return []
    order = sorted(areas, key=lambda name: -areas[name])
    shown = ", ".join(f"{name!r} ({areas[name]:.3f})" for name in order[:NAMED])
    more = f" and {len(order) - NAMED} more" if len(order) > NAMED else ""
    which = "column" if len(order) == 1 else "each of the columns"
    return [
        f"{which} {shown}{more} alone nearly tells the classes apart on the open rows (ROC area in "
        "brackets): a suspicion that it was made from the outcome, or a strong measurement; make sure that "
        "it is known at the time of the prediction"
    ]


def contradictions(columns: tuple[Column, ...], frame: "pd.DataFrame") -> list[str]:
    """Says how many sets of rows with equal features have both labels."""
    from pandas.util import hash_pandas_object

    equal = hash_pandas_object(frame[[column.name for column in columns]], index=False)
    both = int((frame["__label__"].groupby(equal.to_numpy(), sort=False).nunique() > 1).sum())
    of = "of open rows with equal features"
    return [f"{counted(both, f'set {of} has', f'sets {of} have')} both labels"] if both else []


def far_off(values: Numbers) -> list[tuple[float, int]]:
    """Returns the values, with their counts, that repeat at an end far from all others: 999 among 20 to 80.

    At most `FAR_MARKERS` values at either end, each at least twice, behind a gap of more than `FAR` times the
    widest one among the others and `FAR_SHARE` of their range (`FAR_ODD` where one is no usual mark); or
    whole negative numbers where no other is negative. Among few levels only usual marks count (9, 99, -8).
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
    share = FAR_SHARE if all(mark == 0 or _usual(mark) for mark in marks) else FAR_ODD
    return negative or bool(gaps[size - 1] > max(FAR * gaps[size:].max(), share * np.ptp(others)))


def _usual(mark: float) -> bool:
    figures = set(canonical(abs(mark)))
    return len(figures) == 1 and figures <= set("1789")


def _alone(column: Column, values: "pd.Series[float]", labels: NDArray[np.bool_]) -> float:
    """The largest area that the column reaches: by being there at all, by its numbers, by its levels."""
    present = values.notna().to_numpy()
    found = [0.5 if present.all() else _area(present.astype(np.float64), labels)]
    if column.kind == "number":
        numbers = values.to_numpy(dtype=np.float64)[present]
        found.append(_area(numbers, labels[present]))
        if len(np.unique(numbers)) > FEW:
            return max(found)
    if values.nunique() * ENOUGH <= int(present.sum()):
        found.append(_area_of_levels(values.to_numpy(dtype=object)[present], labels[present]))
    return max(found)


def _area_of_levels(levels: NDArray[Any], labels: NDArray[np.bool_]) -> float:
    """The area that the shares of positives of the levels reach on rows that did not make the shares.

    Each half of either class judges the shares of the other half: of a rare class, shares fit the very rows
    that made them by chance.
    """
    places = np.unique(levels.astype(str), return_inverse=True)[1]
    half = np.zeros(len(labels), dtype=bool)
    for of_class in (labels, ~labels):
        half[np.flatnonzero(of_class)[1::2]] = True
    areas = []
    for judged in (half, ~half):
        counts = np.bincount(places[~judged], minlength=places.max(initial=0) + 1)
        positives = np.bincount(places[~judged & labels], minlength=len(counts))
        shares = np.where(counts > 0, positives / np.maximum(counts, 1), labels[~judged].mean())
        areas.append(_area(shares[places[judged]], labels[judged]))
    return sum(areas) / len(areas)


def _area(scores: NDArray[Any], labels: NDArray[np.bool_]) -> float:
    """Area under the ROC curve, in the direction in which it is larger (Mann and Whitney 1947)."""
    positive = int(labels.sum())
    negative = len(labels) - positive
    if positive < ENOUGH or negative < ENOUGH:
        return 0.5
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2
    wins = ranks[place[labels]].sum() - positive * (positive + 1) / 2
    area = float(wins / (positive * negative))
    return max(area, 1 - area)
