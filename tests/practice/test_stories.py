"""Faults whose harm comes later: what becomes of a job that was answered for, or was not."""

import time
from typing import Any

import pytest

from practice import FaultRule, Practice


def ids(raw: Any, query: str = "") -> list[str]:
    """The jobs that a list shows."""
    return [job["id"] for job in raw.json("GET", f"/jobs{query}")["jobs"]]


def batch(raw: Any) -> str:
    return str(raw.json("POST", "/sessions", {"mode": "batch", "backend": "practice_boston"})["id"])


def close(raw: Any, session: str) -> None:
    raw.json("PATCH", f"/sessions/{session}", {"accepting_jobs": False})


def outcomes(served: Practice) -> list[str]:
    return [post["outcome"] for post in served.control.account()["posts"]]


def post(raw: Any, **more: Any) -> int:
    """The status of a submission."""
    job = {"program_id": "sampler", "backend": "practice_boston", "params": {"pubs": []}}
    return int(raw("POST", "/jobs", job | more)[0])


def test_a_late_job_appears_after_the_lists_it_was_told_to_wait_for(served_here: Practice, raw: Any) -> None:
    served_here.control.inject(FaultRule("jobs.post", "late_registration", params={"after_lists": 2}))
    assert post(raw) == 504
    assert [len(ids(raw)) for _ in range(3)] == [0, 0, 1]
    assert outcomes(served_here) == ["accepted late"]


def test_a_late_job_appears_after_its_time(served_here: Practice, raw: Any) -> None:
    late = {"after_lists": 0, "after_s": 3600.0}
    served_here.control.inject(FaultRule("jobs.post", "late_registration", params=late))
    post(raw)
    assert ids(raw) == []
    assert outcomes(served_here) == ["late"]
    served_here.control.advance(3600)
    assert len(ids(raw)) == 1


def test_a_late_job_is_taken_on_after_an_unanswered_client_has_gone(served_here: Practice, raw: Any) -> None:
    late = {"after_lists": 0, "answer": "silent"}
    served_here.control.reset(FaultRule("jobs.post", "late_registration", params=late), hang_s=3600.0)
    with pytest.raises(TimeoutError):
        raw("POST", "/jobs", {"program_id": "sampler", "backend": "practice_boston"}, timeout_s=0.2)
    deadline = time.monotonic() + 60
    while outcomes(served_here) != ["accepted late"] and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(ids(raw)) == 1


def test_a_batch_that_was_closed_meanwhile_refuses_the_late_job(served_here: Practice, raw: Any) -> None:
    session = batch(raw)
    served_here.control.inject(FaultRule("jobs.post", "late_registration"))
    post(raw, session_id=session)
    close(raw, session)
    assert [ids(raw, f"?session_id={session}") for _ in range(3)] == [[], [], []]
    assert outcomes(served_here) == ["refused late"]
    assert served_here.control.totals()["accepted"] == 0


def test_a_service_that_ignores_the_fence_takes_the_late_job_on(served_here: Practice, raw: Any) -> None:
    session = batch(raw)
    served_here.control.inject(FaultRule("jobs.post", "late_registration_ignores_fence"))
    post(raw, session_id=session)
    close(raw, session)
    assert [len(ids(raw, f"?session_id={session}")) for _ in range(3)] == [0, 1, 1]


@pytest.mark.parametrize(("accepts", "status"), [(False, 409), (True, 200)])
def test_whether_a_closed_batch_takes_jobs_can_be_set(
    served_here: Practice, raw: Any, accepts: bool, status: int
) -> None:
    served_here.control.reset(closed_batch_accepts=accepts)
    session = batch(raw)
    close(raw, session)
    assert post(raw, session_id=session) == status


def test_a_job_lags_behind_in_lists_and_is_there_all_the_same(served_here: Practice, raw: Any) -> None:
    served_here.control.inject(FaultRule("jobs.post", "list_lag", params={"lists": 2, "answer": "right"}))
    job = raw.post_job()
    assert raw.json("GET", f"/jobs/{job}")["status"] == "Completed"
    assert [len(ids(raw)) for _ in range(3)] == [0, 0, 1]


def test_a_job_lags_behind_for_a_time(served_here: Practice, raw: Any) -> None:
    served_here.control.inject(FaultRule("jobs.post", "list_lag", params={"lists": 0, "seconds": 60.0}))
    assert post(raw) == 504
    assert ids(raw) == []
    served_here.control.advance(60)
    assert len(ids(raw)) == 1


def states(raw: Any, job: str, polls: int) -> list[str]:
    return [raw.json("GET", f"/jobs/{job}")["status"] for _ in range(polls)]


def test_a_device_goes_down_with_the_job_and_comes_back(served_here: Practice, raw: Any) -> None:
    served_here.control.inject(FaultRule("jobs.post", "device_down"))
    job = raw.post_job()
    assert raw.json("GET", "/backends/practice_boston/status")["state"] is False
    assert states(raw, job, 3) == ["Queued", "Queued", "Completed"]
    assert raw.json("GET", "/backends/practice_boston/status")["state"] is True


def test_jobs_wait_while_their_device_is_down(served_here: Practice, raw: Any) -> None:
    served_here.control.set_up("practice_boston", False)
    job = raw.post_job()
    assert states(raw, job, 2) == ["Queued", "Queued"]
    served_here.control.set_up("practice_boston", True)
    assert states(raw, job, 1) == ["Completed"]


@pytest.mark.parametrize(
    ("fault", "seen", "ran"),
    [
        ("job_fails", ["Failed", "Failed"], 1),
        ("job_cancelled_by_operator", ["Queued", "Cancelled"], 0),
        ("job_ran_too_long", ["Cancelled", "Cancelled"], 1),
    ],
)
def test_a_job_ends_badly_and_says_why(
    served_here: Practice, raw: Any, fault: str, seen: list[str], ran: int
) -> None:
    served_here.control.inject(FaultRule("jobs.post", fault))
    job = raw.post_job()
    assert states(raw, job, 2) == seen
    assert "practice" in raw.json("GET", f"/jobs/{job}")["state"]["reason"]
    totals = served_here.control.totals()
    assert (totals["ran"], totals["completed"]) == (ran, 0)


def test_usage_is_pending_for_as_many_calls_as_set(served_here: Practice, raw: Any) -> None:
    served_here.control.reset(usage_pending_calls=2)
    job = raw.post_job()
    served_here.control.totals()
    said = [raw.json("GET", f"/jobs/{job}/metrics")["usage"]["status"] for _ in range(3)]
    assert said == ["pending", "pending", "complete"]


def test_a_job_leaves_the_queue_after_its_polls_or_its_time_or_when_released(
    served_here: Practice, raw: Any
) -> None:
    served_here.control.reset(queue_polls=2)
    assert states(raw, raw.post_job(), 3) == ["Queued", "Queued", "Completed"]
    served_here.control.reset(queue_s=60.0)
    job = raw.post_job()
    assert states(raw, job, 2) == ["Queued", "Queued"]
    served_here.control.advance(60)
    assert states(raw, job, 1) == ["Completed"]
    served_here.control.reset(hold=True)
    first, second = raw.post_job(), raw.post_job()
    served_here.control.release(second)
    assert states(raw, first, 1) + states(raw, second, 1) == ["Queued", "Completed"]


def test_cancelling_a_session_cancels_what_is_queued_in_it(served_here: Practice, raw: Any) -> None:
    served_here.control.reset(hold=True)
    session = batch(raw)
    inside, outside = raw.post_job(session_id=session), raw.post_job()
    assert raw.json("GET", f"/sessions/{session}")["state"] == "active"
    raw.json("DELETE", f"/sessions/{session}/close")
    assert states(raw, inside, 1) + states(raw, outside, 1) == ["Cancelled", "Queued"]
    assert raw.json("GET", f"/sessions/{session}")["state"] == "closed"
