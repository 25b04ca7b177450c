"""What is likely asked of a table, by the names and values of its columns; a guess is said to be one."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from escalation.ports.inspection import ColumnProfile
from toolbox.tables.numbers import exact

OUTCOMES = (
    "target", "label", "class", "outcome", "y", "diagnosis", "died", "dead", "death", "mortality", "event",
    "readmitted", "relapse", "survived", "disease", "status", "result",
)  # fmt: skip
"""Names that columns with an outcome have."""
EVENTS = (
    "event", "death", "died", "dead", "deceased", "status", "relapse", "recurrence", "recur", "failure",
    "censored",
)  # fmt: skip
"""Words in the names of columns that say whether a time ended with an event."""
TIMES = re.compile(
    r"(.*_)?(time|[a-z]?times?|days|weeks|months|years|duration|follow_?up|fu|lenfol|survival|os|pfs|dfs|rfs)(_.*)?"
    r"|.*time|fu.*",
    re.IGNORECASE,
)
"""Names that columns with times until an event have."""
LEAST_TIMES = 10
"""Different times below which a column is no follow-up."""
SAME = ("sex", "gender", "male", "female", "smoker", "smoking")
"""Names of two-valued columns that describe people, and are seldom asked for."""
SCALES = (
    ("none", "doubtful", "minimal", "mild", "moderate", "severe", "critical"),
    ("absent", "low", "medium", "middle", "intermediate", "moderate", "high"),
    ("never", "rarely", "sometimes", "often", "always"),
    ("very poor", "poor", "fair", "average", "good", "very good", "excellent"),
    ("tiny", "small", "medium", "large", "huge"),
    ("i", "ii", "iii", "iv", "v"),
    ("stage i", "stage ii", "stage iii", "stage iv"),
)
"""Words in an order that everybody gives them."""
ORDERED = re.compile(r"(.*_)?(grade|stage|level|score|severity|rating|class_no)(_.*)?", re.IGNORECASE)
"""Names of columns whose few whole numbers are levels."""


def follow_up(columns: Sequence[ColumnProfile], numbers: Collection[str]) -> tuple[str, str] | None:
    """The column of times and that of events which are likely a follow-up; None where there are none.

    Args:
        columns: all of them.
        numbers: names of those that hold numbers.
    """
    known = {each.name: place for place, each in enumerate(columns)}
    times = [each.name for each in columns if TIMES.fullmatch(each.name) and each.distinct >= LEAST_TIMES
             and not each.missing and each.name in numbers]  # fmt: skip
    events = [
        each.name for each in columns if each.distinct == 2 and not each.missing and _is_event(each.name)
    ]
    pairs = [(abs(known[a] - known[b]), -_shared(a, b), -known[b], a, b) for a in times for b in events]
    return min(pairs)[3:] if pairs else None


def _is_event(name: str) -> bool:
    return any(part in EVENTS for part in re.split(r"[_ .]", name.lower()))


def _shared(one: str, other: str) -> int:
    """Letters that both names begin with."""
    same = [a == b for a, b in zip(one, other, strict=False)]
    return (*same, False).index(False)


def known_afterwards(columns: Sequence[ColumnProfile], outcome: Collection[str]) -> list[str]:
    """Further times and events of a follow-up, which nobody knows when the prediction is made."""
    return [
        each.name
        for each in columns
        if each.name not in outcome
        and (
            (TIMES.fullmatch(each.name) and each.distinct >= LEAST_TIMES)
            or (each.distinct == 2 and _is_event(each.name))
        )
    ]


def zero_or_one(texts: Collection[str]) -> bool:
    """Whether that is all that a column holds."""
    return set(texts) == {"0", "1"}


def outcome(columns: Sequence[ColumnProfile]) -> str | None:
    """The column that is likely the outcome: the one so named, else the last of two values, else the last."""
    whole = [each for each in columns if each.distinct > 1 and not each.missing]
    two = [each.name for each in whole if each.distinct == 2]
    names = [each.name for each in whole]
    named = [name for name in two if name.lower() in OUTCOMES]
    parts = [name for name in two if any(part in OUTCOMES for part in name.lower().split("_"))]
    others = [name for name in names if name.lower() in OUTCOMES]
    plain = [name for name in two if name.lower() not in SAME]
    return next(iter([*named, *parts, *others, *reversed(plain), *reversed(names)]), None)


def in_scale(texts: Collection[str]) -> tuple[str, ...]:
    """Levels in the order that their words have; empty where they are in no order that everybody gives."""
    found = {text.lower(): text for text in texts}
    for scale in SCALES:
        if len(found) == len(set(texts)) >= 3 and set(found) <= set(scale):
            return tuple(found[each] for each in scale if each in found)
    return ()


def levels(target: str, texts: Collection[str]) -> Mapping[str, Any]:
    """`task: ordinal` with its `order` where a column's values are levels; empty where they are not."""
    if order := in_scale(texts):
        return {"task": "ordinal", "order": list(order)}
    values = [exact(text) for text in texts]
    if ORDERED.fullmatch(target) and all(value is not None and value == int(value) for value in values):
        return {"task": "ordinal"}
    return {}


def is_amount(values: np.ndarray[Any, Any]) -> bool:
    """Whether no value is below 0, as no time is."""
    return bool(np.all(values >= 0))
