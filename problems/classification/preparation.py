"""From a raw table to an instance: roles of columns, types, labels, groups, the split."""

from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from escalation.errors import BadInput
from escalation.identity import derive_seed, digest_json
from problems.classification import roles
from problems.classification.inference import (
    Typed,
    is_constant,
    typed_column,
)
from problems.classification.instance import TableInstance
from problems.classification.raw import RawTable
from problems.classification.spec import FileSpec
from problems.classification.splits import Index, codes, latest_rows, stratified_parts
from problems.classification.subgroups import subgroups

if TYPE_CHECKING:
    import pandas as pd

MIN_CLASS_GROUPS = 10
"""Independent rows (or groups) of either class that either part must hold: two for each of five folds."""


def prepare(table: RawTable, spec: FileSpec, seed: int) -> TableInstance:
    """Types the columns, finds labels and groups, seals part of the rows.

    Raises:
        BadInput: when a named column is missing, labels are not two classes, a column cannot be used,
            or there are too few rows of a class for the splits.
    """
    roles.check_roles(table, spec)
    labels, positive, negative = roles.labels(table, spec)
    typed, remarks = _features(table, spec)
    rows = _row_digests(typed)
    groups, more = roles.groups(table, spec, rows, labels)
    times = None if spec.time is None else roles.times(spec.time, table)
    order = np.arange(len(table)) if times is None else np.argsort(times, kind="stable")
    frame = _frame(typed, labels, groups, rows, times, seed=seed).iloc[order].reset_index(drop=True)
    open_index, sealed_index, aside = _split(frame, spec, seed)
    _check_counts(frame, open_index, sealed_index, spec)
    return TableInstance(
        columns=tuple(item.column for item in typed),
        frame=frame,
        open_index=open_index,
        sealed_index=sealed_index,
        positive=positive,
        negative=negative,
        target=spec.target if spec.target in table.columns and not table.source.get("dataset") else "",
        subgroups=subgroups(table, spec, order, open_index, sealed_index),
        time_ordered=times is not None,
        source=dict(table.source),
        remarks=(*table.remarks, *remarks, *more, *aside),
        extra=dict(table.extra or {}),
    )


def _features(table: RawTable, spec: FileSpec) -> tuple[list[Typed], list[str]]:
    roles = {spec.target, spec.group, spec.time, *spec.drop}
    typed, remarks = [], []
    for name, values in table.columns.items():
        if name in roles:
            continue
        item = typed_column(name, values, table.where, category=name in spec.categorical)
        if is_constant(item):
            remarks.append(f"column {name!r} is left out: all of its present values are the same")
        else:
            typed.append(item)
    if not typed:
        raise BadInput("expected at least one feature column that varies, got none")
    return typed, remarks


def _row_digests(typed: list[Typed]) -> list[str]:
    """SHA-256 of the canonical JSON of each row's features, an object by column name."""
    names = [item.column.name for item in typed]
    columns = [
        item.texts if item.numbers is None else [None if np.isnan(v) else float(v) for v in item.numbers]
        for item in typed
    ]
    return [digest_json(dict(zip(names, row, strict=True))) for row in zip(*columns, strict=True)]


def _frame(
    typed: list[Typed],
    labels: NDArray[np.int8],
    groups: Index,
    rows: list[str],
    times: NDArray[np.float64] | None,
    *,
    seed: int,
) -> "pd.DataFrame":
    import pandas as pd

    # in a table sorted by class, numbers by first occurrence would tell the sealed labels
    names = np.random.default_rng(derive_seed(seed, "names of groups")).permutation(int(groups.max()) + 1)

    data: dict[str, Any] = {
        item.column.name: pd.Series(list(item.texts), dtype="str") if item.numbers is None else item.numbers
        for item in typed
    }
    data["__label__"] = labels
    data["__group__"] = [f"g{name}" for name in names[groups]]
    data["__row__"] = rows
    if times is not None:
        data["__time__"] = times
    return pd.DataFrame(data)


def _split(frame: "pd.DataFrame", spec: FileSpec, seed: int) -> tuple[Index, Index, list[str]]:
    groups = codes(frame["__group__"].to_list())
    if spec.time is not None:
        return _split_by_time(frame["__time__"].to_numpy(), groups, spec.sealed_fraction)
    shares = [1 - spec.sealed_fraction, spec.sealed_fraction]
    part = stratified_parts(
        frame["__label__"].to_numpy(), groups, shares, derive_seed(seed, "open and sealed rows")
    )
    # likewise their place in the file: sealed rows come in an order of their own
    order = np.random.default_rng(derive_seed(seed, "order of sealed rows"))
    return np.flatnonzero(part == 0), order.permutation(np.flatnonzero(part == 1)), []


def _split_by_time(
    times: NDArray[np.float64], groups: Index, fraction: float
) -> tuple[Index, Index, list[str]]:
    """Seals the latest rows; earlier rows of a group that is sealed can be on neither side."""
    sealed = latest_rows(times, fraction)
    straddling = ~sealed & np.isin(groups, groups[sealed])
    aside = int(straddling.sum())
    remark = f"{aside} rows are set aside: they are earlier than the sealed ones, but of the same group"
    return np.flatnonzero(~sealed & ~straddling), np.flatnonzero(sealed), [remark] if aside else []


def _check_counts(frame: "pd.DataFrame", open_index: Index, sealed_index: Index, spec: FileSpec) -> None:
    grouped = "groups with rows" if spec.group is not None else "distinct rows"
    for name, index in (("open", open_index), ("sealed", sealed_index)):
        part = frame.iloc[index]
        for label, what in ((1, "positive"), (0, "negative")):
            count = int(part.loc[part["__label__"] == label, "__group__"].nunique())
            if count < MIN_CLASS_GROUPS:
                needed = ceil(MIN_CLASS_GROUPS / min(spec.sealed_fraction, 1 - spec.sealed_fraction))
                raise BadInput(
                    f"too few rows for the splits: the {name} part has {count} {grouped} "
                    f"of the {what} class, expected at least {MIN_CLASS_GROUPS}; "
                    f"a table needs about {needed} of either class"
                )
