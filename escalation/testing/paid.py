"""What every backend that charges must do, checked by running it against a service that charges nothing.

`check_paid_backend(make)` runs every check and raises one `ContractBroken` that lists what failed. It sends a
handful of small jobs, so `make` must open a practice service, never a real one.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import uuid4

from escalation.model.calibration import Calibration, DeviceKind
from escalation.model.errors import BackendError
from escalation.model.identity import canonical_json
from escalation.model.job_state import JobState
from escalation.model.result import RawResult
from escalation.model.submission import Payload, RemoteJob
from escalation.ports.paid import Declined, PaidBackend, Unreadable
from escalation.testing.backend import ContractBroken, expect
from escalation.testing.works import Sample, sample

PATIENCE_S = 120.0
NOBODY = "job-of-nobody"


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

    def another(self) -> PaidBackend:
        """Opens one more."""
        self.made.append(self.make())
        return self.made[-1]

    def frozen(self) -> tuple[Payload, str]:
        """Freezes the sample under a tag of its own; returns both."""
        tag = f"tierwise:contract:{uuid4().hex}"
        work = self.sample.good
        return self.backend.freeze(work, tag, self.backend.price(work)), tag

    def ended(self, job_id: str) -> RemoteJob:
        """Asks after a job until it is final."""
        until = time.monotonic() + PATIENCE_S
        while not (job := self.backend.look(job_id)).state.final:
            expect(time.monotonic() < until, f"expected the job to end within {PATIENCE_S} s, it is {job}")
        return job

    def done(self) -> tuple[Payload, RemoteJob, bytes]:
        """Takes the sample the whole way."""
        payload, _ = self.frozen()
        job = self.ended(self.backend.send(payload, self.backend.open_batch()).job_id)
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


def it_has_every_verb_and_says_that_it_charges(bench: PaidBench) -> None:
    """The backend is a `PaidBackend` of a kind that goes through the submission; practice only."""
    expect(isinstance(bench.backend, PaidBackend), f"expected a PaidBackend, got {bench.backend}")
    kind = bench.backend.kind
    expect(kind is DeviceKind.PRACTICE, f"expected a practice service under the contract, got {kind}")


def a_price_has_a_cap_and_agrees_with_the_quote(bench: PaidBench) -> None:
    """A price is the same twice, its cap above it, in dollars as in seconds; gates see the same figure."""
    work, backend = bench.sample.good, bench.backend
    price, quote = backend.price(work), backend.estimate(work)
    expect(
        price.expected.qpu_s > 0 and price.cap.qpu_s > price.expected.qpu_s,
        f"expected a cap above the estimate, got {price}",
    )
    expect(price.cap.qpu_s == int(price.cap.qpu_s), f"expected a cap of whole seconds, got {price.cap.qpu_s}")
    expect(
        abs(price.usd_for(price.expected.qpu_s) - price.expected.usd) <= 1e-9 * (1 + price.expected.usd),
        f"expected the same price for a second of the estimate and of the cap, got {price}",
    )
    expect(
        (quote.amounts.qpu_s, quote.amounts.usd) == (price.expected.qpu_s, price.expected.usd),
        f"expected {price} in the quote, got {quote}",
    )
    counted = (quote.circuits, quote.shots, quote.qubits)
    expect(counted == bench.sample.counted, f"expected {bench.sample.counted} in the quote, got {counted}")


def foreign_and_bad_work_is_refused(bench: PaidBench) -> None:
    """What the device cannot take is refused before anything is sent."""
    refused(lambda: bench.backend.price(sample("local_call").good), "local_call")
    error = refused(lambda: bench.backend.price(bench.sample.bad), "a broken circuit")
    expect(bench.sample.error in str(error), f"expected {bench.sample.error!r} in the error, got {error}")


def freezing_sends_nothing(bench: PaidBench) -> None:
    """A frozen payload says what it is, and the service has no job of it."""
    payload, tag = bench.frozen()
    circuits, shots, _ = bench.sample.counted
    expect(payload.circuits == circuits, f"expected {circuits} circuits, got {payload.circuits}")
    expect(payload.shots >= shots, f"expected all {shots} shots, got {payload.shots}")
    again = Payload.thaw(payload.body, payload.describe())
    expect(again == payload, "expected the payload to be made again from its bytes and its description")
    expect(bench.backend.find(tag, []) == (), "expected freezing to send nothing")


def one_post_is_one_job_that_is_found_again(bench: PaidBench) -> None:
    """A job is found by its tag and by its batch, and by nothing else."""
    payload, tag = bench.frozen()
    batch, empty = bench.backend.open_batch(), bench.backend.open_batch()
    sent = bench.backend.send(payload, batch)
    for found in (bench.backend.find(tag, []), bench.backend.find("tierwise:nobody", [batch])):
        ids = [job.job_id for job in found]
        expect(ids == [sent.job_id], f"expected {sent.job_id} alone, got {ids}")
    expect(bench.backend.find("tierwise:nobody", [empty]) == (), "expected nothing in another batch")
    seen = bench.ended(sent.job_id)
    expect((seen.batch, tag in seen.tags) == (batch, True), f"expected batch and tag on the job, got {seen}")


def a_closed_fence_takes_no_job(bench: PaidBench) -> None:
    """Closing is confirmed, may be repeated, and what is sent into it afterwards is declined, and no job."""
    payload, tag = bench.frozen()
    batch = bench.backend.open_batch()
    confirmed = [bench.backend.close_batch(batch) for _ in range(2)]
    expect(confirmed == [True, True], f"expected closing to be confirmed twice, got {confirmed}")
    error = refused(lambda: bench.backend.send(payload, batch), "a job in a closed batch")
    expect(isinstance(error, Declined), f"expected Declined, got {type(error).__name__}: {error}")
    expect(bench.backend.find(tag, [batch]) == (), "expected no job in a closed batch")


def a_result_is_right_and_the_same_for_everybody(bench: PaidBench) -> None:
    """The raw text alone gives the right result, to whoever reads it."""
    payload, job, raw = bench.done()
    work = bench.sample.good
    results = [backend.read(work, payload, job, raw) for backend in (bench.backend, bench.another())]
    expect(results[0].digest == results[1].digest, "expected the same result from the same text")
    faults = bench.sample.faults(results[0], bench.backend.kind)
    expect(not faults, "; ".join(faults))
    expect(bool(results[0].provenance), "expected provenance: where and how the work ran")
    canonical_json(results[0].to_json())


def a_text_that_is_cut_off_is_unreadable(bench: PaidBench) -> None:
    """What is not a whole result is not taken for one."""
    payload, job, raw = bench.done()
    for broken in (raw[: len(raw) // 2], b"", b"\xff" + raw):
        try:
            result = bench.backend.read(bench.sample.good, payload, job, broken)
        except Unreadable:
            continue
        raise ContractBroken(f"expected Unreadable for a broken text, got {result}")


def a_job_that_did_not_succeed_is_a_failed_result(bench: PaidBench) -> None:
    """The state and the service's reason are kept, in one line."""
    payload, _ = bench.frozen()
    for state in (JobState.FAILED, JobState.CANCELLED, JobState.TIMED_OUT):
        job = RemoteJob(job_id="job", state=state, reason="because\nof this")
        result: RawResult = bench.backend.read(bench.sample.good, payload, job, b"{}")
        line = result.error or ""
        expect(result.state is state, f"expected {state}, got {result.state}")
        expect(
            "because of this" in line and "\n" not in line, f"expected one line with the reason, got {line!r}"
        )


def a_final_job_can_be_asked_after_and_not_be_cancelled(bench: PaidBench) -> None:
    """Usage, calibration, facts and evidence are to be had; a late cancel changes nothing."""
    _, job, _ = bench.done()
    bench.backend.cancel_job(job.job_id)
    expect(bench.backend.look(job.job_id).state is JobState.DONE, "expected a late cancel to change nothing")
    used_s = bench.backend.usage_qpu_s(job.job_id)
    expect(used_s is None or used_s > 0, f"expected seconds charged, or None while pending, got {used_s}")
    ran = bench.backend.calibration_for(job)
    expect(ran is None or isinstance(ran, Calibration), f"expected a Calibration or None, got {ran}")
    canonical_json(dict(bench.backend.facts_of(job)))
    expect(all(blob.size >= 0 for blob in bench.backend.evidence(job.job_id).values()), "expected blobs")


def a_job_of_nobody_is_unknown(bench: PaidBench) -> None:
    """Asking after a job that does not exist ends at once."""
    refused(lambda: bench.backend.look(NOBODY), "a job that does not exist")


def drift_is_measured_on_the_same_circuits(bench: PaidBench) -> None:
    """A calibration gives the work a fidelity between 0 and 1, the same each time."""
    found = bench.backend.calibration()
    if found is None:
        return
    values = [bench.backend.fidelity(bench.sample.good, found) for _ in range(2)]
    expect(values[0] == values[1], f"expected the same fidelity twice, got {values}")
    expect(values[0] is None or 0 <= values[0] <= 1, f"expected a fidelity from 0 to 1, got {values[0]}")


def closing_twice_is_harmless(bench: PaidBench) -> None:
    """A backend can be closed twice."""
    mine = bench.another()
    mine.close()
    mine.close()


CHECKS: tuple[Callable[[PaidBench], None], ...] = (
    it_has_every_verb_and_says_that_it_charges,
    a_price_has_a_cap_and_agrees_with_the_quote,
    foreign_and_bad_work_is_refused,
    freezing_sends_nothing,
    one_post_is_one_job_that_is_found_again,
    a_closed_fence_takes_no_job,
    a_result_is_right_and_the_same_for_everybody,
    a_text_that_is_cut_off_is_unreadable,
    a_job_that_did_not_succeed_is_a_failed_result,
    a_final_job_can_be_asked_after_and_not_be_cancelled,
    a_job_of_nobody_is_unknown,
    drift_is_measured_on_the_same_circuits,
    closing_twice_is_harmless,
)


def check_paid_backend(make: Callable[[], PaidBackend]) -> None:
    """Runs every check on a backend at a practice service.

    Args:
        make: opens the backend, each time as another process would.

    Raises:
        ContractBroken: with a line for every promise that is broken.
    """
    bench, broken = PaidBench(make), []
    try:
        it_has_every_verb_and_says_that_it_charges(bench)  # before anything is sent
        for check in CHECKS:
            try:
                check(bench)
            except Exception as error:  # a check that breaks off is a promise that is not kept
                broken.append(f"- {check.__name__}: {' '.join(str(error).split())}")
    finally:
        for backend in bench.made:
            backend.close()
    if broken:
        raise ContractBroken("\n".join([f"backend {bench.backend.name!r} breaks its contract:", *broken]))
