"""Fewer columns than a wide table has, fitted on training rows alone: those that tell most, or components."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from toolbox.arrays.types import Floats, Index

WIDE = 50
"""Columns up to which nothing is reduced, whatever the number of rows."""


def wide(columns: int, rows: int) -> bool:
    """Tells whether a table has so many columns that models of fewer belong among those tried."""
    return columns > max(WIDE, rows)


def reduced_grids(
    grids: Mapping[str, list[dict[str, Any]]], rows: int, columns: int
) -> dict[str, list[dict[str, Any]]]:
    """Returns the settings of all models, see `reduced_grid`; an elastic net, slow, selects by itself."""
    return {
        model: reduced_grid(grid, rows, columns, whole="elastic_net" not in model)
        for model, grid in grids.items()
    }


def reduced_grid(
    grid: list[dict[str, Any]], rows: int, columns: int, *, whole: bool = True
) -> list[dict[str, Any]]:
    """Returns the settings of a wide table: all columns, those that tell most, or components.

    Args:
        grid: settings without reduction, the most regularised first.
        rows: of the table.
        columns: numeric features.
        whole: whether all columns are tried too.
    """
    if not wide(columns, rows):
        return grid
    kept = [count for count in (20, 100) if count < columns]
    reductions: list[dict[str, Any]] = [{"columns": count} for count in kept]
    reductions.append({"components": min(20, max(2, rows // 4))})
    return [{**params, **one} for one in (*reductions, *([{}] if whole else [])) for params in grid]


def split_settings(params: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns what settings say of the reduction, and what of the model."""
    own = {name: value for name, value in params.items() if name in ("columns", "components")}
    return own, {name: value for name, value in params.items() if name not in own}


def fitted_reduction(reduction: Mapping[str, Any], data: Floats, relevance: Floats, seed: int) -> Any:
    """Returns a fitted step of a pipeline, None where all columns are kept.

    Args:
        reduction: how many of the most relevant `columns` are kept, or of the principal `components`.
        data: preprocessed training rows, shape (n, features).
        relevance: of each feature on these rows, shape (features,).
        seed: of the randomised decomposition.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.decomposition import PCA

    if "components" in reduction:
        most = min(int(reduction["components"]), *data.shape)
        return PCA(most, random_state=seed & 0x7FFFFFFF).fit(data)
    if int(reduction.get("columns", data.shape[1])) >= data.shape[1]:
        return None
    kept = np.sort(np.argsort(-relevance, kind="stable")[: int(reduction["columns"])])
    return ColumnTransformer([("kept", "passthrough", [int(place) for place in kept])]).fit(data)


def reduced(reduce: Any, data: Floats) -> Floats:
    """Returns the features that a fitted step leaves; all where it is None."""
    return data if reduce is None else np.asarray(reduce.transform(data), dtype=np.float64)


def class_relevance(data: Floats, labels: Index) -> Floats:
    """Returns each feature's F statistic over classes, shape (features,); 0 of constant ones."""
    classes = np.unique(labels)
    overall = data.mean(axis=0)
    between = np.zeros(data.shape[1])
    inside = np.zeros(data.shape[1])
    for label in classes:
        own = data[labels == label]
        between += len(own) * (own.mean(axis=0) - overall) ** 2
        inside += ((own - own.mean(axis=0)) ** 2).sum(axis=0)
    scale = max(1, len(data) - len(classes)) / max(1, len(classes) - 1)
    return np.divide(between * scale, inside, out=np.zeros_like(inside), where=inside > 1e-12)


def number_relevance(data: Floats, outcome: Floats) -> Floats:
    """Returns each feature's squared correlation with a number, shape (features,); 0 of constant ones."""
    centred, own = data - data.mean(axis=0), outcome - outcome.mean()
    spread = (centred**2).sum(axis=0) * (own @ own)
    found = np.divide((own @ centred) ** 2, spread, out=np.zeros_like(spread), where=spread > 1e-12)
    return np.asarray(found, dtype=np.float64)
