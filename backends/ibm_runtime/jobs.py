"""From what the service says of jobs, batches and usage to our records. Pure."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from escalation.errors import BackendError
from escalation.handoff.model import RemoteJob
from escalation.model import in_utc
from escalation.work import JobState

STATES = {
    "queued": JobState.QUEUED,
    "running": JobState.RUNNING,
    "completed": JobState.DONE,
    "failed": JobState.FAILED,
    "cancelled": JobState.CANCELLED,
    "cancelled - ran too long": JobState.TIMED_OUT,
}
RAN_TOO_LONG = 1305
"""Reason code of a job that its cap ended (`qiskit_ibm_runtime/runtime_job_v2.py`, 0.51)."""


def remote_job(said: Mapping[str, Any]) -> RemoteJob:
    """Reads a job as the service tells of it.

    Raises:
        escalation.errors.BackendError: with `retry`, when it has no id or no state that is known.
    """
    told = said.get("state") or {}
    status = str(told.get("status") or said.get("status") or "")
    state = STATES.get(status.lower())
    if state is None or not said.get("id"):
        raise BackendError(f"expected a job with an id and a known state, got state {status!r}", retry=True)
    code = told.get("reasonCode") or told.get("reason_code")
    if state is JobState.CANCELLED and code == RAN_TOO_LONG:
        state = JobState.TIMED_OUT
    words = [f"error code {code};" if code else "", str(told.get("reason") or "")]
    return RemoteJob(
        job_id=str(said["id"]),
        state=state,
        created_at=moment(said.get("created")),
        fence=said.get("session_id"),
        tags=tuple(said.get("tags") or ()),
        reason=" ".join(" ".join(words).split()) if state not in (JobState.DONE, JobState.QUEUED) else "",
    )


def listed(page: Mapping[str, Any]) -> list[RemoteJob]:
    """Reads a page of jobs; raises `BackendError` with `retry` when it is none."""
    rows = page.get("jobs")
    if not isinstance(rows, list):
        raise BackendError("expected a list of jobs from the service, got none", retry=True)
    return [remote_job(each) for each in rows]


def moment(text: Any) -> datetime | None:
    """Reads a time of the service; one without a zone is in UTC. None where there is none."""
    try:
        return in_utc(datetime.fromisoformat(str(text)))
    except (ValueError, OverflowError):
        return None


def ours(jobs: Iterable[RemoteJob], tag: str, fences: Iterable[str]) -> tuple[RemoteJob, ...]:
    """Returns the jobs with the tag or in one of the fences, each once, earliest first."""
    wanted = set(fences)
    found = {job.job_id: job for job in jobs if tag in job.tags or job.fence in wanted}
    late = datetime.max.replace(tzinfo=UTC)
    return tuple(sorted(found.values(), key=lambda job: (job.created_at or late, job.job_id)))


def charged_s(metrics: Mapping[str, Any]) -> float | None:
    """Reads the seconds charged; None while they are pending, as the client's `job.usage()` has it."""
    usage = metrics.get("usage") or {}
    if usage.get("status", "pending") == "pending":
        return None
    seconds = usage.get("qpu_charge_time_seconds")
    return float(seconds) if isinstance(seconds, int | float) else None


def left_s(usage: Mapping[str, Any]) -> tuple[float | None, str]:
    """Reads the seconds that an instance has left, as the client's `service.usage()`, and a word on it."""
    limit = usage.get("usage_limit_seconds") or usage.get("usage_allocation_seconds")
    used = float(usage.get("usage_consumed_seconds") or 0.0)
    if usage.get("usage_limit_reached"):
        return 0.0, "the service says that the limit is reached"
    if limit is None:
        return None, "the service tells no limit"
    return max(0.0, float(limit) - used), f"{used:g} s of {float(limit):g} s used"
