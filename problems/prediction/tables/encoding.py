"""Rows of a table as numbers that trees can split on; NaN is missing."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from problems.prediction.tables.table import Column
from toolbox.arrays.types import Floats

if TYPE_CHECKING:
    import pandas as pd

Matrix = NDArray[np.float32]

_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Rows:
    """Labelled rows, encoded.

    Attributes:
        features: shape (rows, columns), as `encode` returns it.
        labels: int8 of shape (rows,), 1 is positive.
        groups: integers of shape (rows,); rows of one group stay on one side of every split.
        weights: positive, shape (rows,); None where every row counts alike.
    """

    features: Matrix
    labels: NDArray[np.int8]
    groups: NDArray[np.intp]
    weights: Floats | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: NDArray[np.intp]) -> "Rows":
        """Returns the rows at `index`."""
        weights = None if self.weights is None else self.weights[index]
        return Rows(self.features[index], self.labels[index], self.groups[index], weights)


def columns_from_json(items: Sequence[dict[str, Any]]) -> tuple[Column, ...]:
    """Returns the columns that `Column.to_json` wrote."""
    return tuple(Column(item["name"], item["kind"], tuple(item["levels"])) for item in items)


def read_frame(parquet: bytes) -> "pd.DataFrame":
    """Reads Parquet bytes."""
    import pandas as pd

    return pd.read_parquet(io.BytesIO(parquet))


def open_rows(columns: Sequence[Column], frame: "pd.DataFrame") -> Rows:
    """Encodes the open rows of a table view."""
    import pandas as pd

    groups, _ = pd.factorize(frame["__group__"])
    labels = frame["__label__"].to_numpy(dtype=np.int8)
    weights = frame["__weight__"].to_numpy(dtype=np.float64) if "__weight__" in frame else None
    return Rows(encode(columns, frame), labels, np.asarray(groups, dtype=np.intp), weights)


def encode(columns: Sequence[Column], frame: "pd.DataFrame") -> Matrix:
    """Returns numbers as they are and categories as the positions of their levels.

    Missing values and levels that are not among the column's are NaN. Numbers beyond float32's
    range, which is what XGBoost and scikit-learn's trees compute in, are set to its ends.

    Raises:
        KeyError: when a column is missing from `frame`.
    """
    encoded = np.empty((len(frame), len(columns)), dtype=np.float32)
    for place, column in enumerate(columns):
        values = frame[column.name]
        if column.kind == "category":
            encoded[:, place] = _codes(column.levels, values)
        else:
            encoded[:, place] = np.clip(values.to_numpy(dtype=np.float64), -_LARGEST, _LARGEST)
    return encoded


def _codes(levels: tuple[str, ...], values: "pd.Series[Any]") -> NDArray[np.float64]:
    position = {level: float(place) for place, level in enumerate(levels)}
    return np.array([position.get(value, np.nan) for value in values.to_list()], dtype=np.float64)


def one_hot(columns: Sequence[Column], features: Matrix) -> Matrix:
    """Spreads every category over one 0/1 column a level; a missing category is 0 in all of them.

    Two levels share one column, which keeps NaN for missing. Numbers stay as they are.
    """
    parts = []
    for place, column in enumerate(columns):
        values = features[:, place : place + 1]
        if column.kind == "category" and len(column.levels) > 2:
            values = (values == np.arange(len(column.levels))).astype(np.float32)
        parts.append(values)
    return np.ascontiguousarray(np.concatenate(parts, axis=1))
