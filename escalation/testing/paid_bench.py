"""What the checks of a backend that charges share: the backend, the work that is sent, the way it goes."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import uuid4

from escalation.model.errors import BackendError
from escalation.model.job_state import JobState
from escalation.model.submission import Payload, RemoteJob
from escalation.ports.exactly_once import Fence
from escalation.ports.paid import FencedBackend, KeyedBackend, PaidBackend
from escalation.testing.contract import ContractBroken, expect
from escalation.testing.works import Sample, sample

PATIENCE_S = 120.0


@dataclass
class PaidBench:
    """One backend on the bench.

    Attributes:
        make: opens it, each time as another process would.
        sample: the work that is sent, and what must come of it.
    """

    make: Callable[[], PaidBackend]
    sample: Sample = field(default_factory=lambda: sample("circuit_batch"))
    made: list[PaidBackend] = field(default_factory=list)

    @property
    def backend(self) -> PaidBackend:
        """The backend that the checks share."""
        return self.made[0] if self.made else self.another()

    @property
    def fenced(self) -> FencedBackend:
        """The same, where it declares `Fence`."""
        assert isinstance(self.backend, FencedBackend)
        return self.backend

    @property
    def keyed(self) -> KeyedBackend:
        """The same, where it declares `ClientToken` or `ChosenId`."""
        assert isinstance(self.backend, KeyedBackend)
        return self.backend

    def another(self) -> PaidBackend:
        """Opens one more."""
        self.made.append(self.make())
        return self.made[-1]

    def frozen(self) -> tuple[Payload, str]:
        """Freezes the sample under a tag of its own; returns both."""
        tag = f"tierwise:contract:{uuid4().hex}"
        work = self.sample.good
        return self.backend.freeze(work, tag, self.backend.price(work)), tag

    def sent(self) -> tuple[Payload, str, RemoteJob]:
        """Sends the sample as the backend's strategy does; returns payload, tag and job."""
        payload, tag = self.frozen()
        if isinstance(self.backend.exactly_once, Fence):
            return payload, tag, self.fenced.send(payload, self.fenced.open_batch())
        return payload, tag, self.keyed.send(payload, tag, lambda: True)

    def ended(self, job_id: str) -> RemoteJob:
        """Asks after a job until it is final."""
        until = time.monotonic() + PATIENCE_S
        while not (job := self.backend.look(job_id)).state.final:
            expect(time.monotonic() < until, f"expected the job to end within {PATIENCE_S} s, it is {job}")
        return job

    def done(self) -> tuple[Payload, RemoteJob, bytes]:
        """Takes the sample the whole way."""
        payload, _, sent = self.sent()
        job = self.ended(sent.job_id)
        expect(job.state is JobState.DONE, f"expected the sample to succeed, got {job}")
        return payload, job, self.backend.fetch(job)


def refused(call: Callable[[], object], what: str) -> BackendError:
    """Returns the error that a call ends with; it is one line, and trying again would not help."""
    try:
        call()
    except BackendError as error:
        expect(not error.retry, f"expected {what} to be refused for good, got a retry: {error}")
        expect("\n" not in str(error), f"expected one line, got {error}")
        return error
    raise ContractBroken(f"expected BackendError for {what}, got none")
