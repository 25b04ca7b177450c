"""One POST of a job, whatever comes back: observed at the service and on plain sockets."""

import inspect
import json
import threading
import time
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from typing import Any

import pytest
import requests

from backends.ibm_runtime.service import ServiceBackend
from backends.ibm_runtime.transport import NoRetryAdapter
from escalation.model.errors import BackendError
from escalation.model.kinds.circuit_batch import CircuitBatch
from escalation.model.submission import Payload
from escalation.ports.paid import Declined, InDoubt, NotSent
from practice import FaultRule, Practice

TAG = "tierwise:test"
PINNED = "0.51.0"
Open = Callable[..., ServiceBackend]


# what the adapter rests on


def test_the_client_is_the_one_that_the_adapter_was_written_for() -> None:
    from qiskit_ibm_runtime import QiskitRuntimeService
    from qiskit_ibm_runtime.api.auth import CloudAuth
    from qiskit_ibm_runtime.api.client import RuntimeClient
    from qiskit_ibm_runtime.api.session import RetrySession

    assert version("qiskit-ibm-runtime") == PINNED
    assert issubclass(RetrySession, requests.Session)
    sources = [inspect.getsource(each) for each in (QiskitRuntimeService, RuntimeClient, CloudAuth)]
    assert "def _discover_backends_from_instance(self, instance: str)" in sources[0]
    assert "self._active_api_client" in sources[0]
    assert "self._backends_info_per_instance" in sources[0]
    assert "self._session = RetrySession(" in sources[1]
    assert all(f"self.{name}" in sources[2] for name in ("tm", "crn"))
    manager = import_module("ibm_cloud_sdk_core").IAMTokenManager("key")
    assert all(
        hasattr(manager, name)
        for name in ("access_token", "expire_time", "refresh_time", "request_time", "http_config")
    )
    wanted = {"session_id", "job_tags", "max_execution_time", "private", "calibration_id", "log_level"}
    assert wanted <= set(inspect.signature(RuntimeClient.program_run).parameters)


def test_the_adapter_is_on_every_session_and_retries_nothing(
    device: ServiceBackend, frozen: Payload, practice: Practice
) -> None:
    connection = device._device().connection
    for client in {connection.service._active_api_client, *connection.service._api_clients.values()}:
        for scheme in ("http://", "https://"):
            adapter = client._session.get_adapter(scheme)
            assert isinstance(adapter, NoRetryAdapter)
            assert adapter.max_retries.total == 0
    practice.control.inject(FaultRule("status", "http_500_before", count=None))
    before = len(practice.control.log())
    assert device.available() is None
    assert len(practice.control.log()) == before + 1


def test_the_client_alone_sends_a_job_again(practice: Practice, frozen: Payload) -> None:
    """The reason for the adapter: the client by itself, against one 500 after acceptance."""
    from practice import connect

    body = json.loads(frozen.body.data)
    practice.control.inject(FaultRule("jobs.post", "http_500_after"))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in practice.environment.items():
            patch.setenv(name, value)
        client = connect(practice)._active_api_client
        client.program_run("executor", "practice_boston", body["params"], None, None, None, [TAG])
    assert practice.control.totals()["accepted"] == 2


# what comes back from the service


def settled(practice: Practice, **expected: int) -> None:
    """Waits until the service, which may still be at it, has done as much, and checks that it did no more."""
    until = time.monotonic() + 60
    while True:
        totals = practice.control.totals()
        found = {name: totals[name] for name in expected}
        if found == expected or time.monotonic() > until:
            break
    practice.control.release()
    assert found == expected


@pytest.mark.parametrize(
    "row",
    [
        *((f"http_{status}_before", InDoubt, True, 0) for status in (500, 502, 503, 504)),
        *((f"http_{status}_after", InDoubt, True, 1) for status in (500, 502, 503, 504)),
        ("reset_before", InDoubt, True, 0),
        ("reset_after", InDoubt, True, 1),
        ("no_answer_before", InDoubt, True, 0),
        ("no_answer_after", InDoubt, True, 1),
        ("truncated", InDoubt, True, 1),
        ("corrupt_json", InDoubt, True, 1),
        ("corrupt_bytes", InDoubt, True, 1),
        ("late_registration", InDoubt, True, 0),
        ("list_lag", InDoubt, True, 1),
        ("quota", Declined, False, 0),
        ("not_found", Declined, False, 0),
        ("rate_limited", Declined, True, 0),
        ("rate_limited_retry_after", Declined, True, 0),
        ("unauthorised", Declined, True, 0),
    ],
)
def test_every_fault_of_a_post_is_one_post_and_the_right_word(
    open_device: Open,
    bell: CircuitBatch,
    practice: Practice,
    row: tuple[str, type[BackendError], bool, int],
) -> None:
    fault, expected, retry, accepted = row
    device = open_device()
    payload = device.freeze(bell, TAG, device.price(bell))
    batch = device.open_batch()
    practice.control.inject(FaultRule("jobs.post", fault, count=None))
    if fault.startswith("no_answer"):
        device._device().connection._adapter._timeout_s = (10.0, 1.0)
    with pytest.raises(expected) as caught:
        device.send(payload, batch)
    assert (type(caught.value), caught.value.retry) == (expected, retry)
    settled(practice, posts=1, accepted=accepted)
    assert "\n" not in str(caught.value)
    if isinstance(caught.value, Declined):
        assert caught.value.after_s == (1.0 if fault == "rate_limited_retry_after" else None)


def test_an_access_token_that_is_refused_is_renewed_once(
    device: ServiceBackend, frozen: Payload, practice: Practice
) -> None:
    batch = device.open_batch()
    practice.control.inject(FaultRule("jobs.post", "unauthorised"))
    with pytest.raises(Declined):
        device.send(frozen, batch)
    tokens = sum(entry["call"] == "token" for entry in practice.control.log())
    device.send(frozen, batch)
    assert sum(entry["call"] == "token" for entry in practice.control.log()) == tokens + 1
    practice.control.inject(FaultRule("jobs.post", "unauthorised", count=None))
    said = []
    for _ in range(2):
        with pytest.raises(Declined) as caught:
            device.send(frozen, batch)
        said.append(caught.value.retry)
    assert said == [True, False]


def test_a_key_that_gets_in_nowhere_is_given_up_after_a_second_try(
    open_device: Open, bell: CircuitBatch, practice: Practice
) -> None:
    device = open_device()
    for call, ask in (("token", device.quota_left), ("backends", device.calibration)):
        practice.control.clear()
        device.close()
        practice.control.inject(FaultRule(call, "unauthorised", count=2))
        said = []
        for _ in range(2):
            with pytest.raises(BackendError) as caught:
                ask()
            said.append(caught.value.retry)
        ask()
        assert said == [True, False]


def test_without_an_access_token_nothing_is_sent(
    open_device: Open, bell: CircuitBatch, practice: Practice
) -> None:
    device = open_device()
    payload = device.freeze(bell, TAG, device.price(bell))
    batch = device.open_batch()
    device._device().connection._bearers[0].forget()
    practice.control.inject(FaultRule("token", "http_503_before"))
    with pytest.raises(NotSent, match="nothing was sent: POST identity/token failed") as caught:
        device.send(payload, batch)
    assert caught.value.retry
    assert practice.control.totals()["posts"] == 0
    assert device.send(payload, batch).job_id  # without the minute that the client would wait
    other = open_device()
    practice.control.inject(FaultRule("token", "http_500_before"))
    with pytest.raises(NotSent, match="nothing was sent") as unconnected:
        other.send(payload, batch)
    assert unconnected.value.retry


def test_what_the_client_would_send_otherwise_is_held_back(
    device: ServiceBackend, frozen: Payload, practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = device.open_batch()
    client = device._device().connection.client
    run = client.program_run

    def send_changed(**changed: Any) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(client, "program_run", lambda **known: run(**{**known, **changed}))
            with pytest.raises(NotSent, match=r"expected to POST the payload .* held back") as caught:
                device.send(frozen, batch)
            assert not caught.value.retry

    send_changed(max_execution_time=9999)
    send_changed(job_tags=["another"])
    send_changed(session_id="another")
    send_changed(backend_name="practice_torino")
    assert practice.control.totals()["posts"] == 0


def test_a_payload_changed_after_its_approval_is_held_back(
    device: ServiceBackend, frozen: Payload, practice: Practice
) -> None:
    changed = frozen.body.data.replace(b'"cost":8', b'"cost":9')
    assert changed != frozen.body.data
    with pytest.raises(ValueError, match="expected bytes with SHA-256"):
        frozen.body.__class__(changed, frozen.digest)
    object.__setattr__(frozen.body, "data", changed)
    with pytest.raises(NotSent, match="held back"):
        device.send(frozen, device.open_batch())
    assert practice.control.totals()["posts"] == 0


def test_a_second_post_in_one_sending_is_held_back(
    device: ServiceBackend, frozen: Payload, practice: Practice
) -> None:
    client, batch = device._device().connection.client, device.open_batch()
    run = client.program_run
    twice = lambda **known: (run(**known), run(**known))  # noqa: E731
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "program_run", twice)
        sent = device.send(frozen, batch)
    assert [job["id"] for job in practice.control.account()["jobs"]] == [sent.job_id]
    assert practice.control.totals()["posts"] == 1


def test_a_job_sent_past_the_submission_is_held_back(
    device: ServiceBackend, frozen: Payload, practice: Practice
) -> None:
    body = json.loads(frozen.body.data)
    connection = device._device().connection
    with pytest.raises(BackendError, match="outside of a submission was held back"):
        connection.call(
            lambda: connection.client.program_run(
                "executor", "practice_boston", body["params"], None, None, None, [TAG]
            )
        )
    assert practice.control.totals()["posts"] == 0


def test_nothing_is_told_of_installed_packages_or_calling_files(
    device: ServiceBackend, frozen: Payload, practice: Practice
) -> None:
    device.send(frozen, device.open_batch())
    told = {entry["headers"].get("x-qx-client-application") for entry in practice.control.log()}
    assert told == {None, "/qiskit"}  # none to the identity service


def test_threads_send_their_own(open_device: Open, bell: CircuitBatch, practice: Practice) -> None:
    device = open_device()
    price = device.price(bell)
    payloads = [device.freeze(bell, f"{TAG}:{k}", price) for k in range(4)]
    batches = [device.open_batch() for _ in payloads]
    sent: dict[int, Any] = {}

    def send(number: int) -> None:
        sent[number] = device.send(payloads[number], batches[number])

    threads = [threading.Thread(target=send, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    jobs = {job["id"]: (job["tags"], job["session"]) for job in practice.control.account()["jobs"]}
    assert {sent[k].job_id: ([f"{TAG}:{k}"], batches[k]) for k in range(4)} == jobs


# what comes back on a plain socket
