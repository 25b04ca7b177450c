"""Whatever a peer sends ends soon, in one line, and is not believed."""

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from backends.ibm_runtime import bounded
from backends.ibm_runtime.bounded import UnusableAnswer
from backends.ibm_runtime.service import ServiceBackend
from backends.ibm_runtime.settings import IbmSettings
from backends.ibm_runtime.transport import CallContext, NoRetryAdapter
from escalation.inputs.settings import Settings
from escalation.model.blob import Blob
from escalation.model.errors import BackendError
from escalation.model.identity import canonical_json
from escalation.model.job_state import JobState
from escalation.model.submission import Payload, RemoteJob
from escalation.ports.paid import Declined, InDoubt, Malformed, NotSent
from escalation.testing.works import sample
from tests.backends.ibm_runtime.hostile import DEVICE, Answer, Hostile, dripping, flooding, http, said

WHOLE_S = 1.0
WORK = sample("circuit_batch").good
MOST = 2**18
FENCE, TAG = "fence-1", "tierwise-tag"
JOB = RemoteJob(job_id="job-1", state=JobState.DONE, batch=FENCE, tags=(TAG,))
Make = Callable[..., tuple[Hostile, ServiceBackend]]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"WHOLE_S": WHOLE_S, "LARGE_S": WHOLE_S, "DOCUMENT_BYTES": MOST}.items():
        monkeypatch.setattr(bounded, name, value)
    monkeypatch.setattr(bounded, "RESULT_BYTES", MOST)


@pytest.fixture
def hostile(tmp_path: Path) -> Iterator[Make]:
    """Starts a service that answers like that, and opens its device."""
    made: list[Any] = []

    def make(answers: dict[str, Answer] | None = None) -> tuple[Hostile, ServiceBackend]:
        server = Hostile(dict(answers or {}))
        known = Settings(home=tmp_path).having(IbmSettings(ibm_url=server.url, usd_per_qpu_s=1.6))
        made.extend((server, ServiceBackend(known, DEVICE, (5.0, 5.0))))
        return made[-2], made[-1]

    yield make
    for each in made:
        each.close()


VERBS: dict[str, tuple[str, Callable[[ServiceBackend], Any]]] = {
    "look": ("GET /jobs/job-1", lambda device: device.look("job-1")),
    "find": ("GET /jobs", lambda device: device.find(TAG, [FENCE])),
    "usage": ("GET /jobs/job-1/metrics", lambda device: device.usage_qpu_s("job-1")),
    "close": ("GET /sessions/fence-1", lambda device: device.close_batch(FENCE)),
    "quota": ("GET /instances/usage", lambda device: device.quota_left()),
}
NONSENSE: dict[str, bytes] = {
    "a page of a portal": http(200, b"<html>Sign in</html>", "Content-Type: text/html"),
    "nothing": http(200, b""),
    "a list": said([1, 2]),
    "null": said(None),
    "an error with 200": said({"errors": [{"message": "not today"}]}),
    "cut off": http(200, b'{"id": "job-1", "jobs": ['),
    "not unicode": http(200, b'{"id": "\xff\xfe"}'),
    "deep": http(200, b'{"jobs":' + b"[" * 100_000),
    "deep and whole": http(200, b'{"a":' * 20_000 + b"1" + b"}" * 20_000),
    "no number": http(200, b'{"id": NaN, "usage": Infinity}'),
    "many digits": http(200, b'{"id": ' + b"9" * 6000 + b"}"),
    "too much": http(200, b'{"id": "' + b"x" * MOST + b'"}'),
    "a bomb": http(200, gzip.compress(b"[" + b" " * 50 * MOST), "Content-Encoding: gzip"),
    "no gzip": http(200, b'{"id": "job-1"}', "Content-Encoding: gzip"),
    "half a gzip": http(200, gzip.compress(b"{" + bytes(range(256)) * 9)[:40], "Content-Encoding: gzip"),
    "odd packing": http(200, b"{}", "Content-Encoding: zstd, br"),
    "a redirect": http(302, b"", "Location: /elsewhere"),
    "an id of another": said({"id": "job-2", "state": {"status": "Completed"}, "jobs": 7}),
}


def refused(verb: Callable[[ServiceBackend], Any], device: ServiceBackend) -> BackendError:
    with pytest.raises(BackendError) as caught:
        verb(device)
    line = str(caught.value)
    assert "\n" not in line
    assert len(line) < 1000
    return caught.value


@pytest.mark.parametrize("name", VERBS)
def test_nonsense_is_an_error_in_one_line_and_may_be_asked_for_again(hostile: Make, name: str) -> None:
    path, verb = VERBS[name]
    server, device = hostile({"PATCH /sessions/fence-1": http(204, b"")})
    for what, answer in NONSENSE.items():
        server.answers[path] = answer
        if what == "an id of another" and name in ("usage", "quota"):
            continue  # they name no job
        if what == "an id of another" and name == "close":
            assert verb(device) is False
            continue
        error = refused(verb, device)
        assert error.retry, what


@pytest.mark.parametrize("call", ["", "/configuration", "/properties", "/status"])
def test_nonsense_about_a_device_is_an_error_in_one_line_or_not_known(hostile: Make, call: str) -> None:
    rows: list[Any] = [7, None, {"name": None}, [], {"name": DEVICE, "practice": 1, "wait_time_seconds": 9}]
    listed = said({"devices": rows})
    server, device = hostile({"GET /backends": listed})
    path = f"GET /backends/{DEVICE}{call}" if call else "GET /backends"
    more = {
        "empty": said({}),
        "odd": said({"gates": 1, "qubits": [[1]], "n_qubits": -1, "basis_gates": None}),
    }
    for what, answer in {**NONSENSE, **more}.items():
        device.close()
        server.answers[path] = answer
        assert device.available() in (None, False), what
        assert device.queue_s() is None, what
        refused(lambda device: device.calibration() or device.price(WORK), device)


ENDLESS: dict[str, Answer] = {
    "a status line by the byte": dripping(b"HTTP/1.1 2", b"0", 0.05),
    "headers by the byte": dripping(HEAD + b"X-A: ", b"a", 0.05),
    "a body by the byte": dripping(HEAD + b'Content-Length: 9000\r\n\r\n{"id": "', b"x", 0.05),
    "pieces by the byte": dripping(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", 0.05),
    "a body without a length": dripping(HEAD + b"\r\n{", b" ", 0.05),
    "be patient": flooding(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a flood": flooding(HEAD + b"\r\n"),
    "a flood of a length": flooding(HEAD + b"Content-Length: 99999999999999\r\n\r\n"),
    "a flood of headers": flooding(HEAD, b"X-A: b\r\n" * 1000),
    "silence": dripping(b"", b"", 0.2),
}


@pytest.mark.parametrize("what", ENDLESS)
def test_an_answer_without_end_ends(hostile: Make, what: str) -> None:
    server, device = hostile({"GET /jobs.*": ENDLESS[what]})
    assert refused(VERBS["look"][1], device).retry
    assert len(server.of("GET", "/jobs.*")) == 1


@pytest.mark.parametrize("what", ["a body by the byte", "a flood of a length"])
def test_a_result_and_a_list_without_end_end(hostile: Make, what: str) -> None:
    server, device = hostile({"GET /jobs.*": ENDLESS[what]})
    for verb in (VERBS["find"][1], lambda device: device.fetch(JOB)):
        assert refused(verb, device).retry
    assert len(server.of("GET", "/jobs.*")) == 2


@pytest.mark.parametrize("begin", [b"\x16\x03\x03\x40\x00", b""])
def test_a_handshake_without_end_ends(begin: bytes) -> None:
    """A TLS record of 16 KiB (RFC 8446, section 5.1) that comes by the byte."""
    server = Hostile(at_once=dripping(begin, b"\x02", 0.05))
    session = requests.Session()
    session.trust_env = False
    adapter = NoRetryAdapter(SimpleNamespace(context=CallContext()), (5.0, 5.0))
    session.mount("https://", adapter)
    try:
        with session, pytest.raises(requests.RequestException) as caught:
            session.get(server.url.replace("http", "https"))
    finally:
        server.close()
    assert isinstance(caught.value, UnusableAnswer) is bool(
        begin
    )  # the other is no TLS, which is seen at once


@pytest.mark.parametrize("what", ["a body by the byte", "a flood", "silence"])
def test_an_identity_service_without_end_lets_nothing_out(hostile: Make, what: str) -> None:
    server, device = hostile({"POST /identity/token": ENDLESS[what]})
    assert refused(VERBS["look"][1], device).retry
    assert server.of("GET", ".*") == []


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b"[" * 9999, b'{"access_token": null}', b'{"access_token": 7}']
)
def test_an_access_token_that_is_none_lets_nothing_out(hostile: Make, body: bytes) -> None:
    server, device = hostile({"POST /identity/token": http(200, body)})
    assert refused(VERBS["look"][1], device).retry
    assert server.of("GET", ".*") == []


def test_neither_token_nor_belief_goes_where_a_redirect_points(hostile: Make) -> None:
    other, _ = hostile({".*": said({"id": "job-1", "state": {"status": "Completed"}})})
    for status in (301, 302, 303, 307, 308):
        server, device = hostile({".* /jobs.*": http(status, b"", f"Location: {other.url}/jobs/job-1")})
        assert isinstance(refused(VERBS["look"][1], device), Malformed)
        assert len(server.of("GET", "/jobs/job-1")) == 1
    assert other.asked == []


# listings


def test_a_listing_that_never_ends_is_given_up_after_few_requests(hostile: Make) -> None:
    pages = iter(range(10**6))

    def page(out: Callable[[bytes], None], _: Any) -> None:
        number = next(pages)
        rows = [{"id": f"job-{number}-{k}", "tags": [TAG], "state": {"status": "Queued"}} for k in range(50)]
        out(said({"jobs": rows, "count": 10**9}))

    server, device = hostile({"GET /jobs": page})
    assert isinstance(refused(VERBS["find"][1], device), Malformed)
    assert len(server.of("GET", "/jobs")) <= 10


def test_a_listing_of_others_is_not_ours(hostile: Make) -> None:
    rows = [{"id": f"job-{k}", "tags": ["theirs"], "session_id": "x", "state": None} for k in range(3)]
    _, device = hostile({"GET /jobs": said({"jobs": rows, "count": 3})})
    assert device.find(TAG, [FENCE]) == ()


# the POST


def payload() -> Payload:
    body = {"program_id": "executor", "backend": DEVICE, "params": {}, "tags": [TAG], "cost": 8}
    return Payload(Blob(canonical_json(body)), DEVICE, circuits=1, shots=1)


def posted(device: ServiceBackend) -> BackendError:
    with pytest.raises((InDoubt, Declined, NotSent)) as caught:
        device.send(payload(), FENCE)
    return caught.value


DOUBTS: dict[str, Answer] = {
    **NONSENSE,
    "no id": said({"id": None}),
    "an id that leads elsewhere": said({"id": "../../sessions/fence-1"}),
    "an id without end": said({"id": "x" * 9000}),
    "an id and an error": said({"id": "job-1", "errors": [{"message": "no"}]}),
    **{
        name: ENDLESS[name]
        for name in ("a status line by the byte", "a body by the byte", "a flood", "silence")
    },
}
DOUBTS.pop("an id of another")  # of a new job that is its name, which `follow` finds out


@pytest.mark.parametrize("what", DOUBTS)
def test_an_answer_to_the_post_that_is_none_is_a_doubt_and_one_post(hostile: Make, what: str) -> None:
    server, device = hostile({"POST /jobs": DOUBTS[what]})
    assert isinstance(posted(device), InDoubt)
    assert len(server.of("POST", "/jobs")) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422, 429])
def test_no_status_is_proof_that_there_is_no_job(hostile: Make, status: int) -> None:
    server, device = hostile({"POST /jobs": said({"errors": [{"message": "no"}]}, status)})
    error = posted(device)
    assert isinstance(error, Declined)
    assert error.retry is (status in (401, 429))
    assert len(server.of("POST", "/jobs")) == 1


@pytest.mark.parametrize(
    ("headers", "after_s"),
    [
        (["Retry-After: 7"], 7.0),
        (["Retry-After: " + "9" * 40], 86400.0),
        (["Retry-After: " + "9" * 4000], None),
        (["Retry-After: -3"], None),
        (["Retry-After: 1e9"], None),
        (["Retry-After: soon"], None),
        (["Retry-After: Wed, 21 Oct 2015 07:28:00 GMT"], 0.0),
        (["Retry-After: Fri, 31 Dec 9999 23:59:59 GMT"], 86400.0),
        # by the service's own clock, two minutes
        (["Date: Wed, 21 Oct 2015 07:28:00 GMT", "Retry-After: Wed, 21 Oct 2015 07:30:00 GMT"], 120.0),
    ],
)
def test_what_the_service_asks_to_wait_is_read_and_bounded(
    hostile: Make, headers: list[str], after_s: float | None
) -> None:
    _, device = hostile({"POST /jobs": http(429, b"{}", *headers)})
    error = posted(device)
    assert isinstance(error, Declined)
    assert error.after_s == after_s


# what follows a job


def test_a_job_is_followed_where_the_device_is_not_to_be_had(hostile: Make) -> None:
    """Retired: it is not listed, and its configuration, properties and status are 404."""
    job = {"id": "job-1", "state": {"status": "Completed"}, "tags": [TAG], "session_id": FENCE}
    usage = {"usage": {"status": "complete", "qpu_charge_time_seconds": 3}, "timestamps": {"running": "soon"}}
    server, device = hostile(
        {
            "GET /backends": said({"devices": []}),
            "GET /jobs": said({"jobs": [job], "count": 1}),
            "GET /jobs/job-1": said(job),
            "GET /jobs/job-1/results": http(200, b"the result"),
            "GET /jobs/job-1/metrics": said(usage),
            "POST /jobs/job-1/cancel": http(409, b""),
            "PATCH /sessions/fence-1": http(204, b""),
            "GET /sessions/fence-1": said({"id": FENCE, "accepting_jobs": False}),
        }
    )
    assert [each.job_id for each in device.find(TAG, [FENCE])] == ["job-1"]
    assert device.look("job-1").state is JobState.DONE
    assert device.fetch(JOB) == b"the result"
    assert device.usage_qpu_s("job-1") == 3.0
    assert device.close_batch(FENCE)
    assert device.calibration_for(JOB) is None
    assert device.facts_of(JOB)["job"] == "job-1"
    assert device.evidence("job-1")["metrics.json"].data == canonical_json(usage)
    device.cancel_job("job-1")
    assert server.of("GET", "/backends.*") == []
    with pytest.raises(NotSent, match="expected a device"):
        device.send(payload(), FENCE)


def test_a_job_is_followed_in_the_account_that_its_payload_was_frozen_for(hostile: Make) -> None:
    job = {"id": "job-1", "state": {"status": "Running"}}
    server, device = hostile({"GET /jobs/job-1": said(job)})
    frozen = {"account": {"instance": "crn:v1:then"}}
    then = device.at(frozen)
    assert then is not None
    assert then is device.at(frozen)
    assert then.at(frozen) is None
    assert then.look("job-1").state is JobState.RUNNING
    device.look("job-1")
    crns = [each.headers["service-crn"] for each in server.of("GET", "/jobs/job-1")]
    assert crns[0] == "crn:v1:then" != crns[1]
    assert device.at({}) is device.at({"account": None}) is None


def test_a_payload_of_another_account_is_not_sent(hostile: Make) -> None:
    server, device = hostile()
    mine = payload()
    other = Payload(mine.body, mine.device, 1, 1, account={"instance": "crn:v1:then"})
    with pytest.raises(NotSent, match="expected the account that was approved"):
        device.send(other, FENCE)
    assert server.of("POST", "/jobs") == []
    assert json.loads(mine.body.data)["backend"] == DEVICE
