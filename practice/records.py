"""What the service remembers: jobs and sessions, frozen; a change is a new object."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from practice.clock import stamp
from practice.settings import LABEL

RAN_TOO_LONG = 1305
"""IBM's error code for a job that was ended at its maximum execution time (the client knows it)."""


class JobStatus(StrEnum):
    """States of a job as IBM's service names them."""

    QUEUED = "Queued"
    RUNNING = "Running"
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELLED = "Cancelled"

    @property
    def final(self) -> bool:
        """Whether nothing more will happen to the job."""
        return self in (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED)


@dataclass(frozen=True)
class Story:
    """What is to become of a job: as it comes by default, or as a fault wants it.

    Attributes:
        queue_polls: how often it is still said to be queued.
        not_before: it stays queued until then.
        held: it stays queued until it is released.
        drift: the device's errors are multiplied by this just before it runs; None leaves them.
        fails: it ends failed for this reason instead of running.
        cancelled: the operator cancels it for this reason instead of running it.
        too_long: it is ended at its maximum execution time.
        downs_device: its device is down until it leaves the queue.
        retires_device: its device is gone for good as soon as the job is there.
        hidden_lists: how many lists it is still missing from.
        hidden_until: it is missing from lists until then.
        usage_pending_calls: how often its usage is still said to be pending.
    """

    queue_polls: int = 0
    not_before: datetime | None = None
    held: bool = False
    drift: float | None = None
    fails: str | None = None
    cancelled: str | None = None
    too_long: bool = False
    downs_device: bool = False
    retires_device: bool = False
    hidden_lists: int = 0
    hidden_until: datetime | None = None
    usage_pending_calls: int = 0


@dataclass(frozen=True)
class ServiceJob:
    """One accepted job."""

    id: str
    body: bytes = field(repr=False)
    digest: str
    program: str
    backend: str
    created: datetime
    story: Story
    tags: tuple[str, ...] = ()
    session: str | None = None
    cost_s: float | None = None
    private: bool = False
    state: JobStatus = JobStatus.QUEUED
    reason: str | None = None
    reason_code: int | None = None
    started: datetime | None = None
    finished: datetime | None = None
    calibration: str | None = None
    ran: bool = False
    cancelled_while_queued: bool = False
    charged_s: float = 0.0
    executions: int = 0
    polls: int = 0
    metrics_calls: int = 0
    listed_from: int = 0
    result: bytes | None = field(default=None, repr=False)
    delivered: int = 0
    deleted: bool = False

    def to_json(self) -> dict[str, Any]:
        """The job as `GET jobs/ID` shows it, without its parameters."""
        state: dict[str, Any] = {"status": self.state.value}
        if self.reason:
            state |= {"reason": self.reason}
        if self.reason_code:
            state |= {"reasonCode": self.reason_code, "reason_code": self.reason_code}
        return {
            "id": self.id,
            "backend": self.backend,
            "state": state,
            "status": self.state.value,
            "program": {"id": self.program},
            "created": stamp(self.created),
            "tags": list(self.tags),
            "session_id": self.session,
            "cost": self.cost_s,
            "private": self.private,
            "estimated_running_time_seconds": None,
            "usage": {"seconds": self.charged_s},
            "practice": LABEL,
        }

    def account(self) -> dict[str, Any]:
        """The job as the account shows it."""
        return {
            "id": self.id,
            "digest": self.digest,
            "program": self.program,
            "backend": self.backend,
            "tags": list(self.tags),
            "session": self.session,
            "state": self.state.value,
            "reason": self.reason,
            "created": stamp(self.created),
            "started": stamp(self.started),
            "finished": stamp(self.finished),
            "calibration": self.calibration,
            "ran": self.ran,
            "cancelled_while_queued": self.cancelled_while_queued,
            "charged_s": self.charged_s,
            "executions": self.executions,
            "results_delivered": self.delivered,
        }


@dataclass(frozen=True)
class ServiceSession:
    """One batch or session."""

    id: str
    backend: str
    mode: str
    created: datetime
    max_ttl_s: int | None = None
    accepting: bool = True
    closed: datetime | None = None

    def to_json(self, state: str, elapsed_s: float) -> dict[str, Any]:
        """The session as `GET sessions/ID` shows it."""
        return {
            "id": self.id,
            "backend_name": self.backend,
            "mode": self.mode,
            "state": state,
            "accepting_jobs": self.accepting,
            "max_ttl": self.max_ttl_s or 28800,
            "active_ttl": self.max_ttl_s or 28800,
            "interactive_ttl": 60,
            "started_at": None,
            "activated_at": None,
            "closed_at": stamp(self.closed),
            "last_job_started": None,
            "last_job_completed": None,
            "elapsed_time": elapsed_s,
            "timestamps": [{"status": "open", "timestamp": stamp(self.created)}],
            "practice": LABEL,
        }
