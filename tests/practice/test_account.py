"""The account is exact: what came, what was accepted, ran and would have been charged, what was delivered."""

import contextlib
import hashlib
import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from qiskit_ibm_runtime.executor_sampler import Sampler

from practice import FaultRule, Practice


def test_a_post_is_kept_with_its_digest_tags_batch_and_headers(served_here: Practice, raw: Any) -> None:
    session = raw.json("POST", "/sessions", {"mode": "batch", "backend": "practice_boston"})["id"]
    sent = {
        "program_id": "sampler", "backend": "practice_boston", "params": {"pubs": []},
        "tags": ["a", "b"], "session_id": session, "cost": 7,
    }  # fmt: skip
    job = raw.json("POST", "/jobs", sent)["id"]
    (post,) = served_here.control.account()["posts"]
    assert post["digest"] == hashlib.sha256(json.dumps(sent).encode()).hexdigest()
    assert (post["tags"], post["session"], post["cost_s"]) == (["a", "b"], session, 7)
    assert (post["outcome"], post["job"], post["status"], post["delivery"]) == ("accepted", job, 200, "whole")
    assert post["headers"]["authorization"] == "Bearer (not kept)"


def test_no_token_is_kept(served_here: Practice, client: Any, bell: Any) -> None:
    Sampler(mode=client.backend("practice_boston")).run([bell], shots=10)
    access = client._active_api_client._session.auth.tm.get_token()
    text = json.dumps(served_here.control.log()) + json.dumps(served_here.control.account())
    assert served_here.token not in text
    assert access not in text
    assert any(entry["call"] == "token" for entry in served_here.control.log())


def test_what_the_clients_header_tells_can_be_seen(served_here: Practice, client: Any, bell: Any) -> None:
    Sampler(mode=client.backend("practice_boston")).run([bell], shots=10)
    (post,) = served_here.control.account()["posts"]
    assert "x-qx-client-application" in post["headers"]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client retries at once, where it would wait up to 16 s."""
    monkeypatch.setattr("urllib3.util.retry.Retry.get_backoff_time", lambda self: 0.0)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("jobs", [2, 6])
def test_the_clients_own_retries_turn_one_error_into_several_paid_jobs(
    served_here: Practice, client: Any, bell: Any, jobs: int
) -> None:
    """What the submission is there to prevent: accepted, answered with 500, posted again."""
    backend = client.backend("practice_boston")
    served_here.control.inject(FaultRule("jobs.post", "http_500_after", count=1 if jobs == 2 else None))
    made = Sampler(mode=backend)
    if jobs == 6:
        with pytest.raises(Exception, match="too many 500"):
            made.run([bell], shots=10)
    else:
        assert made.run([bell], shots=10).result(timeout=120) is not None
    account = served_here.control.account()
    assert [post["outcome"] for post in account["posts"]] == ["accepted"] * jobs
    assert len({post["digest"] for post in account["posts"]}) == 1
    assert account["totals"]["paid"] == jobs


@pytest.mark.parametrize("fault", ["truncated", "reset_before", "corrupt_json", "http_500_before"])
def test_a_result_is_delivered_when_all_of_it_was_sent(served_here: Practice, raw: Any, fault: str) -> None:
    job = raw.post_job()
    raw.json("GET", f"/jobs/{job}")
    served_here.control.inject(FaultRule("results", fault))
    with contextlib.suppress(ConnectionResetError, http.client.IncompleteRead):
        raw("GET", f"/jobs/{job}/results")
    assert served_here.control.totals()["delivered"] == 0
    raw.json("GET", f"/jobs/{job}/results")
    assert served_here.control.totals()["delivered"] == 1


def test_calls_that_do_not_exist_are_kept_too(served_here: Practice, raw: Any) -> None:
    assert raw("GET", "/workloads")[0] == 404
    (entry,) = served_here.control.log()
    assert (entry["call"], entry["target"], entry["status"]) == (None, "/workloads", 404)


def test_calls_without_a_token_are_refused(served_here: Practice, raw: Any) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", raw.port, timeout=60)
    connection.request("GET", "/backends")
    assert connection.getresponse().status == 401
    connection.close()


@pytest.mark.parametrize(
    "body", [b"no json", b"[]", b"{}", b'{"program_id": "sampler", "backend": "ibm_boston"}']
)
def test_what_is_no_job_is_refused(served_here: Practice, raw: Any, body: bytes) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", raw.port, timeout=60)
    connection.request("POST", "/jobs", body, {"Authorization": "Bearer practice"})
    assert connection.getresponse().status in (400, 404)
    connection.close()
    assert [post["outcome"] for post in served_here.control.account()["posts"]] == ["refused"]


def test_a_reset_forgets_everything(served_here: Practice, raw: Any) -> None:
    served_here.control.inject(FaultRule("jobs.list", "not_found", count=None))
    raw.post_job()
    served_here.control.drift("practice_boston", 2.0)
    served_here.control.advance(3600)
    served_here.control.reset()
    account = served_here.control.account()
    assert (account["posts"], account["jobs"], account["sessions"]) == ([], [], [])
    assert served_here.control.faults() == []
    about = served_here.control.about()
    assert about["devices"][0]["calibrations"] == ["practice_boston-calibration-0"]
    assert raw.json("GET", "/jobs")["count"] == 0


def test_the_account_is_exact_when_many_submit_at_once(served_here: Practice, raw: Any) -> None:
    served_here.control.inject(FaultRule("jobs.post", "http_500_before", nth=11, count=10))
    session = raw.json("POST", "/sessions", {"mode": "batch", "backend": "practice_boston"})["id"]
    sent = {
        "program_id": "sampler",
        "backend": "practice_boston",
        "params": {"pubs": []},
        "session_id": session,
    }
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: raw("POST", "/jobs", sent), range(80)))
    told = {json.loads(body)["id"] for status, body, _ in answers if status == 200}
    account = served_here.control.account()
    assert {job["id"] for job in account["jobs"]} == told
    assert len(told) == 70
    assert sorted(post["outcome"] for post in account["posts"]) == ["accepted"] * 70 + ["lost"] * 10
    assert [entry["number"] for entry in served_here.control.log()] == list(range(1, 82))
