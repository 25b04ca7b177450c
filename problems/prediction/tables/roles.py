"""What named columns say about rows: their group, their time."""

import math
import re
from collections.abc import Sequence
from unicodedata import category

import numpy as np
from numpy.typing import NDArray

from escalation.model.complaints import apart
from escalation.model.errors import BadInput
from escalation.text.nearest import did_you_mean, nearest
from problems.prediction.stated.spec import ColumnsSpec
from problems.prediction.tables.column_types import as_texts
from toolbox.arrays.types import Index
from toolbox.stats.splits import codes
from toolbox.tables.arrow import EXACT
from toolbox.tables.dates import has_zone, is_moment, seconds
from toolbox.tables.numbers import read
from toolbox.tables.raw import RawTable

_AS_FLOAT = re.compile(r"([+-]?\d+)[.,]0{1,2}")


EVENT = "whether the time ended with the event"
"""How the column of events is used, in words."""


def check_roles(table: RawTable, spec: ColumnsSpec) -> None:
    """Raises `BadInput` when a column that the problem file names is missing, or a name is reserved."""
    named: dict[str, tuple[str | None, ...]] = {
        "target": (spec.target,),
        "group": (spec.group,),
        "time": (spec.time,),
        "event": (spec.event,),
        "weight": (spec.weight,),
        "drop": spec.drop,
        "categorical": spec.categorical,
        "subgroups": spec.subgroups,
    }
    for role, names in named.items():
        for name in names:
            if name is not None and name not in table.columns:
                with apart():
                    raise _missing(role, name, table)
    with apart():
        _refuse_idle(spec)
    for name in table.columns:
        if name.startswith("__") and name != spec.target:
            with apart():
                raise BadInput(
                    f"column {name!r}: names that start with two underscores are reserved, rename it"
                )


def meant(table: RawTable, spec: ColumnsSpec) -> set[str]:
    """Columns that are no features: those named, and those that a misspelt name comes nearest to."""
    roles = (spec.target, spec.group, spec.time, spec.event, spec.weight, *spec.drop)
    named = [name for name in roles if name is not None]
    near = (nearest(name, table.columns) for name in named if name not in table.columns)
    return {*named, *(name for name in near if name is not None)}


def _missing(role: str, name: str, table: RawTable) -> BadInput:
    known = [each for each in table.columns if not each.startswith("__")]
    meant = nearest(name, known)
    mendable = meant is not None and role in {"target", "group", "time", "event", "weight"}
    return BadInput(
        f"{role} column {name!r} is missing: the table has {_listed(known)}{did_you_mean(name, known)}",
        mends={role: meant} if mendable else {},
    )


def _refuse_idle(spec: ColumnsSpec) -> None:
    """Refuses a role that would have no effect, as the column has another one; a group may be a time."""
    roles = ("target", "event", "weight", "group", "time")
    columns: dict[str, str | None] = {role: getattr(spec, role) for role in roles}
    named = {role: (name,) for role, name in columns.items()}
    first: dict[str, str] = {}
    for role, names in (named | {"drop": spec.drop, "categorical": spec.categorical}).items():
        for name in names:
            if name is None:
                continue
            if name in first and (first[name], role) != ("group", "time"):
                raise BadInput(
                    f"{role}: column {name!r} stands under `{first[name]}` already, so that it would have no "
                    "effect here: remove it from one of them"
                )
            first.setdefault(name, role)


def other_roles(table: RawTable, spec: ColumnsSpec, features: list[str]) -> dict[str, str]:
    """What columns are that are no features, by name, in the order of the table."""
    said = dict.fromkeys(spec.drop, "left out: named under `drop`")
    if spec.time is not None:
        said[spec.time] = "time: the latest rows are kept aside"
    if spec.group is not None:
        also = " and time: the latest rows are kept aside" if spec.group == spec.time else ""
        said[spec.group] = f"group: its rows stay together{also}"
    said[spec.target] = "outcome"
    if spec.event is not None:
        said[spec.event] = EVENT
    if spec.weight is not None:
        said[spec.weight] = "weight: by how much a row counts"
    constant = "left out: its present values are all the same"
    return {
        name: said.get(name, constant)
        for name in table.columns
        if name not in features and not name.startswith("__")
    }


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")


def groups(table: RawTable, name: str) -> Index:
    """Returns the declared group of each row: texts as they are spelt, whole numbers exactly.

    `12.0` is `12`: so programs write whole numbers of a column in which some row had none. Signs that have
    no width do not count, and all kinds of spaces are one.

    Raises:
        BadInput: on a missing value, and on numbers that were rounded when they were stored.
    """
    values = table.columns[name]
    if isinstance(values, np.ndarray) and np.any(np.abs(values) > EXACT):
        place = table.where[int(np.flatnonzero(np.abs(values) > EXACT)[0])]
        raise BadInput(
            f"group column {name!r}, {place}: expected ids, got floating-point numbers beyond 2^53, in which "
            "neighbouring ids are the same: store them as integers or texts"
        )
    texts = as_texts(values)
    if None in texts:
        place = table.where[texts.index(None)]
        raise BadInput(f"group column {name!r}, {place}: expected a value, got a missing one")
    return codes([_one_id(text) for text in texts if text is not None])


def _one_id(text: str) -> str:
    """One spelling of what looks the same on a screen, or is the same whole number."""
    seen = " ".join("".join(char for char in text if category(char) != "Cf").split())
    found = _AS_FLOAT.fullmatch(seen)
    return found[1] if found else seen


def times(name: str, table: RawTable) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Numbers as they are; dates (ISO 8601, without a zone UTC) as seconds since 1970; and what was assumed.

    Raises:
        BadInput: on a value that is neither, on both in one column, and where all are equal.
    """
    texts = as_texts(table.columns[name])
    remark = ""
    dated = any(map(is_moment, texts))
    if dated:
        found = np.array([seconds(text) for text in texts])
        zones = {has_zone(text) for text in texts if text is not None}
        remark = "times without a zone are taken as UTC" if len(zones) > 1 else ""
    else:
        reading = read(texts, table.where, table.decimal, commas=table.commas)
        if reading.doubt:
            raise BadInput(f"time column {name!r}, {reading.doubt}")
        found = np.array([math.nan if text is None else float(text) for text in reading.plain])
        remark = reading.remark
    wrong = np.flatnonzero(~np.isfinite(found))
    if len(wrong):
        got = "a missing value" if texts[wrong[0]] is None else repr(texts[wrong[0]])
        wanted = "expected a number or a date as 2026-01-31"
        if dated:
            wanted = "expected a date as 2026-01-31, as in other rows"
        raise BadInput(f"time column {name!r}, {table.where[wrong[0]]}: {wanted}, got {got}")
    if len(np.unique(found)) < 2:
        raise BadInput(f"time column {name!r}: expected at least two different times, got one")
    return found, (f"time column {name!r}: {remark}",) if remark else ()
