"""Circuits as work: what is refused when it is made, before any machine has heard of it."""

import io
from typing import Any

import numpy as np
import pytest

from escalation.model.blob import Blob
from escalation.model.errors import BadInput
from escalation.model.kinds.circuit_batch import CircuitBatch, Pub
from escalation.model.kinds.circuits import Circuits
from escalation.model.kinds.expectation_batch import EstimatorPub, ExpectationBatch


def npy(values: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.asarray(values))
    return stream.getvalue()


def pub(text: Any = "OPENQASM 3.0;", values: bytes = npy([[0.5]]), names: Any = ("a",)) -> Pub:
    return Pub(text, Blob(values), names, 10)


def estimated() -> EstimatorPub:
    return EstimatorPub("OPENQASM 3.0;", Blob(npy([[0.5]])), ("a",), ({"Z": 1.0},), 0.1)


@pytest.mark.parametrize("shots", [-3, 0, 2.5, 2.0, True, "10", None, 100_000_001])
def test_shots_that_are_no_whole_number_within_bounds_are_refused(shots: Any) -> None:
    with pytest.raises(BadInput, match="expected shots as a whole number of 1 to 100000000, got"):
        Pub("OPENQASM 3.0;", Blob(npy([[0.5]])), ("a",), shots)


@pytest.mark.parametrize("text", ["", " \n", None, b"OPENQASM 3.0;"])
def test_a_circuit_that_is_no_text_is_refused(text: Any) -> None:
    with pytest.raises(BadInput, match="expected a circuit as OpenQASM 3 text, got"):
        pub(text)


@pytest.mark.parametrize(
    ("values", "line"),
    [
        (b"xx", "expected parameters as bytes of a .npy file"),
        (npy([[0.5]])[:-1], "8 bytes of them, got 7"),
        (npy([[0.5]]) + b"more", "8 bytes of them, got 12"),
        (npy([["a"]]), "expected parameters as real numbers"),
        (npy([[1j]]), "expected parameters as real numbers"),
        (npy([0.5]), r"expected parameters of shape \(sets, 1\), at least one set, got \(1,\)"),
        (npy([[0.5, 0.5]]), r"got \(1, 2\)"),
        (npy(np.zeros((0, 1))), r"got \(0, 1\)"),
    ],
)
def test_parameters_that_are_no_sets_of_numbers_are_refused(values: bytes, line: str) -> None:
    with pytest.raises(BadInput, match=line) as caught:
        pub(values=values)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("names", [("a", "a"), ("",), (1,)])
def test_names_of_parameters_that_tell_nothing_apart_are_refused(names: Any) -> None:
    with pytest.raises(BadInput, match="expected names of parameters, each of them once"):
        pub(values=npy([[0.5] * len(names)]), names=names)


@pytest.mark.parametrize(("kind", "good"), [(CircuitBatch, pub()), (ExpectationBatch, estimated())])
@pytest.mark.parametrize(
    ("field", "value", "line"),
    [
        ("pubs", (), "expected at least one"),
        ("pubs", None, "expected at least one"),
        ("pubs", ("OPENQASM 3.0;",), "expected every pub to be a"),
        ("options", ["twirling"], "expected options by name"),
        ("seed", -1, "seed as a whole number of 0 to 9223372036854775807, got -1"),
        ("seed", 0.5, "seed as a whole number"),
    ],
)
def test_a_batch_of_either_kind_is_refused_for_what_it_cannot_be(
    kind: type[Circuits[Any]], good: Any, field: str, value: Any, line: str
) -> None:
    assert kind((good,)).demand().circuits == 1
    with pytest.raises(BadInput, match=line):
        kind(**{"pubs": (good,), field: value})


def test_a_pub_of_the_other_kind_is_refused() -> None:
    other: Any = (estimated(),)
    with pytest.raises(BadInput, match="expected every pub to be a Pub, got EstimatorPub"):
        CircuitBatch(other)
