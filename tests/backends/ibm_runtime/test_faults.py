"""Every verb under every fault of its calls: an error in one line, worth a retry, right next time."""

from collections.abc import Callable
from typing import Any

import pytest

from backends.ibm_runtime.service import ServiceBackend
from escalation.model.errors import BackendError
from escalation.model.submission import Payload, RemoteJob
from practice import FaultRule, Practice
from practice.faults import BY_NAME

TAG = "tierwise:test"
SILENT = ("evidence", "available", "queue_s")  # they say nothing, or that nobody knows
BREAKING = (
    *(f"http_{status}_{when}" for status in (500, 502, 503, 504) for when in ("before", "after")),
    *("rate_limited", "rate_limited_retry_after", "unauthorised", "not_found", "quota"),
    *("reset_before", "reset_after", "truncated", "corrupt_json", "corrupt_bytes"),
)


def faults(call: str) -> list[str]:
    """What can break a call."""
    found = [name for name in BREAKING if call in BY_NAME[name].calls]
    if call == "results":
        return [name for name in found if not name.startswith("corrupt")]  # found when it is read
    if call == "cancel":
        return [name for name in found if not name.endswith("after")]  # of a final job there is nothing
    return found


def verbs(device: ServiceBackend, job: RemoteJob, batch: str) -> list[tuple[str, str, Callable[[], Any]]]:
    return [
        ("usage", "quota_left", device.quota_left),
        ("properties", "calibration", device.calibration),
        ("status", "available", device.available),
        ("backends", "queue_s", device.queue_s),
        ("sessions.post", "open_batch", device.open_batch),
        ("sessions.get", "close_batch", lambda: device.close_batch(batch)),
        ("sessions.patch", "close_batch", lambda: device.close_batch(batch)),
        ("jobs.list", "find", lambda: device.find(TAG, [batch])),
        ("jobs.get", "look", lambda: device.look(job.job_id)),
        ("results", "fetch", lambda: device.fetch(job)),
        ("metrics", "usage_qpu_s", lambda: device.usage_qpu_s(job.job_id)),
        ("logs", "evidence", lambda: device.evidence(job.job_id)),
        ("cancel", "cancel_job", lambda: device.cancel_job(job.job_id)),
    ]


def failure(verb: Callable[[], Any], what: str) -> BackendError:
    try:
        verb()
    except BackendError as error:
        return error
    raise AssertionError(f"{what}: expected BackendError, got none")


def test_every_verb_of_a_connected_device(
    device: ServiceBackend,
    frozen: Payload,
    finish: Callable[[ServiceBackend, str], RemoteJob],
    practice: Practice,
) -> None:
    batch = device.open_batch()
    job = finish(device, device.send(frozen, batch).job_id)
    for call, name, verb in verbs(device, job, batch):
        expected = verb()
        for fault in faults(call):
            practice.control.inject(FaultRule(call, fault))
            if name in SILENT:
                assert not verb() or name == "evidence", (call, fault)
            else:
                caught = failure(verb, f"{call} {fault}")
                assert "\n" not in str(caught)
                final = fault == "quota" or (fault == "not_found" and name in ("look", "close_batch"))
                assert caught.retry is not final, (call, fault, str(caught))
            assert practice.control.faults()[-1]["fired"] == 1, (call, fault)
            again = verb()
            assert again == expected or name == "open_batch", (call, fault)


@pytest.mark.parametrize("call", ["token", "backends", "configuration", "properties"])
def test_connecting(open_device: Callable[..., ServiceBackend], practice: Practice, call: str) -> None:
    device = open_device()
    for fault in faults(call):
        device.close()
        practice.control.inject(FaultRule(call, fault))
        with pytest.raises(BackendError) as caught:
            device.calibration()
        assert caught.value.retry, (fault, str(caught.value))
        assert "\n" not in str(caught.value)
        assert device.calibration() is not None
