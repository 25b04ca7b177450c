"""Expectation values as work: identity, demand, and what is refused."""

import io
from typing import Any

import numpy as np
import pytest

from escalation.model.blob import Blob
from escalation.model.demand import Demand
from escalation.model.errors import BadInput
from escalation.model.kinds.expectation_batch import EstimatorPub, ExpectationBatch


def make(observables: Any = ({"ZZ": 1.0}, {"XX": 1.0}), precision: Any = 0.1, sets: int = 3) -> EstimatorPub:
    stream = io.BytesIO()
    np.save(stream, np.zeros((sets, 2)))
    return EstimatorPub("OPENQASM 3.0;", Blob(stream.getvalue()), ("a", "b"), observables, precision)


def test_a_demand_counts_every_set_in_every_basis_as_often_as_the_precision_takes() -> None:
    # 1 / 0.1² = 100 shots; ZZ and XX take a basis each; 3 sets of 2 parameters
    assert make().demand() == Demand(circuits=6, shots=600, values=6)
    both = ExpectationBatch((make(), make(({"ZI": 1.0, "IZ": 1.0},), 0.5)))
    assert both.demand() == Demand(circuits=6 + 3, shots=600 + 12, values=12)


def test_the_shots_are_those_of_the_client_and_never_fewer() -> None:
    assert [make(precision=p).shots for p in (1.0, 0.5, 0.1, 1 / 16, 0.015625, 0.3)] == [
        1,
        4,
        100,
        256,
        4096,
        12,
    ]


def test_the_same_observables_are_the_same_work_however_they_are_written() -> None:
    one = ExpectationBatch((make(({"ZZ": 1, "XX": 2},), 1),))
    other = ExpectationBatch((make(({"XX": 2.0, "ZZ": 1.0},), 1.0),))
    assert one.digest == other.digest
    assert one.digest != ExpectationBatch((make(({"XX": 2.0, "ZZ": 1.5},), 1.0),)).digest
    assert one.digest != ExpectationBatch((make(({"XX": 2.0, "ZZ": 1.0},), 0.5),)).digest


@pytest.mark.parametrize(
    "precision", [0, 0.0, -0.1, 1e-6, 1.5, float("nan"), float("inf"), True, "0.1", None]
)
def test_a_precision_that_means_nothing_is_refused(precision: Any) -> None:
    with pytest.raises(BadInput, match="expected a precision of 1e-05 to 1, got"):
        make(precision=precision)


@pytest.mark.parametrize("observables", [(), ({"ZZ": 1.0}, {"Z": 1.0})])
def test_observables_that_fit_no_circuit_are_refused(observables: Any) -> None:
    with pytest.raises(BadInput, match="Pauli strings of one length"):
        make(observables)
