"""What a verifier looks up of expectation values, and what it does not take for them."""

from typing import Any

import numpy as np
import pytest

from escalation.model.attempt import Done
from escalation.model.blob import Blob
from escalation.model.job_state import JobState
from escalation.model.kinds.circuit_batch import CircuitBatch
from escalation.model.kinds.expectation_batch import EstimatorPub, ExpectationBatch
from escalation.model.result import RawResult
from toolbox.arrays import npy
from toolbox.circuits.batches import plain_pub
from toolbox.circuits.evidence import estimates, expect_observables, ran

NONE = Blob(npy.dump(np.zeros((2, 0))))
PUB = EstimatorPub("OPENQASM 3.0;", NONE, (), ({"ZZ": 1.0}, {"XX": 1.0}, {"IZ": 2.0}), 0.1)
WORK = ExpectationBatch((PUB,))


def result(evs: Any, stds: Any, state: JobState = JobState.DONE) -> RawResult:
    files = {"evs-0.npy": Blob(npy.dump(np.asarray(evs))), "stds-0.npy": Blob(npy.dump(np.asarray(stds)))}
    return RawResult(state, files=files, error=None if state is JobState.DONE else "broken")


GOOD = result(np.arange(6.0).reshape(2, 3), np.full((2, 3), 0.1))


def test_values_of_every_set_and_observable_are_looked_up() -> None:
    work, found = ran(0, [Done(WORK, GOOD)], ExpectationBatch)
    expect_observables(work, [[{"ZZ": 1}, {"XX": 1.0}, {"IZ": 2.0}]])
    evs, stds = estimates(work, found, 0)
    assert evs.tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    assert (stds == 0.1).all()


@pytest.mark.parametrize(
    ("ordinal", "done", "line"),
    [
        (1, Done(WORK, GOOD), "names work 1, but the evidence holds 1"),
        (True, Done(WORK, GOOD), "names work True"),
        (0, Done(CircuitBatch((plain_pub("OPENQASM 3.0;", 1),)), GOOD), "that is a circuit_batch"),
        (0, Done(WORK, result(0.0, 0.0, JobState.FAILED)), "ended failed: broken"),
    ],
)
def test_work_that_cannot_be_rested_on_is_refused(ordinal: Any, done: Done, line: str) -> None:
    with pytest.raises(ValueError, match=line):
        ran(ordinal, [done], ExpectationBatch)


@pytest.mark.parametrize(
    "other",
    [
        [[{"ZZ": 1.0}, {"XX": 1.0}, {"IZ": 1.0}]],
        [[{"XX": 1.0}, {"ZZ": 1.0}, {"IZ": 2.0}]],
        [[{"ZZ": 1.0}, {"XX": 1.0}]],
        [],
    ],
)
def test_other_observables_than_stated_are_found(other: Any) -> None:
    with pytest.raises(ValueError, match="not those that the candidate states"):
        expect_observables(WORK, other)


@pytest.mark.parametrize(
    ("evs", "stds"),
    [
        (np.zeros((3, 2)), np.zeros((2, 3))),
        (np.zeros((2, 3), dtype=np.float32), np.zeros((2, 3))),
        (np.full((2, 3), np.nan), np.zeros((2, 3))),
        (np.zeros((2, 3)), np.full((2, 3), -0.1)),
    ],
)
def test_what_are_no_estimates_of_this_work_is_refused(evs: Any, stds: Any) -> None:
    with pytest.raises(ValueError, match="expected"):
        estimates(WORK, result(evs, stds), 0)
