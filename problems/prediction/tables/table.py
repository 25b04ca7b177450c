"""The types that the parts of this family share; no heavy import."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from escalation.model.blob import Blob
from escalation.model.identity import digest_json
from problems.prediction.tasks.task import Asking


@dataclass(frozen=True)
class Column:
    """A feature: `kind` is `number` (float64, NaN missing) or `category` (str, None missing)."""

    name: str
    kind: str
    levels: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "kind": self.kind, "levels": list(self.levels)}


def width(columns: Sequence[Column]) -> int:
    """Numeric features after coding: one a number, one a level of a category."""
    return sum(len(column.levels) if column.kind == "category" else 1 for column in columns)


@dataclass(frozen=True)
class TableView:
    """What a solver may know of a table: all of the open rows, the features alone of the sealed ones.

    Attributes:
        columns: the features, in order.
        open_rows: Parquet bytes: the feature columns by name, `__label__` (int8, 1 is positive),
            `__group__` (string; rows of one group belong on one side of every split),
            `__row__` (string: SHA-256 of the row's features, and of its group where groups are declared).
        sealed_rows: the same without `__label__`; the order of rows is the order of predictions.
        n_open: number of open rows.
        n_sealed: number of sealed rows.
        n_rarest: open rows of the rarest kind: of the smaller class, with an event.
        asked: what is asked of the rows.
        metric: what the target asks for, so what model selection aims at.
        time_ordered: whether rows are ordered by time, so that inner splits must look forward only.
        extra: what a constructed data set openly tells its solvers.
        open_sites: where groups are few large sites, those of the open rows; else 0.
        sealed_sites: likewise of the sealed rows.
        blocks: features that belong together, by the name of their kind: pixels, texture.
    """

    columns: tuple[Column, ...]
    open_rows: Blob
    sealed_rows: Blob
    n_open: int
    n_sealed: int
    n_rarest: int
    asked: Asking
    metric: str
    time_ordered: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)
    open_sites: int = 0
    sealed_sites: int = 0
    blocks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        sites = {"open_sites": self.open_sites, "sealed_sites": self.sealed_sites}
        return {
            "columns": [column.to_json() for column in self.columns],
            "open_rows": self.open_rows.digest,
            "sealed_rows": self.sealed_rows.digest,
            **self.asked.recorded(),
            "metric": self.metric,
            "time_ordered": self.time_ordered,
            "extra": dict(self.extra),
            **(sites if self.open_sites else {}),
            **({"blocks": {name: list(each) for name, each in self.blocks.items()}} if self.blocks else {}),
        }

    @property
    def region(self) -> dict[str, Any]:
        """The share of the class to predict that is kept, as a parameter of work; empty where none is."""
        name = "signal_efficiency"
        return {name: self.asked.parameters[name]} if name in self.asked.parameters else {}

    @property
    def digest(self) -> str:
        return digest_json(self.to_json())
