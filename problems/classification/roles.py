"""What named columns say about rows: their class, their group, their time."""

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalation.errors import BadInput
from problems.classification.inference import canonical
from problems.classification.raw import RawTable
from problems.classification.spec import FileSpec
from problems.classification.splits import Index, codes, merge_groups

DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?")


def check_roles(table: RawTable, spec: FileSpec) -> None:
    """Raises `BadInput` when a column that the problem file names is missing, or a name is reserved."""
    named: dict[str, tuple[str | None, ...]] = {
        "target": (spec.target,),
        "group": (spec.group,),
        "time": (spec.time,),
        "drop": spec.drop,
        "categorical": spec.categorical,
        "subgroups": spec.subgroups,
    }
    for role, names in named.items():
        for name in names:
            if name is not None and name not in table.columns:
                raise BadInput(f"{role} column {name!r} is missing: the table has {_listed(table.columns)}")
    reserved = [name for name in table.columns if name.startswith("__") and name != spec.target]
    if reserved:
        raise BadInput(
            f"column {reserved[0]!r}: names that start with two underscores are reserved, rename it"
        )


def _listed(names: Mapping[str, Any]) -> str:
    shown = [name for name in names if not name.startswith("__")]
    return ", ".join(shown[:20]) + (f" and {len(shown) - 20} more" if len(shown) > 20 else "")


def labels(table: RawTable, spec: FileSpec) -> tuple[NDArray[np.int8], str, str]:
    """Returns the label of each row (1 is positive), the name of the positive class, and of the other.

    Raises:
        BadInput: on a missing value, other than two classes, or no word on which one is positive.
    """
    raw = table.columns[spec.target]
    texts = [None if is_missing(value) else canonical(value) for value in raw]
    if None in texts:
        place = table.where[texts.index(None)]
        raise BadInput(
            f"target column {spec.target!r}, {place}: expected a class, got a missing value: remove the row"
        )
    classes = sorted({text for text in texts if text is not None})
    if len(classes) != 2:
        shown = ", ".join(classes[:5]) + (", …" if len(classes) > 5 else "")
        raise BadInput(f"target column {spec.target!r}: expected two classes, got {len(classes)} ({shown})")
    positive = _positive(classes, spec)
    labels = np.array([text == positive for text in texts], dtype=np.int8)
    return labels, positive, next(name for name in classes if name != positive)


def _positive(classes: list[str], spec: FileSpec) -> str:
    if spec.positive is None:
        if classes in (["0", "1"], ["false", "true"]):
            return classes[1]
        raise BadInput(
            f"positive: expected the class to predict, one of {classes[0]!r} and {classes[1]!r}, got none"
        )
    named = canonical(spec.positive)
    if named not in classes:
        raise BadInput(f"positive: expected one of {classes[0]!r} and {classes[1]!r}, got {spec.positive!r}")
    return named


def groups(
    table: RawTable, spec: FileSpec, rows: list[str], labels: NDArray[np.int8]
) -> tuple[Index, list[str]]:
    """Groups rows by the group column and by equal features; says how many repeat, and contradict."""
    same = codes(rows)
    remarks = []
    sizes = np.bincount(same)
    if sizes.max() > 1:
        positives = np.bincount(same, weights=labels)
        mixed = int(np.sum((positives > 0) & (positives < sizes)))
        repeated = int(sizes[sizes > 1].sum())
        contradicting = f", {mixed} sets of them with both labels" if mixed else ""
        remarks.append(
            f"{repeated} rows have features that occur more than once{contradicting}: kept together"
        )
    if spec.group is None:
        return same, remarks
    values = [None if is_missing(value) else canonical(value) for value in table.columns[spec.group]]
    if None in values:
        place = table.where[values.index(None)]
        raise BadInput(f"group column {spec.group!r}, {place}: expected a value, got a missing one")
    return merge_groups(codes([str(value) for value in values]), same), remarks


def is_missing(value: object) -> bool:
    """Tells None and NaN from values."""
    return value is None or (isinstance(value, float) and bool(np.isnan(value)))


def times(name: str, table: RawTable) -> NDArray[np.float64]:
    """Numbers as they are; dates (ISO 8601) as seconds since 1970 UTC."""
    values = table.columns[name]
    found = np.array([_time(name, value, place) for value, place in zip(values, table.where, strict=True)])
    if len(np.unique(found)) < 2:
        raise BadInput(f"time column {name!r}: expected at least two different times, got one")
    return found


def _time(name: str, value: str | float | None, place: str) -> float:
    from pandas import Timestamp

    text = "" if is_missing(value) else str(value)
    try:
        time = Timestamp(text).timestamp() if DATE.fullmatch(text) else float(text)
    except ValueError:
        time = math.nan
    if not math.isfinite(time):
        got = repr(value) if text else "a missing value"
        raise BadInput(f"time column {name!r}, {place}: expected a number or a date as 2026-01-31, got {got}")
    return time
