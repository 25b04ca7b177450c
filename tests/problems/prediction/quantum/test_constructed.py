"""The constructed data set: labels that are hard for classical kernels and easy for the quantum one."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from escalation.model.errors import BadInput
from problems.prediction.kernels.feature_map import angles
from problems.prediction.kernels.geometric import geometric_difference, median_gamma, normalised
from problems.prediction.kernels.statevector import exact_features
from problems.prediction.quantum.constructed import BANDWIDTH, LAYERS, hardest_labels, make
from toolbox.arrays.types import Floats


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """As the local backend runs it."""
    with threadpool_limits(1):
        yield


def kernel(seed: int, rows: int = 15) -> Floats:
    factor = np.random.default_rng(seed).normal(size=(rows, rows + 4))
    return normalised(factor @ factor.T)


def test_hardest_labels_saturate_the_geometric_difference() -> None:
    # Huang et al. 2021: s_c(y) / s_q(y) = yᵀKc⁻¹y / yᵀKq⁻¹y, whose maximum over y is g²
    classical, quantum = kernel(1), kernel(2)

    def ratio(y: Floats) -> float:
        return float((y @ np.linalg.solve(classical, y)) / (y @ np.linalg.solve(quantum, y)))

    labels = hardest_labels(classical, quantum, ridge=0.0)
    assert ratio(labels) == pytest.approx(geometric_difference(classical, quantum, 0.0) ** 2, rel=1e-6)
    rng = np.random.default_rng(0)
    assert all(ratio(y) < ratio(labels) for y in rng.normal(size=(200, 15)))


def test_the_same_seed_gives_the_same_table_and_another_seed_another() -> None:
    one, told = make({"rows": 60, "qubits": 3}, 5)
    again, _ = make({"rows": 60, "qubits": 3}, 5)
    other, _ = make({"rows": 60, "qubits": 3}, 6)
    assert one.equals(again)
    assert not one.equals(other)
    assert list(one.columns) == ["x0", "x1", "x2", "label"]
    assert set(one["label"]) == {"a", "b"}
    assert told == {"quantum_features": 3, "quantum_layers": LAYERS}


def test_flipping_changes_about_its_share_of_labels_and_no_row() -> None:
    clean, _ = make({"rows": 200, "qubits": 3, "flip": 0.0}, 1)
    noisy, _ = make({"rows": 200, "qubits": 3, "flip": 0.25}, 1)
    features = ["x0", "x1", "x2"]
    assert clean[features].equals(noisy[features])
    flipped = (clean["label"] != noisy["label"]).mean()
    assert 0.15 < flipped < 0.35  # binomial(200, 0.25) leaves this with probability below 0.002


@pytest.mark.parametrize("seed", [0, 1])
def test_a_projected_kernel_generalises_where_classical_models_do_not(seed: int) -> None:
    frame, _ = make({}, seed)
    rows, labels = frame.drop(columns="label").to_numpy(), (frame["label"] == "b").to_numpy()
    order = np.random.default_rng(seed).permutation(len(rows))
    train, test = order[:160], order[160:]
    assert 0.35 < labels[train].mean() < 0.65

    def auc(model: Any, features: Floats) -> float:
        fitted = model.fit(features[train], labels[train])
        return float(roc_auc_score(labels[test], fitted.decision_function(features[test])))

    projected = exact_features(angles(rows, BANDWIDTH), rows.shape[1], LAYERS)
    quantum = SVC(gamma=0.1 * median_gamma(projected), C=10.0)
    assert auc(quantum, projected) > 0.9
    assert auc(LogisticRegression(), rows) < 0.7
    assert max(auc(SVC(gamma=gamma, C=10.0), rows) for gamma in (0.1, 1.0, 10.0)) < 0.7
    product = exact_features(angles(rows, BANDWIDTH, entangled=False), rows.shape[1], LAYERS)
    assert auc(SVC(gamma=0.1 * median_gamma(product), C=10.0), product) < 0.75


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"row": 10}, "unknown parameter 'row', expected one of rows, qubits, flip"),
        ({"rows": 10}, "expected rows to be a whole number of 40 to 1000, got 10"),
        ({"rows": 100.5}, "expected rows to be a whole number"),
        ({"qubits": 9}, "expected qubits to be a whole number of 2 to 8, got 9"),
        ({"qubits": True}, "expected qubits to be a whole number"),
        ({"flip": 0.5}, "expected flip between 0 and 0.5, got 0.5"),
        ({"flip": "no"}, "expected flip between 0 and 0.5, got 'no'"),
    ],
)
def test_senseless_parameters_are_refused(params: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        make(params, 0)
