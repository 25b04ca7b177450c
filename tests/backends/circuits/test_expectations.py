"""Expectation values from samples, against values by hand."""

import io
import math

import numpy as np

from backends.circuits.expectations import from_samples, pack
from backends.circuits.pubs import Bits
from escalation.model.blob import Blob
from escalation.model.kinds.expectation_batch import EstimatorPub, ExpectationBatch


def pub(*observables: dict[str, float], sets: int = 1) -> EstimatorPub:
    stream = io.BytesIO()
    np.save(stream, np.zeros((sets, 0)))
    return EstimatorPub("OPENQASM 3.0;", Blob(stream.getvalue()), (), observables, 0.5)


def packed(*rows: list[int]) -> Bits:
    """One parameter set a row, one byte a shot."""
    return np.array(rows, dtype=np.uint8)[:, :, None]


def test_a_string_is_the_parity_of_the_bits_that_it_acts_on_its_last_letter_for_bit_0() -> None:
    # bit 0 is 1, 1, 1, 0; bit 1 is 0, 0, 1, 1
    evs, stds = from_samples(pub({"IZ": 1.0}, {"ZI": 1.0}, {"ZZ": 1.0}, {"II": 3.0}), [packed([1, 1, 3, 2])])
    assert evs.tolist() == [[-0.5, 0.0, -0.5, 3.0]]
    # a variance of 1 - mean² over four shots
    assert np.allclose(stds, [[math.sqrt(0.75 / 4), 0.5, math.sqrt(0.75 / 4), 0.0]])


def test_what_strings_of_a_basis_have_in_common_is_in_the_error() -> None:
    # bits always agree: ZI + IZ is 2 or -2 with variance 4, and ZI - IZ is 0 always
    evs, stds = from_samples(pub({"ZI": 1.0, "IZ": 1.0}, {"ZI": 1.0, "IZ": -1.0}), [packed([0, 3, 0, 3])])
    assert evs.tolist() == [[0.0, 0.0]]
    assert stds.tolist() == [[1.0, 0.0]]


def test_the_bases_of_an_observable_add_up() -> None:
    asked = pub({"ZZ": 2.0, "XX": 1.0})
    assert [basis for basis, _ in asked.bases] == ["XX", "ZZ"]
    evs, stds = from_samples(asked, [packed([0, 0, 0, 1]), packed([0, 0, 1, 1])])
    assert evs.tolist() == [[0.5 + 0.0]]
    assert np.allclose(stds, [[math.sqrt(0.75 / 4 + 4 * 1.0 / 4)]])


def test_more_than_eight_qubits_are_read_from_their_bytes() -> None:
    samples = np.zeros((2, 1, 2), dtype=np.uint8)
    samples[1, 0] = [0b10, 0]  # bit 9 of ten
    evs, _ = from_samples(pub({"Z" + "I" * 9: 1.0}, {"I" * 9 + "Z": 1.0}, sets=2), [samples])
    assert evs.tolist() == [[1.0, 1.0], [-1.0, 1.0]]


def test_a_result_says_what_was_estimated_and_how_often() -> None:
    asked = pub({"ZZ": 2.0, "XX": 1.0}, sets=2)
    made = pack(ExpectationBatch((asked,)), [(np.zeros((2, 1)), np.ones((2, 1)))])
    assert made["values"] == {
        "pubs": [{"sets": 2, "observables": 1, "bases": 2, "shots": 4, "precision": 0.5}]
    }
    assert np.load(io.BytesIO(made["files"]["stds-0.npy"].data)).tolist() == [[1.0], [1.0]]
