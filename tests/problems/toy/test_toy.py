"""The toy family: its verifier against hand-made claims, its methods driven by hand."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.inputs.settings import ROOT
from escalation.model.attempt import Candidate
from escalation.model.blob import Blob
from escalation.model.certificate import CertificateStatus
from escalation.model.job_state import JobState
from escalation.model.kinds.circuit_batch import CircuitBatch
from escalation.model.problem import Target, Tier
from escalation.model.report import Report
from escalation.model.result import RawResult
from escalation.model.work import Work
from escalation.testing.family import drive_method
from problems.toy.family import Toy
from problems.toy.work import scan

NUMBERS = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0]
TARGET = Target(metric="number", at_least=5)
INSTANCE = Toy().load({"numbers": NUMBERS, "reach": 3}, 0, ROOT)


def status(**values: object) -> CertificateStatus:
    return Toy().certify(INSTANCE, TARGET, Candidate(values=values), (), 0.05).status


@given(st.integers(0, len(NUMBERS) - 1))
def test_an_honest_claim_is_certified_exactly_when_it_reaches_the_target(position: int) -> None:
    reached = NUMBERS[position] >= 5
    expected = CertificateStatus.CERTIFIED if reached else CertificateStatus.BOUNDED
    assert status(position=position, number=NUMBERS[position]) is expected


@pytest.mark.parametrize(
    ("position", "number"),
    [(5, 99.0), (-1, 6.0), (8, 9.0), ("5", 9.0), (True, 1.0), (None, None), (5.0, 9.0)],
)
def test_false_claims_are_invalid(position: object, number: object) -> None:
    assert status(position=position, number=number) is CertificateStatus.INVALID


def test_a_solver_is_told_everything_but_the_largest_number() -> None:
    assert not hasattr(Toy().view(INSTANCE, TARGET), "largest")
    assert INSTANCE.largest == 9.0


def test_the_quantum_candidate_takes_the_best_position_that_was_measured() -> None:
    dice = next(method for method in Toy().methods() if method.tier is Tier.QUANTUM)

    def perform(work: Work) -> RawResult:
        assert isinstance(work, CircuitBatch)
        stream = io.BytesIO()
        np.save(stream, np.array([[[0], [2], [7]]], dtype=np.uint8))  # positions 0, 2 and 7
        values = {"pubs": [{"sets": 1, "shots": 3, "bits": 3}]}
        return RawResult(JobState.DONE, values, {"bits-0.npy": Blob(stream.getvalue())})

    solved = drive_method(dice, Toy().view(INSTANCE, TARGET), 1, perform)
    assert solved.candidate.values == {"position": 7, "number": 6.0}
    assert set(solved.candidate.controls) == {"numpy_dice"}


def test_the_tie_goes_to_the_first_position_for_any_number_of_ranks() -> None:
    class World:
        """MPI by hand: the ranks run one after the other, rank 0 last."""

        def __init__(self, size: int) -> None:
            self.size, self.rank = size, 0
            self.given: dict[int, object] = {}

        def gather(self, value: object, root: int) -> list[object] | None:
            self.given[self.rank] = value
            return [self.given[rank] for rank in range(self.size)] if self.rank == root else None

    for size in (1, 2, 3, 4):
        world = World(size)
        for rank in reversed(range(size)):
            world.rank = rank
            output = scan(world, {"numbers": [1.0, 7.0, 7.0, 2.0], "pause_s": 0.0}, {}, Report())
        assert output is not None
        assert output.values == {"position": 1, "number": 7.0}
