"""The contract of backends that charge, on the service in memory under each strategy; it notices a cheat."""

import io
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from escalation.model.blob import Blob
from escalation.model.errors import BackendError
from escalation.model.job_state import JobState
from escalation.model.kinds.circuit_batch import CircuitBatch
from escalation.model.quote import Quote
from escalation.model.result import RawResult
from escalation.model.submission import Payload, Price, RemoteJob
from escalation.model.work import Work
from escalation.ports.paid import PaidBackend
from escalation.testing.contract import ContractBroken
from escalation.testing.model_backend import ChosenIdBackend, ModelBackend, ModelMachine, TokenBackend
from escalation.testing.model_service import ModelService
from escalation.testing.paid import check_paid_backend
from escalation.testing.works import ANGLES, SHOTS


class Bell(ModelMachine):
    """A model that takes circuits alone, and answers the contract's sample from its closed form."""

    def price(self, work: Work) -> Price:
        if not isinstance(work, CircuitBatch):
            raise BackendError("expected a batch of circuits")
        if "no_such_gate" in work.pubs[0].qasm3:
            raise BackendError("no_such_gate is not defined")
        return super().price(work)

    def estimate(self, work: Work) -> Quote:
        return super().estimate(work).model_copy(update={"qubits": 2})

    def read(self, work: Work, payload: Payload, job: RemoteJob, raw: bytes) -> RawResult:
        found = super().read(work, payload, job, raw)
        if found.state is not JobState.DONE:
            return found
        bits = np.zeros((len(ANGLES), SHOTS, 1), dtype=np.uint8)
        for row, angle in zip(bits, ANGLES, strict=True):  # cos(θ/2)|00⟩ + sin(θ/2)|11⟩
            row[: round(SHOTS * math.sin(angle / 2) ** 2)] = 0b11
        stream = io.BytesIO()
        np.save(stream, bits)
        values = {"pubs": [{"sets": len(ANGLES), "shots": SHOTS, "bits": 2}]}
        files = {"bits-0.npy": Blob(stream.getvalue())}
        return RawResult(JobState.DONE, values, files, provenance={"device": self.name})


class Fenced(Bell, ModelBackend):
    """Declares `Fence`."""


class Token(Bell, TokenBackend):
    """Declares `ClientToken`."""


class Chosen(Bell, ChosenIdBackend):
    """Declares `ChosenId`, and has no qubits."""


BROKEN = {
    Fenced: "a_closed_batch_takes_no_job",
    Token: "the_same_post_again_is_answered_with_the_same_job",
    Chosen: "the_same_id_again_is_no_second_job",
}
Open = Callable[[ModelService], PaidBackend]


@pytest.mark.parametrize("machine", BROKEN)
def test_a_machine_of_each_strategy_keeps_the_contract(machine: Open) -> None:
    service = ModelService()
    check_paid_backend(lambda: machine(service))


@pytest.mark.parametrize(("machine", "check"), BROKEN.items())
def test_a_service_that_does_not_keep_what_the_strategy_rests_on_is_named(machine: Open, check: str) -> None:
    service = ModelService(keeps_promise=False)
    with pytest.raises(ContractBroken) as caught:
        check_paid_backend(lambda: machine(service))
    assert [line.removeprefix("- ").partition(":")[0] for line in str(caught.value).splitlines()[1:]] == [
        check
    ]


class Heedless(Token):
    """Sends however late it is."""

    def send(self, payload: Payload, key: str, may_leave: Callable[[], bool]) -> RemoteJob:
        return super().send(payload, key, lambda: True)


def test_a_machine_that_sends_too_late_is_named() -> None:
    service = ModelService()
    with pytest.raises(ContractBroken, match="expected NotSent for a POST that is too late, got a job"):
        check_paid_backend(lambda: Heedless(service))


class Undeclared(Fenced):
    """Says nothing that anybody knows."""

    exactly_once: Any = "somehow"


def test_a_machine_must_declare_a_strategy_that_there_is() -> None:
    with pytest.raises(ContractBroken, match="expected Fence, ClientToken or ChosenId, got 'somehow'"):
        check_paid_backend(lambda: Undeclared(ModelService()))
