"""Every fault at every call where it makes sense, as a raw call sees it, and whether the call took effect."""

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

import practice
from practice import FaultRule, Practice
from practice.calls import Delivery, Fault, FaultStage, ServiceCall
from practice.faults import ALL, BY_NAME, MISLEADING, OVERSIZED

QUICK: dict[str, dict[str, Any]] = {
    "slow": {"delay_s": 0.01},
    "drip": {"every_s": 0.0, "head": True},
    "huge": {"megabytes": 2},
    "bomb": {"megabytes": 2},
    "deep_json": {"levels": 50},
}
ALIKE = {
    *(f"http_{status}_{stage}" for status in (502, 503, 504) for stage in ("before", "after")),
    *(fault.name for fault in (*MISLEADING, *OVERSIZED)),
}
"""These differ from `http_500_…` by their answer alone, and strike in the same way."""
SOME = (ServiceCall.JOBS_POST, ServiceCall.JOBS_LIST)
STRIKES = [
    (fault, call)
    for fault in ALL
    for call in (fault.calls if fault.name not in ALIKE else SOME)
    if fault.stage is not FaultStage.STORY and call in fault.calls and fault.name != "token_expired"
]


@dataclass(frozen=True)
class Scene:
    """A batch with a finished job, and a job that waits."""

    session: str
    finished: str
    waiting: str


@pytest.fixture
def scene(served_here: Practice, raw: Any) -> Scene:
    served_here.control.reset(hang_s=0.05)
    session = raw.json("POST", "/sessions", {"mode": "batch", "backend": "practice_boston"})["id"]
    finished = raw.post_job(session_id=session)
    assert raw.json("GET", f"/jobs/{finished}")["status"] == "Completed"
    served_here.control.inject(FaultRule("jobs.post", "device_down", params={"polls": 1000}))
    return Scene(session, finished, raw.post_job())


def target(call: ServiceCall, scene: Scene) -> tuple[str, str, Any]:
    """Method, path and body of a call."""
    job = f"/jobs/{scene.finished}"
    device = "/backends/practice_boston"
    known: dict[ServiceCall, tuple[str, str, Any]] = {
        ServiceCall.TOKEN: ("POST", "/identity/token", None),
        ServiceCall.BACKENDS: ("GET", "/backends", None),
        ServiceCall.CONFIGURATION: ("GET", f"{device}/configuration", None),
        ServiceCall.PROPERTIES: ("GET", f"{device}/properties", None),
        ServiceCall.STATUS: ("GET", f"{device}/status", None),
        ServiceCall.USAGE: ("GET", "/instances/usage", None),
        ServiceCall.JOBS_POST: (
            "POST",
            "/jobs",
            {"program_id": "sampler", "backend": "practice_torino", "params": {}},
        ),
        ServiceCall.JOBS_LIST: ("GET", "/jobs", None),
        ServiceCall.JOBS_GET: ("GET", job, None),
        ServiceCall.JOBS_DELETE: ("DELETE", job, None),
        ServiceCall.RESULTS: ("GET", f"{job}/results", None),
        ServiceCall.METRICS: ("GET", f"{job}/metrics", None),
        ServiceCall.LOGS: ("GET", f"{job}/logs", None),
        ServiceCall.CANCEL: ("POST", f"/jobs/{scene.waiting}/cancel", None),
        ServiceCall.TAGS: ("PUT", f"{job}/tags", {"tags": ["changed"]}),
        ServiceCall.SESSIONS_POST: ("POST", "/sessions", {"mode": "batch", "backend": "practice_torino"}),
        ServiceCall.SESSIONS_GET: ("GET", f"/sessions/{scene.session}", None),
        ServiceCall.SESSIONS_PATCH: ("PATCH", f"/sessions/{scene.session}", {"accepting_jobs": False}),
        ServiceCall.SESSIONS_CLOSE: ("DELETE", f"/sessions/{scene.session}/close", None),
    }
    return known[call]


def took_effect(call: ServiceCall, scene: Scene, served: Practice, raw: Any) -> bool:
    """Whether the call changed what it is there to change."""
    account = served.control.account()
    jobs = {job["id"]: job for job in account["jobs"]}
    by_call: dict[ServiceCall, Callable[[], bool]] = {
        ServiceCall.JOBS_POST: lambda: len(jobs) == 3,
        ServiceCall.JOBS_DELETE: lambda: raw("GET", f"/jobs/{scene.finished}")[0] == 404,
        ServiceCall.CANCEL: lambda: jobs[scene.waiting]["state"] == "Cancelled",
        ServiceCall.TAGS: lambda: jobs[scene.finished]["tags"] == ["changed"],
        ServiceCall.SESSIONS_POST: lambda: len(account["sessions"]) == 2,
        ServiceCall.SESSIONS_PATCH: lambda: not account["sessions"][0]["accepting_jobs"],
        ServiceCall.SESSIONS_CLOSE: lambda: not account["sessions"][0]["accepting_jobs"],
    }
    return by_call[call]()


def answer_of(raw: Any, method: str, path: str, data: Any) -> tuple[int, bytes, dict[str, str]] | str:
    """The answer, or how the connection ended without one."""
    try:
        found: tuple[int, bytes, dict[str, str]] = raw(method, path, data)
    except http.client.RemoteDisconnected:  # which is a ConnectionResetError, too
        return "closed"
    except ConnectionResetError:
        return "reset"
    except http.client.IncompleteRead:
        return "cut"
    return found


def check_answer(fault: Fault, got: tuple[int, bytes, dict[str, str]] | str) -> None:
    endings = {Delivery.RESET: "reset", Delivery.SILENT: "closed", Delivery.TRUNCATED: "cut"}
    if fault.delivery in endings:
        assert got == endings[fault.delivery]
        return
    assert not isinstance(got, str)
    status, body, headers = got
    if fault.status is not None:
        assert status == fault.status
        assert ("Retry-After" in headers) is any(name.startswith("retry_after") for name in fault.defaults)
        assert ("Location" in headers) is fault.name.startswith("redirect")
    else:
        assert status in (200, 204)
        check_body(fault, body)


def check_body(fault: Fault, body: bytes) -> None:
    if fault.name == "corrupt_json":
        with pytest.raises(json.JSONDecodeError):
            json.loads(body)
    elif fault.name == "corrupt_bytes":
        with pytest.raises(UnicodeDecodeError):
            body.decode()
    elif fault.name == "usage_pending":
        assert json.loads(body)["usage"] == {
            "status": "pending", "seconds": 0, "quantum_seconds": 0, "qpu_charge_time_seconds": 0,
        }  # fmt: skip
    elif fault.name == "device_offline":
        data = json.loads(body)
        assert data.get("state") is False or data["devices"][0]["status"]["name"] == "offline"


@pytest.mark.parametrize(("fault", "call"), STRIKES, ids=lambda each: getattr(each, "name", str(each)))
def test_fault_does_what_it_says_once_and_only_there(
    fault: Fault, call: ServiceCall, scene: Scene, served_here: Practice, raw: Any
) -> None:
    served_here.control.inject(FaultRule(call, fault.name, params=QUICK.get(fault.name, {})))
    method, path, data = target(call, scene)
    check_answer(fault, answer_of(raw, method, path, data))
    if method != "GET" and call is not ServiceCall.TOKEN:
        assert took_effect(call, scene, served_here, raw) is (fault.stage is not FaultStage.BEFORE)
    last = [entry for entry in served_here.control.log() if entry["call"] == call][-1]
    assert last["fault"] == fault.name
    if method == "GET":  # the next one is answered rightly
        status, _, _ = raw(method, path)
        assert status == 200
    assert not [entry for entry in served_here.control.log() if entry["outcome"] == "bug"]


def test_an_unanswered_call_ends_when_it_is_released(served_here: Practice, raw: Any) -> None:
    served_here.control.reset(FaultRule("backends", "no_answer_before", count=None), hang_s=3600.0)
    with pytest.raises(TimeoutError):
        raw("GET", "/backends", timeout_s=0.2)
    with releasing(served_here), pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        raw("GET", "/backends")


@contextmanager
def releasing(served: Practice) -> Iterator[None]:
    """Releases answers again and again, as nobody can see from outside when a call is left without one."""
    done = threading.Event()

    def release() -> None:
        while not done.wait(0.05):
            served.control.release()

    thread = threading.Thread(target=release)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def test_altered_results_are_good_json_of_a_shape_that_the_data_do_not_have(
    served_here: Practice, client: Any, bell: Any
) -> None:
    from pydantic import ValidationError
    from qiskit_ibm_runtime.executor_sampler import Sampler

    served_here.control.inject(FaultRule("results", "altered"))
    job = Sampler(mode=client.backend("practice_boston")).run([bell], shots=16)
    with pytest.raises(ValidationError, match="inconsistent with"):
        job.result(timeout=120)
    assert served_here.control.totals()["delivered"] == 0
    assert client.job(job.job_id()).result(timeout=120) is not None
    assert served_here.control.totals()["delivered"] == 1


def test_rules_count_from_when_they_were_given(served_here: Practice, raw: Any) -> None:
    raw("GET", "/jobs")
    served_here.control.inject(FaultRule("jobs.list", "http_503_before", nth=2, count=2))
    assert [raw("GET", "/jobs")[0] for _ in range(5)] == [200, 503, 503, 200, 200]
    served_here.control.inject(FaultRule("jobs.list", "not_found", count=None))
    assert [raw("GET", "/jobs")[0] for _ in range(3)] == [404, 404, 404]
    assert [(rule["seen"], rule["fired"]) for rule in served_here.control.faults()] == [(8, 2), (3, 3)]
    served_here.control.clear()
    assert raw("GET", "/jobs")[0] == 200


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"call": "jobs.post", "fault": "nonsense"}, "nonsense"),
        ({"call": "jobs.list", "fault": "job_fails"}, "job_fails makes sense at jobs.post"),
        ({"call": "jobs.list", "fault": "slow", "nth": 0}, "at least 1"),
        ({"call": "jobs.list", "fault": "slow", "params": {"dealy_s": 1}}, "dealy_s"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(raw: Any, rule: dict[str, Any], said: str) -> None:
    status, body, _ = raw("POST", "/practice/faults", {"rules": [rule]})
    assert status == 400
    assert said in body.decode()


def test_the_table_says_which_faults_break_an_assumption_of_the_submission() -> None:
    broken = {fault.name: fault.violates for fault in practice.ALL if fault.violates}
    assert broken == {
        "late_registration_ignores_fence": "a closed batch rejects a late POST",
        "list_lag_beyond_settling": "listing lag is below the settling time",
        "usage_revised": "a bill that is said to be final stays as it is",
    }
    assert len(BY_NAME) == len(ALL)
    assert all(fault.summary and fault.calls for fault in ALL)
