"""What the service says of jobs, usage and batches, as our records have it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from backends.ibm_runtime.documents import moment
from backends.ibm_runtime.jobs import all_listed, charged_s, left_s, listed, ours, remote_job
from escalation.model.job_state import JobState
from escalation.model.submission import RemoteJob
from escalation.ports.paid import Malformed


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
        batch="fence",
        tags=("a", "b"),
        reason="error code 7; it broke",
    )


@pytest.mark.parametrize(
    "told",
    [
        {},
        said("Dreaming"),
        {"state": {"status": "Queued"}},
        {"id": "job"},
        {**said("Queued"), "id": None},
        {**said("Queued"), "id": "another"},
        {**said("Queued"), "id": "../../tokens"},
        {**said("Queued"), "id": "j" * 5000},
        {**said("Queued"), "id": 7},
        {**said("Queued"), "state": ["Queued"]},
        {**said("Queued"), "tags": "all of them"},
        {**said("Queued"), "tags": [None]},
        {**said("Queued"), "tags": ["t"] * 101},
        {**said("Queued"), "session_id": {"id": "x"}},
    ],
)
def test_what_is_no_job_or_another_is_asked_for_again(told: dict[str, Any]) -> None:
    with pytest.raises(Malformed) as caught:
        remote_job(told, "job")
    assert caught.value.retry
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_null_fields_and_odd_times_are_what_is_not_known() -> None:
    told = {**said("Running"), "tags": None, "session_id": None, "created": "9999-12-31T23:59:59-14:00"}
    assert remote_job(told, "job") == RemoteJob(job_id="job", state=JobState.RUNNING)
    assert (
        moment("0001-01-01T00:00:00+14:00") is moment("2999-01-01T00:00:00") is moment("1999-01-01") is None
    )


def page(*names: str, count: Any = None) -> dict[str, Any]:
    return {"jobs": [{**said("Queued"), "id": name} for name in names], "count": count}


def test_a_list_is_read_to_its_end_each_job_once() -> None:
    pages = {0: page("a", "b", count=3), 2: page("b", "c", count=3)}
    assert [job.job_id for job in all_listed(pages.__getitem__, 2)] == ["a", "b", "c"]
    told = {0: page("a", "b"), 2: page()}
    assert [job.job_id for job in all_listed(told.__getitem__, 2)] == ["a", "b"]


def test_a_job_that_is_listed_is_there_whatever_its_state() -> None:
    told = page("a", count=1)
    told["jobs"][0]["state"] = {"status": "Dreaming"}
    assert [job.state for job in all_listed(lambda _: told, 2)] == [JobState.QUEUED]


@pytest.mark.parametrize("count", [None, 10**9, "many", float("nan")])
@pytest.mark.parametrize("new", [False, True])
def test_a_list_that_does_not_end_is_given_up(count: Any, new: bool) -> None:
    asked = []

    def ask(skip: int) -> dict[str, Any]:
        asked.append(skip)
        return page(*(f"{len(asked) if new else 0}-{k}" for k in range(50)), count=count)

    with pytest.raises(Malformed, match="does not end" if new else "repeats itself"):
        all_listed(ask, 50)
    assert len(asked) <= 10


def test_a_list_that_leaves_out_what_it_counts_does_not_say_that_there_is_nothing() -> None:
    with pytest.raises(Malformed, match="has 0 and counts 1"):
        all_listed(lambda _: page(count=1), 50)


@pytest.mark.parametrize("jobs", [None, "jobs", [None], ["job"], [{}], [said("Queued")] * 51])
def test_a_page_that_is_none_is_given_up(jobs: Any) -> None:
    with pytest.raises(Malformed):
        listed({"jobs": jobs}, 50)


def test_jobs_are_ours_by_tag_or_fence_once_each_and_in_order() -> None:
    def job(name: str, hour: int | None, batch: str | None = None, *tags: str) -> RemoteJob:
        at = None if hour is None else datetime(2026, 11, 21, hour, tzinfo=UTC)
        return RemoteJob(job_id=name, state=JobState.QUEUED, created_at=at, batch=batch, tags=tags)

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
        ({"usage": {"status": "complete", "qpu_charge_time_seconds": 3}}, 3.0),
        ({"usage": {"status": "complete", "qpu_charge_time_seconds": 0}}, 0.0),
    ],
)
def test_only_a_final_charge_counts(metrics: dict[str, Any], seconds: float | None) -> None:
    assert charged_s(metrics) == seconds


@pytest.mark.parametrize("told", [float("nan"), float("inf"), -1, "3", [3], True, 10**400])
def test_a_charge_that_is_no_number_of_seconds_is_not_believed(told: Any) -> None:
    with pytest.raises(Malformed, match="expected seconds, at least 0"):
        charged_s({"usage": {"status": "complete", "qpu_charge_time_seconds": told}})
    with pytest.raises(Malformed, match="expected seconds, at least 0"):
        left_s({"usage_limit_seconds": 600, "usage_consumed_seconds": told})


def test_a_final_charge_that_names_no_seconds_is_not_believed_either() -> None:
    with pytest.raises(Malformed, match="expected seconds, at least 0"):
        charged_s({"usage": {"status": "complete"}})


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
