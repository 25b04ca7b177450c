"""Readout mitigation weighs what was seen towards what was there."""

import numpy as np
import pytest

from toolbox.circuits.readout import Readout, nearest_probabilities


def test_errors_are_the_shares_of_misread_calibration_shots() -> None:
    zeros, ones = np.zeros((100, 2), dtype=np.uint8), np.ones((100, 2), dtype=np.uint8)
    zeros[:3, 0] = 1
    ones[:10, 1] = 0
    found = Readout.of(zeros, ones)
    assert found.wrong_zero == pytest.approx([0.03, 1e-6])
    assert found.wrong_one == pytest.approx([1e-6, 0.10])


def test_all_strings_seen_give_back_the_true_distribution() -> None:
    # two bits: the full assignment matrix is the Kronecker product of the bits' own, applied by hand
    found = Readout(np.array([0.02, 0.05]), np.array([0.10, 0.03]))
    first, second = np.array([[0.98, 0.10], [0.02, 0.90]]), np.array([[0.95, 0.03], [0.05, 0.97]])
    truth = np.array([0.5, 0.0, 0.2, 0.3])
    read = np.kron(first, second) @ truth
    strings = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.uint8)
    counts = np.round(read * 1e7).astype(np.int64)
    assert found.mitigated(strings, counts) == pytest.approx(truth, abs=1e-6)


def test_without_errors_the_weights_are_the_counts() -> None:
    found = Readout(np.full(3, 1e-6), np.full(3, 1e-6))
    strings = np.array([[0, 0, 1], [1, 1, 0]], dtype=np.uint8)
    assert found.mitigated(strings, np.array([30, 10])) == pytest.approx([0.75, 0.25], abs=1e-4)


def test_a_bit_that_says_nothing_does_not_break_it() -> None:
    found = Readout(np.array([0.5]), np.array([0.5]))
    weights = found.mitigated(np.array([[0], [1]], dtype=np.uint8), np.array([5, 5]))
    assert weights == pytest.approx([0.5, 0.5])


def test_nearest_probabilities_are_what_smolin_et_al_give() -> None:
    # -0.1 is cut off, and what it weighed is taken evenly from the others
    assert nearest_probabilities(np.array([0.6, 0.5, -0.1])) == pytest.approx([0.55, 0.45, 0.0])
