"""A random forest as bytes: the nodes of scikit-learn's trees as plain arrays, no pickle."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from problems.classification.models.archive import pack, pack_json, unpack, unpack_json
from problems.classification.tables.encoding import Matrix, columns_from_json, encode, one_hot
from problems.classification.tables.table import Column
from toolbox.arrays import npy
from toolbox.arrays.types import Floats
from toolbox.stats.calibration_map import CalibrationMap

if TYPE_CHECKING:
    import pandas as pd

FORMAT = "forest"
_BLOCK = 2_000_000


@dataclass(frozen=True)
class Nodes:
    """The nodes of all trees in one row; a leaf's children are itself.

    Attributes:
        roots: int32 of shape (trees,), where each tree starts.
        left: int32 of shape (nodes,), the child for values up to the threshold.
        right: int32 of shape (nodes,), the other child.
        feature: int32 of shape (nodes,), 0 in leaves.
        threshold: float64 of shape (nodes,).
        missing_left: bool of shape (nodes,), whether NaN goes to the left child.
        positive: float64 of shape (nodes,), the share of positive training rows.
        depth: int32 of shape (1,), the steps from root to deepest leaf.
    """

    roots: NDArray[np.int32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: Floats
    missing_left: NDArray[np.bool_]
    positive: Floats
    depth: NDArray[np.int32]


_ARRAYS = tuple(f"{field.name}.npy" for field in fields(Nodes))
_MEMBERS = (*_ARRAYS, "calibration.json", "columns.json")


def dump(columns: Sequence[Column], nodes: Nodes, calibration: CalibrationMap) -> bytes:
    """Returns the model as bytes; the same model gives the same bytes."""
    members = {f"{field.name}.npy": npy.dump(getattr(nodes, field.name)) for field in fields(Nodes)}
    members["calibration.json"] = pack_json(calibration.to_json())
    members["columns.json"] = pack_json([column.to_json() for column in columns])
    return pack(members)


def scores(model: bytes, rows: "pd.DataFrame") -> Floats:
    """Returns P(positive) of every row, shape (rows,), from the model's bytes alone.

    Raises:
        ValueError: when the bytes are no such model.
        KeyError: when `rows` lacks one of the model's columns.
    """
    columns, nodes, calibration = load(model)
    return calibration(log_odds(nodes, columns, encode(columns, rows)))


def load(model: bytes) -> tuple[tuple[Column, ...], Nodes, CalibrationMap]:
    """Reads what `dump` wrote; raises ValueError on other bytes."""
    members = unpack(model, _MEMBERS)
    arrays: dict[str, Any] = {
        field.name: npy.load(members[f"{field.name}.npy"], what=field.name) for field in fields(Nodes)
    }
    calibration = CalibrationMap(**unpack_json(members["calibration.json"]))
    return columns_from_json(unpack_json(members["columns.json"])), Nodes(**arrays), calibration


def from_sklearn(forest: Any) -> Nodes:
    """Takes the nodes out of a fitted `sklearn.ensemble.RandomForestClassifier` of classes 0 and 1."""
    trees = [estimator.tree_ for estimator in forest.estimators_]
    starts = np.cumsum([0] + [tree.node_count for tree in trees[:-1]])
    children = [_children(tree, start) for tree, start in zip(trees, starts, strict=True)]

    def joined(name: str) -> Any:
        return np.concatenate([getattr(tree, name) for tree in trees])

    return Nodes(
        roots=starts.astype(np.int32),
        left=np.concatenate([left for left, _ in children]).astype(np.int32),
        right=np.concatenate([right for _, right in children]).astype(np.int32),
        feature=np.maximum(joined("feature"), 0).astype(np.int32),
        threshold=joined("threshold").astype(np.float64),
        missing_left=joined("missing_go_to_left").astype(np.bool_),
        positive=np.concatenate([tree.value[:, 0, 1] for tree in trees]).astype(np.float64),
        depth=np.array([max(tree.max_depth for tree in trees)], dtype=np.int32),
    )


def _children(tree: Any, start: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    here = np.arange(tree.node_count)
    leaf = tree.children_left < 0
    left = np.where(leaf, here, tree.children_left) + start
    return left, np.where(leaf, here, tree.children_right) + start


def log_odds(nodes: Nodes, columns: Sequence[Column], features: Matrix) -> Floats:
    """Returns the uncalibrated log-odds, shape (rows,), held finite by half a tree's vote."""
    share = probabilities(nodes, one_hot(columns, features))
    half = 0.5 / len(nodes.roots)
    safe = np.clip(share, half, 1 - half)
    return np.asarray(np.log(safe) - np.log1p(-safe), dtype=np.float64)


def probabilities(nodes: Nodes, features: Matrix) -> Floats:
    """Returns the mean over trees of the positive share in the leaf that each row reaches."""
    rows = max(1, _BLOCK // len(nodes.roots))
    blocks = [_walk(nodes, features[start : start + rows]) for start in range(0, len(features), rows)]
    return np.concatenate(blocks) if blocks else np.empty(0)


def _walk(nodes: Nodes, features: Matrix) -> Floats:
    at = np.broadcast_to(nodes.roots, (len(features), len(nodes.roots)))
    row = np.arange(len(features))[:, None]
    for _ in range(int(nodes.depth[0])):
        value = features[row, nodes.feature[at]]
        to_left = np.where(np.isnan(value), nodes.missing_left[at], value <= nodes.threshold[at])
        at = np.where(to_left, nodes.left[at], nodes.right[at])
    return np.asarray(nodes.positive[at].mean(axis=1), dtype=np.float64)
