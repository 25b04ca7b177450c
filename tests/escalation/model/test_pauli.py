"""Observables, and how many settings it takes to measure them."""

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit.quantum_info import PauliList

from escalation.model.errors import BadInput
from escalation.model.pauli import measured_bases, observable

labels = st.lists(st.text("IXYZ", min_size=4, max_size=4), min_size=1, max_size=20, unique=True)


def clash(one: str, other: str) -> bool:
    return any(a != b and "I" not in (a, b) for a, b in zip(one, other, strict=True))


def test_strings_that_agree_wherever_both_act_share_a_basis() -> None:
    assert measured_bases([{"ZZI": 1.0}, {"IZZ": 1.0, "XXX": 2.0}]) == (
        ("XXX", ("XXX",)),
        ("ZZZ", ("IZZ", "ZZI")),
    )
    assert measured_bases([{"ZI": 1.0, "IX": 1.0}]) == (("ZX", ("IX", "ZI")),)
    assert measured_bases([{"II": 1.0}]) == (("II", ("II",)),)


@given(labels)
def test_every_string_is_in_one_basis_that_measures_it(given_labels: list[str]) -> None:
    found = measured_bases([dict.fromkeys(given_labels, 1.0)])
    assert sorted(label for _, group in found for label in group) == sorted(given_labels)
    for basis, group in found:
        assert all(basis[k] == letter for label in group for k, letter in enumerate(label) if letter != "I")
    for (_, one), (_, other) in combinations(found, 2):  # no two groups could have been one
        assert any(clash(x, y) for x in one for y in other)


@given(labels)
def test_there_are_as_many_bases_as_in_qiskit(given_labels: list[str]) -> None:
    groups = PauliList(sorted(given_labels)).group_commuting(qubit_wise=True)
    assert len(measured_bases([dict.fromkeys(given_labels, 1.0)])) == len(groups)


def test_a_number_means_the_number_however_it_is_spelt() -> None:
    assert observable({"Z": 1, "X": np.float32(0.5)}) == {"X": 0.5, "Z": 1.0}
    assert [type(each) for each in observable({"Z": 1, "X": np.float64(0.5)}).values()] == [float, float]


@pytest.mark.parametrize(
    ("terms", "line"),
    [
        ({"ZA": 1.0}, "letters I, X, Y and Z, got 'ZA'"),
        ({"zz": 1.0}, "letters I, X, Y and Z, got 'zz'"),
        ({"": 1.0}, "letters I, X, Y and Z, got ''"),
        ({3: 1.0}, "letters I, X, Y and Z, got 3"),
        ({"Z": 1 + 2j}, r"real, finite coefficient of Z, got \(1\+2j\)"),
        ({"Z": 1 + 0j}, r"real, finite coefficient of Z, got \(1\+0j\)"),
        ({"Z": float("nan")}, "real, finite coefficient of Z, got nan"),
        ({"Z": float("inf")}, "real, finite coefficient of Z, got inf"),
        ({"Z": "1"}, "real, finite coefficient of Z, got '1'"),
        ({"Z": True}, "real, finite coefficient of Z, got True"),
        ({"Z": 1.0, "ZZ": 1.0}, r"one length in an observable, got lengths \[1, 2\]"),
        ({}, "expected an observable as Pauli strings with coefficients, got {}"),
        ("ZZ", "expected an observable as Pauli strings with coefficients, got 'ZZ'"),
    ],
)
def test_what_is_no_observable_is_one_clear_line(terms: Any, line: str) -> None:
    with pytest.raises(BadInput, match=line) as caught:
        observable(terms)
    assert "\n" not in str(caught.value)
