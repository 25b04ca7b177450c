"""Fewer columns than a wide table has, fitted on training rows alone: those that tell most, or components.

Where columns are of several kinds (pixels, texture, edges), each kind may have components of its own: of all
together the kind of most columns has most of them, whatever it tells.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from problems.prediction.tables.table import Column
from toolbox.arrays.types import Floats, Index

REDUCTIONS = ("columns", "components", "block_components")
WIDE = 50
"""Columns up to which nothing is reduced, whatever the number of rows."""

BLOCK_COMPONENTS = 10
"""Of each kind of columns."""

Blocks = Sequence[Sequence[int]]
"""Positions of the columns of each kind among those that are preprocessed."""


def blocks_of(columns: Sequence[Column], blocks: Mapping[str, Sequence[str]]) -> list[list[int]]:
    """Returns the positions of each kind's columns; none where there is but one kind.

    Args:
        columns: of the table; of what is preprocessed its numbers stand first, in their order.
        blocks: names by kind.
    """
    numbers = [column.name for column in columns if column.kind == "number"]
    place = {name: at for at, name in enumerate(numbers)}
    found = [[place[name] for name in names if name in place] for names in blocks.values()]
    kept = [each for each in found if each]
    return kept if len(kept) > 1 else []


def wide(columns: int, rows: int) -> bool:
    """Tells whether a table has so many columns that models of fewer belong among those tried."""
    return columns > max(WIDE, rows)


def reduced_grids(
    grids: Mapping[str, list[dict[str, Any]]], rows: int, columns: int, *, blocks: bool = False
) -> dict[str, list[dict[str, Any]]]:
    """Returns the settings of all models, see `reduced_grid`; an elastic net, slow, selects by itself."""
    return {
        model: reduced_grid(grid, rows, columns, whole="elastic_net" not in model, blocks=blocks)
        for model, grid in grids.items()
    }


def reduced_grid(
    grid: list[dict[str, Any]], rows: int, columns: int, *, whole: bool = True, blocks: bool = False
) -> list[dict[str, Any]]:
    """Returns the settings of a wide table: all columns, those that tell most, or components.

    Args:
        grid: settings without reduction, the most regularised first.
        rows: of the table.
        columns: numeric features.
        whole: whether all columns are tried too.
        blocks: whether there are several kinds of columns.
    """
    if not wide(columns, rows):
        return grid
    kept = [count for count in (20, 100) if count < columns]
    reductions: list[dict[str, Any]] = [{"columns": count} for count in kept]
    reductions.append({"components": min(20, max(2, rows // 4))})
    if blocks:
        reductions.append({"block_components": BLOCK_COMPONENTS})
    return [{**params, **one} for one in (*reductions, *([{}] if whole else [])) for params in grid]


def split_settings(params: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns what settings say of the reduction, and what of the model."""
    own = {name: value for name, value in params.items() if name in REDUCTIONS}
    return own, {name: value for name, value in params.items() if name not in own}


def fitted_reduction(
    reduction: Mapping[str, Any], data: Floats, relevance: Floats, seed: int, blocks: Blocks = ()
) -> Any:
    """Returns a fitted step of a pipeline, None where all columns are kept.

    Args:
        reduction: how many of the most relevant `columns` are kept, or of the principal `components`, of all
            columns or of each kind (`block_components`).
        data: preprocessed training rows, shape (n, features).
        relevance: of each feature on these rows, shape (features,).
        seed: of the randomised decomposition.
        blocks: the kinds of columns.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.decomposition import PCA

    if "block_components" in reduction:
        return _by_block(int(reduction["block_components"]), data, seed, blocks)
    if "components" in reduction:
        most = min(int(reduction["components"]), *data.shape)
        return PCA(most, random_state=seed & 0x7FFFFFFF).fit(data)
    if int(reduction.get("columns", data.shape[1])) >= data.shape[1]:
        return None
    kept = np.sort(np.argsort(-relevance, kind="stable")[: int(reduction["columns"])])
    return ColumnTransformer([("kept", "passthrough", [int(place) for place in kept])]).fit(data)


def _by_block(components: int, data: Floats, seed: int, blocks: Blocks) -> Any:
    """Components of each kind, all on one scale; columns of no kind as they are."""
    from sklearn.compose import ColumnTransformer
    from sklearn.decomposition import PCA
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    state = seed & 0x7FFFFFFF
    parts: list[Any] = [
        (f"block {number}", PCA(min(components, len(block), len(data)), random_state=state), list(block))
        for number, block in enumerate(blocks)
    ]
    taken = {place for block in blocks for place in block}
    rest = [place for place in range(data.shape[1]) if place not in taken]
    if rest:
        parts.append(("others", "passthrough", rest))
    return make_pipeline(ColumnTransformer(parts), StandardScaler()).fit(data)


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
