"""A random forest as bytes: the nodes of scikit-learn's trees in plain arrays."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolbox.arrays import npy
from toolbox.arrays.types import Floats

Matrix = NDArray[np.float32]
_BLOCK = 2_000_000


@dataclass(frozen=True)
class TreeNodes:
    """The nodes of all trees in one row; a leaf's children are itself.

    Attributes:
        roots: int32 of shape (trees,), where each tree starts.
        left: int32 of shape (nodes,), the child for values up to the threshold.
        right: int32 of shape (nodes,), the other child.
        feature: int32 of shape (nodes,), 0 in leaves.
        threshold: float64 of shape (nodes,).
        missing_left: bool of shape (nodes,), whether NaN goes to the left child.
        positive: float64, what a leaf says: of two classes the share of positive training rows and of a
            regression the mean, shape (nodes,); of more classes their shares, shape (nodes, classes).
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


MEMBERS = tuple(f"{field.name}.npy" for field in fields(TreeNodes))
"""Names of the arrays in an archive."""


def dump_nodes(nodes: TreeNodes) -> dict[str, bytes]:
    """Returns the arrays as members of an archive."""
    return {f"{field.name}.npy": npy.dump(getattr(nodes, field.name)) for field in fields(TreeNodes)}


def load_nodes(members: Mapping[str, bytes]) -> TreeNodes:
    """Reads what `dump_nodes` wrote; raises ValueError on other bytes."""
    arrays: dict[str, Any] = {
        field.name: npy.load(members[f"{field.name}.npy"], what=field.name) for field in fields(TreeNodes)
    }
    return TreeNodes(**arrays)


def from_sklearn(forest: Any) -> TreeNodes:
    """Takes the nodes out of a fitted random forest of scikit-learn: of classes or of one number."""
    trees = [estimator.tree_ for estimator in forest.estimators_]
    starts = np.cumsum([0] + [tree.node_count for tree in trees[:-1]])
    children = [_children(tree, start) for tree, start in zip(trees, starts, strict=True)]

    def joined(name: str) -> Any:
        return np.concatenate([getattr(tree, name) for tree in trees])

    return TreeNodes(
        roots=starts.astype(np.int32),
        left=np.concatenate([left for left, _ in children]).astype(np.int32),
        right=np.concatenate([right for _, right in children]).astype(np.int32),
        feature=np.maximum(joined("feature"), 0).astype(np.int32),
        threshold=joined("threshold").astype(np.float64),
        missing_left=joined("missing_go_to_left").astype(np.bool_),
        positive=np.concatenate([_said(tree.value[:, 0]) for tree in trees]).astype(np.float64),
        depth=np.array([max(tree.max_depth for tree in trees)], dtype=np.int32),
    )


def _said(value: Floats) -> Floats:
    """Of two classes the second one's share, of a regression its only number."""
    return value[:, -1] if value.shape[1] <= 2 else value


def _children(tree: Any, start: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    here = np.arange(tree.node_count)
    leaf = tree.children_left < 0
    left = np.where(leaf, here, tree.children_left) + start
    return left, np.where(leaf, here, tree.children_right) + start


def probabilities(nodes: TreeNodes, features: Matrix) -> Floats:
    """Returns the mean over trees of what the leaf says that each row reaches, shape (rows, …)."""
    said = nodes.positive.shape[1:]
    rows = max(1, _BLOCK // (len(nodes.roots) * int(np.prod(said))))
    blocks = [_walk(nodes, features[start : start + rows]) for start in range(0, len(features), rows)]
    return np.concatenate(blocks) if blocks else np.empty((0, *said))


def _walk(nodes: TreeNodes, features: Matrix) -> Floats:
    at = np.broadcast_to(nodes.roots, (len(features), len(nodes.roots)))
    row = np.arange(len(features))[:, None]
    for _ in range(int(nodes.depth[0])):
        value = features[row, nodes.feature[at]]
        to_left = np.where(np.isnan(value), nodes.missing_left[at], value <= nodes.threshold[at])
        at = np.where(to_left, nodes.left[at], nodes.right[at])
    return np.asarray(nodes.positive[at].mean(axis=1), dtype=np.float64)
