"""From a raw table to an instance: roles of columns, types, labels, groups, the split."""

from collections.abc import Mapping
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from escalation.model.complaints import apart, settle, so_far, wrong
from escalation.model.errors import BadInput
from escalation.model.identity import derive_seed, digest_json
from escalation.text.wording import counted
from problems.prediction.stated.spec import ColumnsSpec
from problems.prediction.tables import roles
from problems.prediction.tables.column_types import (
    Typed,
    as_texts,
    is_constant,
    typed_column,
)
from problems.prediction.tables.equal_rows import join_copies
from problems.prediction.tables.instance import TableInstance
from problems.prediction.tables.sites import large, of_sites, site_names, sites_split
from problems.prediction.tables.subgroups import subgroups
from problems.prediction.tables.suspicions import suspicions
from problems.prediction.tasks.task import (
    Asking,
    Labelled,
    Outcomes,
    Task,
    check_stated,
    outcomes_of,
    task,
)
from toolbox.arrays.types import Flags, Index, Ints
from toolbox.stats.splits import codes, latest_rows, stratified_parts, train_test_pairs
from toolbox.tables.raw import RawTable

if TYPE_CHECKING:
    import pandas as pd

MIN_CLASS_GROUPS = 10
"""Independent rows (or groups) of either class that either part must hold: two for each of five folds."""

SHARE_OFF = 0.05
"""How far the share of sealed rows may be from the one asked for before it is remarked on."""


def prepare(table: RawTable, spec: ColumnsSpec, seed: int) -> TableInstance:
    """Types the columns, finds labels and groups, seals part of the rows.

    Raises:
        BadInput: when a named column is missing, labels are not two classes, a column cannot be used,
            or there are too few rows of a class for the splits.
    """
    since = so_far()
    asked_of = task(spec.task)
    check_stated(asked_of, spec)
    roles.check_roles(table, spec)
    labelled = declared = times = None
    read_so: tuple[str, ...] = ()
    with apart():
        if spec.target in table.columns:
            labelled = asked_of.read(table, spec)
    with apart():
        if spec.group in table.columns:
            declared = roles.groups(table, str(spec.group))
    with apart():
        if spec.time in table.columns:
            times, read_so = roles.times(str(spec.time), table)
    typed, remarks = _features(table, spec)
    if labelled and wrong(since):
        _refuse_few(labelled, asked_of, spec)
    settle(since)
    assert labelled is not None
    rows = _row_digests(typed)
    groups, more = _groups(declared, typed, rows)
    order = np.arange(len(table)) if times is None else _in_order_of_time(times, seed)
    frame = _features_frame(typed).assign(
        **_about_rows(labelled.outcomes, groups, rows, times, seed=seed, grouped=spec.group is not None)
    )
    frame = frame.iloc[order].reset_index(drop=True)
    given = None if table.sealed is None else table.sealed[order]
    open_index, sealed_index, aside = _split(frame, asked_of, spec, seed, given)
    by_site = False
    if (
        spec.group is not None
        and spec.time is None
        and given is None
        and _too_few(frame, labelled.asked, open_index, sealed_index)
    ):
        split = sites_split(*_strata_and_groups(frame, asked_of), spec.sealed_fraction, seed)
        if split is not None:
            by_site, (open_index, sealed_index) = True, split
            aside = [of_sites(frame, *split)]
    _check_counts(
        frame, labelled.asked, {"open": open_index, "sealed": sealed_index}, spec, more, by_site=by_site
    )
    _check_divisible(frame.iloc[open_index], asked_of, spec, seed)
    columns = tuple(item.column for item in typed)
    spec.documentation.check_columns([column.name for column in columns])
    return TableInstance(
        columns=columns,
        frame=frame,
        open_index=open_index,
        sealed_index=sealed_index,
        asked=labelled.asked,
        target=spec.target if spec.target in table.columns and not table.source.get("dataset") else "",
        subgroups=subgroups(table, spec, order, open_index, sealed_index),
        time_ordered=times is not None,
        source=dict(table.source),
        noun=table.noun,
        blocks=_blocks(table, {column.name for column in columns}),
        grouped=spec.group is not None,
        by_site=by_site,
        sites=_sites(table, spec, groups, frame, order),
        remarks=(
            *table.remarks,
            *remarks,
            *labelled.remarks,
            *read_so,
            *more,
            *aside,
            *suspicions(
                columns, frame.iloc[open_index], classes=bool(labelled.asked.classes), made=table.computed
            ),
        ),
        extra=dict(table.extra or {}),
        places=order,
        where=table.where,
        roles=roles.other_roles(table, spec, [column.name for column in columns]),
        documentation=spec.documentation,
    )


def _refuse_few(labelled: Labelled, asked_of: Task, spec: ColumnsSpec) -> None:
    """Says beforehand, where columns have to be corrected first, what no correction of them would change."""
    for what, rows in asked_of.kinds(labelled.outcomes, labelled.asked).items():
        count = int(np.sum(rows))
        if count < 2 * MIN_CLASS_GROUPS:
            with apart():
                raise BadInput(
                    f"too few rows for the splits: {count} {what}; a table needs about {_needed(spec)} "
                    f"{asked_of.of_either}"
                )


def _needed(spec: ColumnsSpec) -> int:
    return ceil(MIN_CLASS_GROUPS / min(spec.sealed_fraction, 1 - spec.sealed_fraction))


def _in_order_of_time(times: NDArray[np.float64], seed: int) -> Index:
    """Rows of one time come in an order of their own: that of a file sorted by class tells sealed labels."""
    drawn = np.random.default_rng(derive_seed(seed, "order of rows of one time")).permutation(len(times))
    return np.lexsort((drawn, times))


def _blocks(table: RawTable, features: set[str]) -> dict[str, tuple[str, ...]]:
    """Those of the features, without what was left out."""
    kept = {name: tuple(each for each in names if each in features) for name, names in table.blocks.items()}
    return {name: names for name, names in kept.items() if names}


def _features(table: RawTable, spec: ColumnsSpec) -> tuple[list[Typed], list[str]]:
    named = roles.meant(table, spec)
    typed, remarks = [], []
    for name, values in table.columns.items():
        if name in named:
            continue
        with apart():
            item = typed_column(
                name,
                values,
                table.where,
                category=name in spec.categorical,
                decimal=table.decimal,
                commas=table.commas,
            )
            if is_constant(item):
                remarks.append(f"column {name!r} is left out: all of its present values are the same")
            else:
                typed.append(item)
                remarks += item.remarks
    if not typed:
        settle()
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


def _groups(declared: Index | None, typed: list[Typed], rows: list[str]) -> tuple[Index, list[str]]:
    """Groups rows that depend on one another, and says which rows are equal and what that did."""
    same = codes(rows)
    if declared is None:
        repeated = int(np.sum(np.bincount(same)[same] > 1))
        kept = f"{repeated} rows have features that occur more than once: kept together"
        return same, [kept] if repeated else []
    joined = join_copies(_features_frame(typed), same, declared)
    told = []
    if joined.copies:
        told.append(
            f"{counted(joined.copies, 'row has', 'rows have')} the features of rows of other groups, too "
            "many and too alike for chance: they are taken for copies, and their groups are kept together"
        )
    if joined.alike:
        told.append(
            f"{counted(joined.alike, 'row has', 'rows have')} the features of rows of other groups, as "
            "chance has it in so many rows of so few different values: each stays with its own group"
        )
    return joined.groups, told


def _features_frame(typed: list[Typed]) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(
        {
            item.column.name: pd.Series(list(item.texts), dtype="str")
            if item.numbers is None
            else item.numbers
            for item in typed
        }
    )


def _about_rows(
    outcomes: Outcomes,
    groups: Index,
    rows: list[str],
    times: NDArray[np.float64] | None,
    *,
    seed: int,
    grouped: bool,
) -> dict[str, Any]:
    # in a table sorted by class, numbers by first occurrence would tell the sealed labels
    names = np.random.default_rng(derive_seed(seed, "names of groups")).permutation(int(groups.max()) + 1)
    named = [f"g{name}" for name in names[groups]]
    # rows of different groups may be equal, so that the group is part of what a row is
    own = [digest_json([row, group]) for row, group in zip(rows, named, strict=True)] if grouped else rows
    found: dict[str, Any] = {**outcomes.columns(), "__group__": named, "__row__": own}
    return found if times is None else found | {"__time__": times}


def _split(
    frame: "pd.DataFrame", asked_of: Task, spec: ColumnsSpec, seed: int, given: Flags | None
) -> tuple[Index, Index, list[str]]:
    strata, groups = _strata_and_groups(frame, asked_of)
    if given is not None:
        return _split_as_given(given, groups, seed)
    if spec.time is not None:
        return _split_by_time(frame["__time__"].to_numpy(), groups, spec.sealed_fraction)
    shares = [1 - spec.sealed_fraction, spec.sealed_fraction]
    part = stratified_parts(strata, groups, shares, derive_seed(seed, "open and sealed rows"))
    return np.flatnonzero(part == 0), _shuffled(np.flatnonzero(part == 1), seed), []


def _shuffled(sealed: Index, seed: int) -> Index:
    """Likewise their place in the file would tell: sealed rows come in an order of their own."""
    return np.random.default_rng(derive_seed(seed, "order of sealed rows")).permutation(sealed)


def _split_as_given(sealed: Flags, groups: Index, seed: int) -> tuple[Index, Index, list[str]]:
    """Seals the rows that the data keep aside; other rows of their groups can be on neither side."""
    straddling = ~sealed & np.isin(groups, groups[sealed])
    aside = int(straddling.sum())
    remarks = [f"{int(sealed.sum())} rows are kept aside, as the data are divided"]
    if aside:
        remarks.append(f"{counted(aside, 'row is', 'rows are')} left out: of a group with rows kept aside")
    return np.flatnonzero(~sealed & ~straddling), _shuffled(np.flatnonzero(sealed), seed), remarks


def _strata_and_groups(frame: "pd.DataFrame", asked_of: Task) -> tuple[Ints, Index]:
    return asked_of.strata(outcomes_of(frame)), codes(frame["__group__"].to_list())


def _sites(
    table: RawTable, spec: ColumnsSpec, groups: Index, frame: "pd.DataFrame", order: Index
) -> Mapping[str, str]:
    """Names of declared groups that are large enough to be sites."""
    if spec.group is None or not large(groups):
        return {}
    texts = as_texts(table.columns[spec.group])
    return site_names(frame["__group__"].to_list(), [texts[place] for place in order])


def _split_by_time(
    times: NDArray[np.float64], groups: Index, fraction: float
) -> tuple[Index, Index, list[str]]:
    """Seals the latest rows; earlier rows of a group that is sealed can be on neither side."""
    sealed = latest_rows(times, fraction)
    straddling = ~sealed & np.isin(groups, groups[sealed])
    aside = int(straddling.sum())
    remarks = []
    if abs(sealed.mean() - fraction) > SHARE_OFF:
        remarks.append(
            f"{sealed.mean():.0%} of the rows are kept aside rather than {fraction:.0%}: rows of one time "
            "stay together, and no moment between two times divides the rows more nearly so"
        )
    if aside:
        remarks.append(
            f"{counted(aside, 'row is', 'rows are')} left out: earlier than the rows kept aside, but of a "
            "group of theirs"
        )
    return np.flatnonzero(~sealed & ~straddling), np.flatnonzero(sealed), remarks


def _kinds(frame: "pd.DataFrame", asked: Asking, index: Index) -> dict[str, tuple[int, int]]:
    """Rows of each kind in a part, and the groups that they are of."""
    part = frame.iloc[index]
    groups = part["__group__"].to_numpy()
    kinds = task(asked.task).kinds(outcomes_of(part), asked)
    return {what: (int(rows.sum()), len(np.unique(groups[rows]))) for what, rows in kinds.items()}


def _too_few(frame: "pd.DataFrame", asked: Asking, *parts: Index) -> bool:
    return any(
        groups < MIN_CLASS_GROUPS for index in parts for _, groups in _kinds(frame, asked, index).values()
    )


def _check_counts(
    frame: "pd.DataFrame",
    asked: Asking,
    parts: Mapping[str, Index],
    spec: ColumnsSpec,
    told: list[str],
    *,
    by_site: bool,
) -> None:
    grouped = "groups with rows" if spec.group is not None else "distinct rows"
    for name, index in parts.items():
        for what, (rows, groups) in _kinds(frame, asked, index).items():
            count = rows if by_site else groups
            if count < MIN_CLASS_GROUPS:
                raise BadInput(
                    f"too few rows for the splits: the {name} part has {count} {grouped} {what} "
                    f"({rows} rows), expected at least {MIN_CLASS_GROUPS}; a table needs about "
                    f"{_needed(spec)} {task(asked.task).of_either}{_because(spec, told)}"
                )


def _because(spec: ColumnsSpec, told: list[str]) -> str:
    """What made fewer of the rows, and what helps."""
    if spec.group is not None and spec.time is not None:
        return (
            "; of a group with rows kept aside no row is open, so groups that span the whole time leave "
            "none: leave `time` out to judge on groups that no model saw, or `group` to judge on later rows"
        )
    helps = "more features tell rows apart" if spec.group is None else "remove copies, or leave `group` out"
    return f" ({'; '.join(told)}; {helps})" if told else ""


def _check_divisible(open_rows: "pd.DataFrame", asked_of: Task, spec: ColumnsSpec, seed: int) -> None:
    """Every method has to learn from some open rows and be tested on others."""
    strata, groups = _strata_and_groups(open_rows, asked_of)
    try:
        train_test_pairs(strata, groups, 2, seed, time_ordered=spec.time is not None, least=asked_of.least)
    except ValueError:
        if spec.time is None:
            raise BadInput(
                f"the open rows cannot be divided with both classes on both sides: nearly all of a class "
                f"is in one group{f' of {spec.group!r}' if spec.group else ''}; give more groups, or another "
                "column"
            ) from None
        raise BadInput(
            f"no moment of {spec.time!r} divides the open rows so that both classes come before it and after "
            "it: give rows of a longer time, a smaller sealed_fraction, or leave `time` out"
        ) from None
