"""What every backend that charges must do, checked by running it against a service that charges nothing.

`check_paid_backend(make)` runs every check and raises one `ContractBroken` that lists what failed. It sends a
handful of small jobs, so `make` must open a practice service, never a real one.
"""

from collections.abc import Callable, Sequence

from escalation.model.calibration import Calibration, DeviceKind
from escalation.model.identity import canonical_json
from escalation.model.job_state import JobState
from escalation.model.metered import CHARGED
from escalation.model.result import RawResult
from escalation.model.submission import Payload, RemoteJob
from escalation.ports.paid import Calibrated, PaidBackend, Unreadable
from escalation.testing.contract import ContractBroken, expect
from escalation.testing.paid_bench import PaidBench, refused
from escalation.testing.paid_once import OF_STRATEGY, it_has_the_verbs_of_its_strategy
from escalation.testing.works import sample, wishes

NOBODY = "job-of-nobody"


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
        quote.amounts.to_json(CHARGED) == price.expected.to_json(CHARGED),
        f"expected {price} in the quote, got {quote}",
    )
    counted = (quote.circuits, quote.shots, quote.qubits)
    expect(counted == bench.sample.counted, f"expected {bench.sample.counted} in the quote, got {counted}")


def foreign_and_bad_work_is_refused(bench: PaidBench) -> None:
    """What the device cannot take is refused before anything is sent."""
    refused(lambda: bench.backend.price(sample("local_call").good), "local_call")
    error = refused(lambda: bench.backend.price(bench.sample.bad), "a broken circuit")
    expect(bench.sample.error in str(error), f"expected {bench.sample.error!r} in the error, got {error}")
    for name, wanted in wishes(bench.sample.good.resources).items():
        work = bench.sample.good.on(wanted)
        error = refused(lambda work=work: bench.backend.price(work), name)  # type: ignore[misc]
        expect(name in str(error), f"expected {name} in the error, got {error}")


def freezing_sends_nothing(bench: PaidBench) -> None:
    """A frozen payload says what it is, and the service has no job of it."""
    payload, tag = bench.frozen()
    circuits, shots, _ = bench.sample.counted
    expect(payload.circuits == circuits, f"expected {circuits} circuits, got {payload.circuits}")
    expect(payload.shots >= shots, f"expected all {shots} shots, got {payload.shots}")
    again = Payload.from_frozen(payload.body, payload.describe())
    expect(again == payload, "expected the payload to be made again from its bytes and its description")
    expect(bench.backend.find(tag, []) == (), "expected freezing to send nothing")


def one_post_is_one_job_that_is_found_again(bench: PaidBench) -> None:
    """A job is found by its tag, by nothing else, and carries it."""
    _, tag, sent = bench.sent()
    ids = [job.job_id for job in bench.backend.find(tag, [])]
    expect(ids == [sent.job_id], f"expected {sent.job_id} alone, got {ids}")
    expect(bench.backend.find("tierwise:nobody", []) == (), "expected nothing under another tag")
    seen = bench.ended(sent.job_id)
    expect(tag in seen.tags, f"expected the tag on the job, got {seen}")


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
    if isinstance(bench.backend, Calibrated):
        ran = bench.backend.calibration_for(job)
        expect(ran is None or isinstance(ran, Calibration), f"expected a Calibration or None, got {ran}")
    canonical_json(dict(bench.backend.facts_of(job)))
    expect(all(blob.size >= 0 for blob in bench.backend.evidence(job.job_id).values()), "expected blobs")


def a_job_of_nobody_is_unknown(bench: PaidBench) -> None:
    """Asking after a job that does not exist ends at once."""
    refused(lambda: bench.backend.look(NOBODY), "a job that does not exist")


def drift_is_measured_on_the_same_circuits(bench: PaidBench) -> None:
    """A calibration gives the work a fidelity between 0 and 1, the same each time."""
    backend, found = bench.backend, bench.backend.calibration()
    if found is None or not isinstance(backend, Calibrated):
        return
    values = [backend.fidelity(bench.sample.good, found) for _ in range(2)]
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
    a_result_is_right_and_the_same_for_everybody,
    a_text_that_is_cut_off_is_unreadable,
    a_job_that_did_not_succeed_is_a_failed_result,
    a_final_job_can_be_asked_after_and_not_be_cancelled,
    a_job_of_nobody_is_unknown,
    drift_is_measured_on_the_same_circuits,
    closing_twice_is_harmless,
)


def check_paid_backend(make: Callable[[], PaidBackend], kinds: Sequence[str] = ("circuit_batch",)) -> None:
    """Runs every check on a backend at a practice service.

    Args:
        make: opens the backend, each time as another process would.
        kinds: of work that it accepts; each goes through every check.

    Raises:
        ContractBroken: with a line for every promise that is broken.
    """
    broken = [line for kind in kinds for line in _broken(PaidBench(make, sample(kind)))]
    if broken:
        raise ContractBroken("\n".join(broken))


def _broken(bench: PaidBench) -> list[str]:
    broken = []
    try:
        it_has_every_verb_and_says_that_it_charges(bench)  # before anything is sent
        it_has_the_verbs_of_its_strategy(bench)
        for check in (*CHECKS, *OF_STRATEGY[type(bench.backend.exactly_once)]):
            try:
                check(bench)
            except Exception as error:  # a check that breaks off is a promise that is not kept
                broken.append(f"- {check.__name__}: {' '.join(str(error).split())}")
    finally:
        for backend in bench.made:
            backend.close()
    head = f"backend {bench.backend.name!r} breaks its contract:"
    return [head, *broken] if broken else []
