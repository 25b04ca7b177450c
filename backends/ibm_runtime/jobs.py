"""From what the service says of jobs, batches and usage to our records. Pure."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from backends.ibm_runtime.documents import field, identity, moment, seconds, shown, texts
from escalation.model.job_state import JobState
from escalation.model.submission import RemoteJob
from escalation.ports.paid import Malformed
from escalation.text.rounding import rounded

STATES = {
    "queued": JobState.QUEUED,
    "running": JobState.RUNNING,
    "completed": JobState.DONE,
    "failed": JobState.FAILED,
    "cancelled": JobState.CANCELLED,
    "cancelled - ran too long": JobState.TIMED_OUT,
}
MOST = 500
"""Jobs that the list of one submission may have."""
REASON = 500
"""Characters of a reason that are kept."""
RAN_TOO_LONG = 1305
"""Reason code of a job that its cap ended (`qiskit_ibm_runtime/runtime_job_v2.py`, 0.51)."""


def remote_job(document: Mapping[str, Any], asked: str | None = None) -> RemoteJob:
    """Reads a job as the service tells of it.

    Args:
        said: the service's record.
        asked: the id that was asked about; None in a listing, where a state that is not known counts as
            queued, because a job that is listed is there.

    Raises:
        escalation.ports.paid.Malformed: when it is no job, or another than was asked about.
    """
    name = identity(document.get("id"), "a job")
    if asked is not None and name != asked:
        raise Malformed(f"job {asked}: the service answered about job {name}")
    what = f"job {name}"
    state_document = document.get("state")
    state_document = (
        field(document, "state", what) if not isinstance(state_document, str) else {"status": state_document}
    )
    status = str(state_document.get("status") or document.get("status") or "")
    state = STATES.get(status.lower())
    if state is None and asked is not None:
        raise Malformed(f"{what}: expected a state that is known, got {shown(status)}")
    code = state_document.get("reasonCode") or state_document.get("reason_code")
    if state is JobState.CANCELLED and code == RAN_TOO_LONG:
        state = JobState.TIMED_OUT
    words = [
        f"error code {code};" if isinstance(code, int) else "",
        str(state_document.get("reason") or "")[:REASON],
    ]
    batch = document.get("session_id")
    return RemoteJob(
        job_id=name,
        state=state or JobState.QUEUED,
        created_at=moment(document.get("created")),
        batch=None if batch is None else identity(batch, f"the batch of {what}"),
        tags=texts(document.get("tags"), f"the tags of {what}"),
        reason=" ".join(" ".join(words).split()) if state not in (JobState.DONE, JobState.QUEUED) else "",
    )


def listed(page: Mapping[str, Any], most: int) -> list[RemoteJob]:
    """Reads a page of jobs, `most` at most.

    Raises:
        escalation.ports.paid.Malformed: when it is none.
    """
    rows = page.get("jobs")
    if not isinstance(rows, list) or len(rows) > most:
        raise Malformed(f"expected a list of at most {most} jobs from the service, got {shown(rows)}")
    for row in rows:
        if not isinstance(row, Mapping):
            raise Malformed(f"expected jobs in the service's list, got {shown(row)}")
    return [remote_job(row) for row in rows]


def all_listed(ask: Callable[[int], Mapping[str, Any]], page: int) -> list[RemoteJob]:
    """Lists to the end.

    Args:
        ask: for the page after so many jobs.
        page: jobs a page.

    Raises:
        escalation.ports.paid.Malformed: where the list repeats itself, does not end (the jobs of one
            submission are few), or ends before all that it counts: what it left out may be ours.
    """
    known: dict[str, RemoteJob] = {}
    while True:
        page_document = ask(len(known))
        rows, total = listed(page_document, page), page_document.get("count")
        new = {job.job_id: job for job in rows if job.job_id not in known}
        known |= new
        counted = total if isinstance(total, int) else len(known)
        if not rows and len(known) < counted:
            raise Malformed(f"the service's list of jobs has {len(known)} and counts {counted}")
        if not rows or (isinstance(total, int) and len(known) >= total):
            return list(known.values())
        if not new or len(known) >= MOST:
            what = "repeats itself" if not new else "does not end"
            raise Malformed(f"the service's list of jobs {what}: it has more than {len(known)}")


def ours(jobs: Iterable[RemoteJob], tag: str, batches: Iterable[str]) -> tuple[RemoteJob, ...]:
    """Returns the jobs with the tag or in one of the batches, each once, earliest first."""
    wanted = set(batches)
    matching = {job.job_id: job for job in jobs if tag in job.tags or job.batch in wanted}
    late = datetime.max.replace(tzinfo=UTC)
    return tuple(sorted(matching.values(), key=lambda job: (job.created_at or late, job.job_id)))


def charged_s(metrics: Mapping[str, Any]) -> float | None:
    """Reads the seconds charged; None while they are pending, as the client's `job.usage()` has it.

    Raises:
        escalation.ports.paid.Malformed: when they are said to be final, and are no seconds.
    """
    usage = field(metrics, "usage", "the metrics of a job")
    if usage.get("status", "pending") == "pending":
        return None
    return seconds(usage.get("qpu_charge_time_seconds"), "what was charged for a job")


def began(metrics: Mapping[str, Any]) -> datetime | None:
    """Reads when a job began to run; None where that is not known."""
    return moment(field(metrics, "timestamps", "the metrics of a job").get("running"))


def left_s(usage: Mapping[str, Any]) -> tuple[float | None, str]:
    """Reads the seconds that an instance has left, as the client's `service.usage()`, and a word on it.

    Raises:
        escalation.ports.paid.Malformed: where they are no seconds.
    """
    limit = usage.get("usage_limit_seconds") or usage.get("usage_allocation_seconds")
    used_s = seconds(usage.get("usage_consumed_seconds") or 0.0, "what the instance has used")
    if usage.get("usage_limit_reached"):
        return 0.0, "the service says that the limit is reached"
    if limit is None:
        return None, "the service tells no limit"
    limit_s = seconds(limit, "what the instance may use")
    return max(0.0, limit_s - used_s), f"{rounded(used_s)} s of {rounded(limit_s)} s used"
