"""Encoding of rows, and features from packed samples."""

import json

import numpy as np
import pandas as pd
import pytest

from problems.prediction.kernels.quantum_features import (
    circuits,
    encode,
    fit_encoding,
    projected_features,
    scale,
)
from problems.prediction.tables.table import Column, width

COLUMNS = (Column("age", "number"), Column("dose", "number"), Column("ward", "category", ("a", "b", "c")))


def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "age": [1.0, 2.0, 3.0, 4.0, 5.0],
            "dose": [10.0, np.nan, 30.0, 20.0, 1000.0],
            "ward": np.array(["a", "b", None, "b", "a"], dtype=object),
        }
    )


def test_features_are_all_x_then_all_y_then_all_z() -> None:
    up, down = np.zeros((1, 3, 1), dtype=np.uint8), np.full((1, 3, 1), 3, dtype=np.uint8)
    np.testing.assert_array_equal(projected_features(up, down, up, 2), [[1, 1, -1, -1, 1, 1]])


def test_robust_scaling_imputation_and_one_hot_by_hand() -> None:
    encoding = fit_encoding(table(), COLUMNS, qubits=5)
    # ages: median 3, quartiles 2 and 4; doses with the median 25 put in: quartiles 20 and 30
    scaled = scale(table(), encoding)
    np.testing.assert_allclose(scaled[:, 0], [-1.0, -0.5, 0.0, 0.5, 1.0])
    np.testing.assert_allclose(scaled[:, 1], [-1.5, 0.0, 0.5, -0.5, 3.0])  # 97.5 is cut at 3
    # ward a: flags 1 0 0 0 1, median 0, quartiles 0 and 1; missing is 0 in a, b and c
    np.testing.assert_allclose(scaled[:, 2:], [[1, 0, 0], [0, 1, 0], [0, 0, 0], [0, 1, 0], [1, 0, 0]])


def test_more_features_than_qubits_become_uncorrelated_components() -> None:
    rng = np.random.default_rng(5)
    mixed = rng.uniform(-1, 1, (400, 3)) @ rng.normal(size=(3, 6)) * 0.5
    frame = pd.DataFrame(mixed, columns=list("abcdef"))
    columns = tuple(Column(name, "number") for name in "abcdef")
    reduced = scale(frame, fit_encoding(frame, columns, qubits=2))
    np.testing.assert_allclose(np.corrcoef(reduced.T), np.eye(2), atol=0.02)
    np.testing.assert_allclose(reduced.std(axis=0), 1.0, atol=0.05)


def test_unseen_and_constant_values_stay_finite() -> None:
    training = table().assign(age=7.0, dose=np.nan)
    encoding = fit_encoding(training, COLUMNS, qubits=3)
    wards = np.array(["z", "a", None, "c", "b"], dtype=object)
    unseen = table().assign(age=[np.nan, -1e300, 1e300, 7.0, 8.0], ward=wards)
    scaled = scale(unseen, encoding)
    assert scaled.shape == (5, 3)
    assert np.isfinite(scaled).all()
    assert np.abs(scaled).max() <= 3.0


def test_native_columns_are_taken_as_they_are() -> None:
    frame = pd.DataFrame({"x0": [0.25, -9.0], "x1": [0.5, 4.0], "x2": [1.0, 2.0]})
    columns = tuple(Column(name, "number") for name in ("x0", "x1", "x2"))
    encoding = {**fit_encoding(frame, columns, 2, native=True), "bandwidth": 2.0, "entangled": True}
    np.testing.assert_allclose(encode(frame, encoding), [[0.5, 1.0, 0.5], [-18.0, 8.0, -144.0]])


def test_an_encoding_is_json_and_means_the_same_after_a_round_trip() -> None:
    encoding = {**fit_encoding(table(), COLUMNS, 3), "bandwidth": 1.7, "layers": 2, "entangled": True}
    again = json.loads(json.dumps(encoding))
    np.testing.assert_array_equal(encode(table(), again), encode(table(), encoding))
    assert circuits(again) == circuits(encoding)


def test_a_row_is_encoded_alike_alone_and_among_others() -> None:
    encoding = {**fit_encoding(table(), COLUMNS, 3), "bandwidth": 1.0, "entangled": False}
    together = encode(table(), encoding)
    alone = np.vstack([encode(table().iloc[[i]], encoding) for i in range(5)])
    np.testing.assert_allclose(alone, together, atol=1e-9)


def test_width_counts_levels_and_bounds_the_qubits() -> None:
    assert width(COLUMNS) == 5
    with pytest.raises(ValueError, match="expected 1 to 5 qubits"):
        fit_encoding(table(), COLUMNS, 6)
