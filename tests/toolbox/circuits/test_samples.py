"""Packed bits, against Qiskit's own and by hand."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from escalation.model.blob import Blob
from escalation.model.job_state import JobState
from escalation.model.result import RawResult
from toolbox.arrays import npy
from toolbox.circuits.samples import expectations, packed, unpacked


@settings(max_examples=30, deadline=None)
@given(data=st.data(), qubits=st.integers(1, 11))
def test_expectations_agree_with_qiskits_bit_array(data: st.DataObject, qubits: int) -> None:
    # independent: Qiskit packs the bits and computes ⟨Z⟩ of each
    from qiskit.primitives import BitArray

    shots = data.draw(arrays(bool, (2, 7, qubits)))
    packed = BitArray.from_bool_array(shots, order="big")
    observables = ["I" * (qubits - 1 - i) + "Z" + "I" * i for i in range(qubits)]
    expected = [[packed[row].expectation_values(each) for each in observables] for row in range(2)]
    np.testing.assert_allclose(expectations(packed.array, qubits), expected, atol=1e-12)


def test_expectations_by_hand() -> None:
    # two shots of 9 bits: 0b1_00000001 (bits 8 and 0 are one), then all zero
    bits = np.array([[[1, 1], [0, 0]]], dtype=np.uint8)
    np.testing.assert_array_equal(expectations(bits, 9), [[0, 1, 1, 1, 1, 1, 1, 1, 0]])


@pytest.mark.parametrize(
    "bits",
    [
        np.zeros((2, 5, 2), dtype=np.uint8),
        np.zeros((2, 5), dtype=np.uint8),
        np.zeros((2, 5, 1), dtype=np.int64),
        np.zeros((2, 0, 1), dtype=np.uint8),
    ],
)
def test_samples_of_another_shape_are_refused(bits: NDArray[Any]) -> None:
    with pytest.raises(ValueError, match="expected uint8 samples of shape"):
        expectations(bits, 8)


def test_bits_by_hand() -> None:
    # one shot of 9 bits, 0b1_00000110: bits 8, 2 and 1 are one
    bits = np.array([[[1, 6]]], dtype=np.uint8)
    assert unpacked(bits, 9).tolist() == [[[0, 1, 1, 0, 0, 0, 0, 0, 1]]]


def test_samples_of_a_pub_have_the_sets_shots_and_bits_that_were_asked_for() -> None:
    array = np.zeros((2, 5, 2), dtype=np.uint8)
    result = RawResult(JobState.DONE, files={"bits-3.npy": Blob(npy.dump(array))})
    assert packed(result, 3, (2, 5, 9)).shape == (2, 5, 2)
    for other in ((1, 5, 9), (2, 4, 9), (2, 5, 8), (2, 5, 17)):
        with pytest.raises(ValueError, match=r"samples of pub 3: expected uint8 of shape .*, got uint8"):
            packed(result, 3, other)
    with pytest.raises(KeyError):
        packed(result, 0, (2, 5, 9))
