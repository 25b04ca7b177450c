"""What the service says of jobs, usage and batches, as our records have it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from backends.ibm_runtime.jobs import charged_s, left_s, listed, moment, ours, remote_job
from escalation.errors import BackendError
from escalation.handoff.model import RemoteJob
from escalation.work import JobState


def said(status: str, **state: Any) -> dict[str, Any]:
    return {"id": "job", "state": {"status": status, **state}, "created": "2026-11-21T10:00:00Z"}


@pytest.mark.parametrize(
    ("told", "state"),
    [
        (said("Queued"), JobState.QUEUED),
        (said("Running"), JobState.RUNNING),
        (said("Completed"), JobState.DONE),
        (said("Failed"), JobState.FAILED),
        (said("Cancelled"), JobState.CANCELLED),
        (said("Cancelled - Ran too long"), JobState.TIMED_OUT),
        # the two spellings that the client knows of the code for a job that its cap ended
        (said("Cancelled", reasonCode=1305), JobState.TIMED_OUT),
        (said("Cancelled", reason_code=1305), JobState.TIMED_OUT),
    ],
)
def test_the_states_of_the_service_are_ours(told: dict[str, Any], state: JobState) -> None:
    assert remote_job(told).state is state


def test_a_job_keeps_what_it_is_known_by() -> None:
    told = {**said("Failed", reason="it\n broke", reasonCode=7), "session_id": "fence", "tags": ["a", "b"]}
    assert remote_job(told) == RemoteJob(
        job_id="job",
        state=JobState.FAILED,
        created_at=datetime(2026, 11, 21, 10, tzinfo=UTC),
        fence="fence",
        tags=("a", "b"),
        reason="error code 7; it broke",
    )


@pytest.mark.parametrize("told", [{}, said("Dreaming"), {"state": {"status": "Queued"}}, {"id": "job"}])
def test_what_is_no_job_is_asked_for_again(told: dict[str, Any]) -> None:
    with pytest.raises(BackendError, match="expected a job with an id and a known state") as caught:
        remote_job(told)
    assert caught.value.retry
    with pytest.raises(BackendError, match="expected a list of jobs"):
        listed({"jobs": None})


def test_jobs_are_ours_by_tag_or_fence_once_each_and_in_order() -> None:
    def job(name: str, hour: int | None, fence: str | None = None, *tags: str) -> RemoteJob:
        at = None if hour is None else datetime(2026, 11, 21, hour, tzinfo=UTC)
        return RemoteJob(job_id=name, state=JobState.QUEUED, created_at=at, fence=fence, tags=tags)

    late, early, dateless = job("a", 12, "x", "t"), job("b", 9, "mine"), job("c", None, None, "t", "u")
    strange = job("d", 8, "x", "tt")
    assert ours([late, strange, dateless, early, late], "t", ["mine"]) == (early, late, dateless)


def test_times_without_a_zone_are_in_utc_and_nonsense_is_none() -> None:
    noon = datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert moment("2026-11-21T12:00:00") == moment("2026-11-21T13:00:00+01:00") == noon
    assert (moment(None), moment("soon")) == (None, None)


@pytest.mark.parametrize(
    ("metrics", "seconds"),
    [
        ({}, None),
        ({"usage": {"status": "pending", "qpu_charge_time_seconds": 3}}, None),
        ({"usage": {"qpu_charge_time_seconds": 3}}, None),  # the client takes no status for pending
        ({"usage": {"status": "complete"}}, None),
        ({"usage": {"status": "complete", "qpu_charge_time_seconds": 3}}, 3.0),
        ({"usage": {"status": "complete", "qpu_charge_time_seconds": 0}}, 0.0),
    ],
)
def test_only_a_final_charge_counts(metrics: dict[str, Any], seconds: float | None) -> None:
    assert charged_s(metrics) == seconds


@pytest.mark.parametrize(
    ("usage", "left"),
    [
        ({}, None),
        ({"usage_limit_seconds": 600, "usage_consumed_seconds": 100}, 500.0),
        ({"usage_allocation_seconds": 60, "usage_consumed_seconds": 100}, 0.0),
        ({"usage_limit_reached": True}, 0.0),
    ],
)
def test_what_a_plan_leaves(usage: dict[str, Any], left: float | None) -> None:
    assert left_s(usage)[0] == left
