"""A loaded table: typed, checked, divided into open rows and rows whose labels are sealed."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from escalation.model.blob import Blob
from escalation.model.identity import digest_json
from escalation.model.problem import Target
from problems.prediction.stated.documentation import Documentation
from problems.prediction.tables.seen import seen
from problems.prediction.tables.table import Column, TableView
from problems.prediction.tasks.task import Asking, Outcomes, fewest, outcomes_of, task
from toolbox.arrays.types import Index

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class TableInstance:
    """Every row of a table, and which of them are sealed.

    Attributes:
        columns: the features, in order.
        frame: one row per row of the table: the features by name, `__label__` (int8, 1 is positive; what else
            it may be, with `__event__` and `__weight__`, says `Outcomes`),
            `__group__` (rows of one group, and rows that are copies, share it), `__row__` (SHA-256 of the
            row's features, and of its group where groups are declared), and `__time__` (float64) where a
            time column is given.
        open_index: positions in `frame` of the rows that solvers get with labels, shape (n_open,).
        sealed_index: positions of the rows whose labels only the verifier has, shape (n_sealed,).
        asked: what is asked of the rows.
        target: the column that holds them; empty for a data set by name.
        subgroups: for each declared column, the subgroup of each sealed row.
        time_ordered: whether the sealed rows are the latest; rows are then in order of time.
        grouped: whether groups are declared; rows of two of them may then be equal by chance.
        by_site: whether the groups are few large sites, which are judged as such: see `tables.sites`.
        sites: names of the sites as the table has them, by `__group__`; empty where there are none.
        source: where the table comes from.
        remarks: what was done to it that a reader should know.
        extra: what a constructed data set openly tells its solvers.
        places: the place in the table of each row of `frame`, from 0, shape (n,).
        where: how each place is named to people: `line 17`.
        roles: what columns are used for that are no features, and why others are left out, in words.
        blocks: features that belong together, by the name of their kind; no part of the digest, being how
            they were made.
        noun: what a row is to people, of several; no part of the digest either.
        documentation: what people state; no part of the digest, since nothing is computed from it.
    """

    columns: tuple[Column, ...]
    frame: "pd.DataFrame"
    open_index: Index
    sealed_index: Index
    asked: Asking
    target: str = ""
    subgroups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    time_ordered: bool = False
    grouped: bool = False
    by_site: bool = False
    sites: Mapping[str, str] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    places: Index = field(default_factory=lambda: np.zeros(0, dtype=np.intp))
    where: tuple[str, ...] = ()
    roles: Mapping[str, str] = field(default_factory=dict)
    blocks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    noun: str = "rows"
    documentation: Documentation = field(default_factory=Documentation)

    @property
    def positive(self) -> str:
        """Of two classes the one that is predicted."""
        return self.asked.classes[1]

    @property
    def negative(self) -> str:
        """Of two classes the other one."""
        return self.asked.classes[0]

    @property
    def sealed_outcomes(self) -> Outcomes:
        """The outcomes that only the verifier has, in the order of predictions."""
        return outcomes_of(self.frame.iloc[self.sealed_index])

    @property
    def further(self) -> list[str]:
        """Columns that are part of an outcome beside `__label__`."""
        return [name for name in ("__event__", "__weight__") if name in self.frame]

    @property
    def set_aside(self) -> int:
        """Rows that are neither open nor sealed."""
        return len(self.frame) - len(self.open_index) - len(self.sealed_index)

    @property
    def sealed_labels(self) -> NDArray[np.int8]:
        """The labels that only the verifier has, int8 of shape (n_sealed,)."""
        return self._labels(self.sealed_index)

    @property
    def open_labels(self) -> NDArray[np.int8]:
        """The labels of the open rows, int8 of shape (n_open,)."""
        return self._labels(self.open_index)

    @property
    def sealed_features(self) -> "pd.DataFrame":
        """The feature columns of the sealed rows, in the order of predictions."""
        return self.frame[[column.name for column in self.columns]].iloc[self.sealed_index]

    @cached_property
    def digest(self) -> str:
        """SHA-256 over columns, all rows with labels and groups, the split and the subgroups."""
        return digest_json(
            {
                "columns": [column.to_json() for column in self.columns],
                "rows": self.frame["__row__"].to_list(),
                "labels": self.frame["__label__"].to_list(),
                **self._further(),
                "groups": self.frame["__group__"].to_list(),
                "open": self.open_index.tolist(),
                "sealed": self.sealed_index.tolist(),
                "classes": list(self.asked.classes),
                "subgroups": {name: list(values) for name, values in self.subgroups.items()},
                "time_ordered": self.time_ordered,
                "extra": dict(self.extra),
                **({"by_site": True} if self.by_site else {}),
            }
        )

    def describe(self) -> dict[str, Any]:
        """Returns small JSON data for the record: source, shape, prevalence, digests of both parts."""
        names = [column.name for column in self.columns]
        return {
            "source": dict(self.source),
            "rows": len(self.frame),
            "features": [
                {
                    **column.to_json(),
                    "may_be_missing": bool(self.frame[column.name].isna().any()),
                    "seen": seen(self.frame[column.name].iloc[self.open_index], column),
                }
                for column in self.columns
            ],
            "missing_values": int(self.frame[names].isna().sum().sum()),
            **self.asked.recorded(),
            "target": self.target,
            "open": self._part(self.open_index),
            "sealed": self._part(self.sealed_index),
            "time_ordered": self.time_ordered,
            **({"by_site": True} if self.by_site else {}),
            "remarks": list(self.remarks),
            "documentation": self.documentation.model_dump(exclude_defaults=True),
            "digest": self.digest,
            "data": self._measured(),
        }

    def about(self) -> str:
        """`heart.csv: died (yes against no), 299 rows, 12 features`."""
        named = iter(self.source.values())  # what sources say first is the name of their file
        classes = " against ".join(reversed(self.asked.classes)) or self.asked.task
        asked = f"{self.target} ({classes})" if self.target else classes
        shape = f"{len(self.frame)} rows, {len(self.columns)} features"
        return f"{next(named, 'a table')}: {asked}, {shape}"

    def _measured(self) -> str:
        """Digest of the files or data set and the outcome, whatever columns, rows, classes are made of them.

        Rows that are constructed are other ones with every seed: they themselves count.
        """
        source = {name: self.source[name] for name in ("sha256", "dataset") if name in self.source}
        if not source and (files := sorted(_digests(self.source))):
            source = {"files": files}
        if self.source.get("constructed") or not source:
            rows = zip(self.frame["__row__"], self.frame["__label__"].tolist(), strict=True)
            source = {"rows": sorted(map(list, rows))}
        return digest_json({**source, "outcome": self.target})

    def _further(self) -> dict[str, Any]:
        """Of other tasks than the first there was."""
        columns = {name: self.frame[name].to_list() for name in self.further}
        if self.asked.task != "binary":
            return {**columns, "asked": self.asked.to_json()}
        return {**columns, **({"parameters": dict(self.asked.parameters)} if self.asked.parameters else {})}

    def _part(self, index: Index) -> dict[str, Any]:
        part = self.frame.iloc[index]
        return {
            "rows": len(part),
            **self._kinds(part),
            "groups": int(part["__group__"].nunique()),
            "digest": digest_json([part["__row__"].to_list(), part["__label__"].to_list()]),
        }

    def _kinds(self, part: "pd.DataFrame") -> dict[str, Any]:
        if self.asked.task == "binary":
            return {"positive": int(part["__label__"].sum())}
        kinds = task(self.asked.task).kinds(outcomes_of(part), self.asked)
        return {"kinds": {what: int(rows.sum()) for what, rows in kinds.items()}}

    def _labels(self, index: Index) -> NDArray[np.int8]:
        return self.frame["__label__"].to_numpy(dtype=np.int8)[index]


def _digests(source: Any) -> list[str]:
    """The SHA-256 of every file of several, wherever a source says it."""
    if isinstance(source, Mapping):
        own = [str(source["sha256"])] if "sha256" in source else []
        return own + [digest for each in source.values() for digest in _digests(each)]
    return [digest for each in source for digest in _digests(each)] if isinstance(source, list) else []


def solver_view(instance: TableInstance, target: Target) -> TableView:
    """Returns what a solver may know: the sealed labels are not in it, nor in anything it refers to."""
    names = [column.name for column in instance.columns]
    shared = [*names, "__group__", "__row__"]
    known = [*names, "__label__", *instance.further, "__group__", "__row__"]
    open_rows = instance.frame.iloc[instance.open_index][known]
    sealed_rows = instance.frame.iloc[instance.sealed_index][shared]
    return TableView(
        columns=instance.columns,
        open_rows=Blob(_parquet(open_rows)),
        sealed_rows=Blob(_parquet(sealed_rows)),
        n_open=len(open_rows),
        n_sealed=len(sealed_rows),
        n_rarest=fewest(outcomes_of(open_rows), instance.asked),
        asked=instance.asked.shown(),
        metric=target.metric,
        time_ordered=instance.time_ordered,
        extra=dict(instance.extra),
        open_sites=int(open_rows["__group__"].nunique()) if instance.by_site else 0,
        blocks=instance.blocks,
        sealed_sites=int(sealed_rows["__group__"].nunique()) if instance.by_site else 0,
    )


def _parquet(frame: "pd.DataFrame") -> bytes:
    buffer = io.BytesIO()
    frame.reset_index(drop=True).to_parquet(buffer, engine="pyarrow", compression="snappy", index=False)
    return buffer.getvalue()
