"""The geometric difference, by hand, against a slow twin, and its invariants."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm
from scipy.spatial.distance import cdist
from threadpoolctl import threadpool_limits

from problems.prediction.kernels.geometric import (
    complexity,
    concentration,
    geometric_difference,
    geometry,
    median_gamma,
    model_complexity,
    normalised,
    rbf,
    resample,
)
from toolbox.arrays.types import Floats

HALF = np.array([[1.0, 0.5], [0.5, 1.0]])  # eigenvalues 1.5 and 0.5


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """As the local backend runs it."""
    with threadpool_limits(1):
        yield


def kernel(seed: int, rows: int = 12) -> Floats:
    factor = np.random.default_rng(seed).normal(size=(rows, rows + 3))
    return factor @ factor.T


def test_by_hand_on_two_rows() -> None:
    # √‖Kq‖ = √1.5 against the identity, and √‖Kc⁻¹‖ = √(1/0.5) the other way round
    assert geometric_difference(np.eye(2), HALF, 0.0) == pytest.approx(np.sqrt(1.5))
    assert geometric_difference(HALF, np.eye(2), 0.0) == pytest.approx(np.sqrt(2.0))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_unregularised_it_is_the_spectral_norm_of_equation_5(seed: int) -> None:
    classical, quantum = normalised(kernel(seed)), normalised(kernel(seed + 1))
    root = sqrtm(quantum)
    expected = np.sqrt(np.linalg.norm(root @ np.linalg.inv(classical) @ root, 2))
    assert geometric_difference(classical, quantum, 0.0) == pytest.approx(expected, rel=1e-6)


def test_regularised_it_is_equation_f19_with_the_largest_ridge_allowed() -> None:
    classical, quantum = normalised(kernel(3)), normalised(kernel(4))
    roots = sqrtm(quantum), sqrtm(classical)
    found = []
    for ridge in 10.0 ** np.arange(1.0, -10.5, -0.5):  # a slow twin by full matrices
        inverse = np.linalg.matrix_power(np.linalg.inv(classical + ridge * np.eye(12)), 2)
        training = ridge * np.sqrt(np.linalg.norm(roots[0] @ inverse @ roots[0], 2))
        inside = roots[0] @ roots[1] @ inverse @ roots[1] @ roots[0]
        found.append((training, np.sqrt(np.linalg.norm(inside, 2))))
    expected = next(value for training, value in found if training <= 0.045)
    assert geometric_difference(classical, quantum) == pytest.approx(expected, rel=1e-6)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), factor=st.floats(1e-3, 1e3))
def test_equal_kernels_give_one_whatever_their_scale(seed: int, factor: float) -> None:
    one = kernel(seed)
    assert geometric_difference(one, factor * one, 0.0) == pytest.approx(1.0, rel=1e-6)
    # regularised, at most the allowed training error below it
    assert 1.0 - 0.045 <= geometric_difference(one, factor * one) <= 1.0 + 1e-9


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_it_is_never_below_one_and_ridges_only_lower_it(seed: int) -> None:
    # were Kq below Kc in every direction, their traces could not be equal
    classical, quantum = kernel(seed), kernel(seed + 7)
    exact = geometric_difference(classical, quantum, 0.0)
    assert exact >= 1.0 - 1e-9
    loose = [geometric_difference(classical, quantum, error) for error in (0.001, 0.01, 0.1, 0.5)]
    assert all(a >= b - 1e-9 for a, b in zip([exact, *loose], loose, strict=False))


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    order = np.random.default_rng(seed).permutation(12)
    one, other = kernel(seed), kernel(seed + 1)
    mixed = geometric_difference(one[np.ix_(order, order)], other[np.ix_(order, order)])
    assert mixed == pytest.approx(geometric_difference(one, other), rel=1e-6)


def test_rbf_agrees_with_scipys_distances() -> None:
    a, b = np.random.default_rng(0).normal(size=(5, 3)), np.random.default_rng(1).normal(size=(4, 3))
    np.testing.assert_allclose(rbf(a, b, 0.7), np.exp(-0.7 * cdist(a, b, "sqeuclidean")), rtol=1e-12)


def test_median_gamma_by_hand() -> None:
    # squared distances 1, 4, 9
    assert median_gamma(np.array([[0.0], [1.0], [3.0]])) == pytest.approx(1 / 4)
    assert median_gamma(np.zeros((4, 2))) == 1.0


def test_concentration_is_the_variance_off_the_diagonal() -> None:
    assert concentration(np.array([[9.0, 0.2], [0.4, 9.0]])) == pytest.approx(0.01)


def test_a_quantum_kernel_that_is_classical_is_found_out() -> None:
    rows = np.random.default_rng(2).normal(size=(60, 3))
    found = geometry(rows, rows)
    assert found.closest == "rbf 1"
    assert found.difference <= 1.0 + 1e-9
    assert found.error is None


def test_more_shots_mean_less_error() -> None:
    rng = np.random.default_rng(2)
    rows, bloch = rng.normal(size=(40, 3)), rng.uniform(-0.9, 0.9, (40, 9))
    few, many = (geometry(rows, bloch, shots, seed=1).error for shots in (64, 65536))
    assert many is not None
    assert few is not None
    assert 0 < many < few / 4  # 1/√shots would be a 32nd


def test_resampled_values_are_unbiased_with_binomial_spread() -> None:
    drawn = resample(np.full((20000, 1), 0.6), 100, np.random.default_rng(3))
    assert drawn.mean() == pytest.approx(0.6, abs=5 * 0.08 / np.sqrt(20000))
    assert drawn.std() == pytest.approx(np.sqrt((1 - 0.36) / 100), rel=0.03)
    assert np.abs(resample(np.array([[1.0, -1.0]]), 10, np.random.default_rng(0))).tolist() == [[1.0, 1.0]]


def test_the_complexity_of_a_target_along_one_direction_is_known_in_closed_form() -> None:
    # a kernel of eigenvalues 3 and 1: nine tenths explained leave λ / (k + λ) = √0.1 at most
    one, other = np.array([1.0, 1.0]) / np.sqrt(2), np.array([1.0, -1.0]) / np.sqrt(2)
    kernel = 1.5 * np.outer(one, one) + 0.5 * np.outer(other, other)
    easy, hard = complexity(kernel, np.sqrt(2) * one), complexity(kernel, np.sqrt(2) * other)
    ridges = 10.0 ** np.arange(1.0, -10.5, -0.5)
    for found, value in ((easy, 1.5), (hard, 0.5)):
        ridge = next(each for each in ridges if (each / (value + each)) ** 2 <= 0.1)
        assert found == pytest.approx(value / (value + ridge) ** 2)
    assert hard > easy


def test_targets_made_for_the_quantum_kernel_cost_it_less() -> None:
    rng = np.random.default_rng(0)
    scaled, projected = rng.normal(size=(40, 2)), rng.normal(size=(40, 6))
    quantum = rbf(projected, projected, median_gamma(projected))
    leading = np.linalg.eigh(quantum)[1][:, -2]
    target = ((leading - leading.mean()) / leading.std())[:, None]
    found = model_complexity(scaled, projected, target)
    assert found["ratio"] == pytest.approx(np.sqrt(found["classical"] / found["quantum"]))
    assert found["ratio"] > 1.5
