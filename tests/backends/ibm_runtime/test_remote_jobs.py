"""Jobs at a real server: stopped, found again, cancelled, charged, told of."""

import json
from collections.abc import Callable

import pytest

from backends.ibm_runtime.service import ServiceBackend
from escalation.model.errors import BackendError
from escalation.model.job_state import JobState
from escalation.model.kinds.circuit_batch import CircuitBatch
from escalation.model.result import RawResult
from escalation.model.submission import Payload, RemoteJob
from escalation.ports.paid import Declined
from practice import FaultRule, Practice

TAG = "tierwise:test"
Open = Callable[..., ServiceBackend]
CarryOut = Callable[[CircuitBatch], RawResult]
Ended = Callable[[], RemoteJob]
Finish = Callable[[ServiceBackend, str], RemoteJob]


def test_the_cap_stops_the_job_and_is_told_from_a_cancellation(
    device: ServiceBackend, bell: CircuitBatch, frozen: Payload, ended: Ended, practice: Practice
) -> None:
    practice.control.inject(FaultRule("jobs.post", "job_ran_too_long"))
    job = ended()
    assert job.state is JobState.TIMED_OUT
    result = device.read(bell, frozen, job, device.fetch(job))
    assert (result.state, result.files) == (JobState.TIMED_OUT, {})
    assert device.usage_qpu_s(job.job_id) == practice.control.totals()["charged_s"] > 0


@pytest.mark.parametrize(
    "row",
    [
        ("job_fails", JobState.FAILED, "Error in the control electronics"),
        ("job_cancelled_by_operator", JobState.CANCELLED, "Cancelled by the operator"),
    ],
)
def test_a_job_that_does_not_succeed_keeps_its_record_and_reason(
    device: ServiceBackend,
    bell: CircuitBatch,
    carry_out: CarryOut,
    practice: Practice,
    row: tuple[str, JobState, str],
) -> None:
    fault, state, words = row
    practice.control.inject(FaultRule("jobs.post", fault))
    result = carry_out(bell)
    assert result.state is state
    assert words in (result.error or "")
    (job,) = device.find(TAG, [])
    assert (job.state, json.loads(device.fetch(job))["id"]) == (state, job.job_id)
    assert device.usage_qpu_s(job.job_id) == 0.0


def test_jobs_are_found_by_tag_and_by_fence_beyond_the_first_page(
    open_device: Open, bell: CircuitBatch, practice: Practice
) -> None:
    practice.control.reset(hold=True)
    device = open_device()
    batch, other = device.open_batch(), device.open_batch()
    price = device.price(bell)
    mine = device.freeze(bell, TAG, price)
    strange = device.freeze(bell, "tierwise:other", price)
    sent = [device.send(mine, other).job_id for _ in range(55)]
    inside = device.send(strange, batch).job_id
    outside = device.send(strange, other).job_id
    found = device.find(TAG, [batch])
    assert [job.job_id for job in found] == [*sent, inside]  # earliest first
    assert outside not in {job.job_id for job in found}
    assert device.find("tierwise:nobody", []) == ()


def test_a_closed_fence_is_confirmed_and_takes_no_job(
    device: ServiceBackend, frozen: Payload, practice: Practice
) -> None:
    batch = device.open_batch()
    assert device.close_batch(batch) is True
    assert device.close_batch(batch) is True
    with pytest.raises(Declined, match="HTTP 409") as caught:
        device.send(frozen, batch)
    assert not caught.value.retry
    with pytest.raises(BackendError) as unknown:
        device.close_batch("practice-batch-of-nobody")  # 404, which the client takes for success
    assert not unknown.value.retry


def test_cancelling_stops_a_queued_job_and_leaves_a_final_one(
    open_device: Open, bell: CircuitBatch, finish: Finish, practice: Practice
) -> None:
    practice.control.reset(hold=True)
    device = open_device()
    job = device.send(device.freeze(bell, TAG, device.price(bell)), device.open_batch())
    device.cancel_job(job.job_id)
    assert finish(device, job.job_id).state is JobState.CANCELLED
    device.cancel_job(job.job_id)
    assert practice.control.totals()["charged_s"] == 0.0


def test_an_unknown_job_is_not_asked_for_again(device: ServiceBackend) -> None:
    with pytest.raises(BackendError, match="HTTP 404") as caught:
        device.look("practice-job-of-nobody")
    assert not caught.value.retry


def test_what_must_be_there_is_asked_for_once_more(
    device: ServiceBackend, ended: Ended, practice: Practice
) -> None:
    job = ended()
    for call, verb in (
        ("properties", device.calibration),
        ("metrics", lambda: device.usage_qpu_s(job.job_id)),
        ("results", lambda: device.fetch(job)),
        ("jobs.list", lambda: device.find(TAG, [])),
    ):
        practice.control.inject(FaultRule(call, "not_found", count=2))
        said = []
        for _ in range(2):
            with pytest.raises(BackendError, match="HTTP 404") as caught:
                verb()
            said.append(caught.value.retry)
        assert said == [True, False], call
        assert verb()


def test_usage_is_unknown_while_it_is_pending(
    device: ServiceBackend, frozen: Payload, ended: Ended, practice: Practice
) -> None:
    job = ended()
    practice.control.inject(FaultRule("metrics", "usage_pending", count=2))
    assert [device.usage_qpu_s(job.job_id) for _ in range(2)] == [None, None]
    assert device.usage_qpu_s(job.job_id) == pytest.approx(2.375, abs=0.01)


def test_a_final_charge_is_asked_for_once_and_a_pending_one_again(
    device: ServiceBackend, frozen: Payload, ended: Ended, practice: Practice
) -> None:
    def asked() -> int:
        return sum(each["call"] == "metrics" for each in practice.control.log())

    job = ended()
    practice.control.inject(FaultRule("metrics", "usage_pending", count=1))
    before = asked()
    assert device.usage_qpu_s(job.job_id) is None
    assert device.usage_qpu_s(job.job_id) == pytest.approx(2.375, abs=0.01)
    assert device.calibration_for(job) is not None
    kept = json.loads(device.evidence(job.job_id)["metrics.json"].data)
    assert kept["usage"]["qpu_charge_time_seconds"] == pytest.approx(2.375, abs=0.01)
    assert asked() - before == 2
    # what is charged is a question of money, and is asked anew
    device.usage_qpu_s(job.job_id)
    assert asked() - before == 3


def test_metrics_that_cannot_be_believed_are_evidence_all_the_same(
    device: ServiceBackend, ended: Ended, practice: Practice
) -> None:
    job = ended()
    practice.control.inject(FaultRule("metrics", "usage_pending", count=2))
    assert json.loads(device.evidence(job.job_id)["metrics.json"].data)["usage"]["status"] == "pending"
    assert device.calibration_for(job) is not None
