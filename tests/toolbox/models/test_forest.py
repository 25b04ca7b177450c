"""Nodes of a forest, against scikit-learn's own predictions, and as bytes."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier

from toolbox.arrays import npy
from toolbox.models.forest import MEMBERS, TreeNodes, dump_nodes, from_sklearn, load_nodes, probabilities


def rows(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(count, 4)).astype(np.float32)
    features[rng.random(features.shape) < 0.1] = np.nan
    return features, (np.nan_to_num(features[:, 0]) + rng.normal(size=count) > 0).astype(np.int8)


def ints(*values: int) -> NDArray[np.int32]:
    return np.array(values, dtype=np.int32)


def grown() -> RandomForestClassifier:
    return RandomForestClassifier(40, min_samples_leaf=2, random_state=3).fit(*rows(300, 1))


def test_nodes_predict_what_scikit_learn_predicts_missing_values_included() -> None:
    forest, (fresh, _) = grown(), rows(300, 2)
    found = probabilities(from_sklearn(forest), fresh)
    np.testing.assert_allclose(found, forest.predict_proba(fresh)[:, 1], rtol=1e-12)


def test_one_tree_by_hand() -> None:
    # feature 0 up to 1.5: 0.25, above: 0.75, missing: to the left
    nodes = TreeNodes(
        roots=ints(0), left=ints(1, 1, 2), right=ints(2, 1, 2), feature=ints(0, 0, 0),
        threshold=np.array([1.5, 0.0, 0.0]), missing_left=np.array([True, False, False]),
        positive=np.array([0.5, 0.25, 0.75]), depth=ints(1),
    )  # fmt: skip
    found = probabilities(nodes, np.array([[1.5], [1.6], [np.nan]], dtype=np.float32))
    assert found.tolist() == [0.25, 0.75, 0.25]


def test_bytes_are_the_arrays_and_others_are_refused() -> None:
    members = dump_nodes(from_sklearn(grown()))
    assert sorted(members) == sorted(MEMBERS)
    assert dump_nodes(load_nodes(members)) == members
    assert npy.load(members["depth.npy"]).shape == (1,)
    with pytest.raises(ValueError, match=r"left: expected a .npy file"):
        load_nodes({**members, "left.npy": b"x"})
