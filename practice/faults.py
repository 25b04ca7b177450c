"""What can go wrong, by name. A test, or a matrix of tests, iterates over `ALL`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Call(StrEnum):
    """The calls of the service that the client makes."""

    TOKEN = "token"
    BACKENDS = "backends"
    CONFIGURATION = "configuration"
    PROPERTIES = "properties"
    STATUS = "status"
    USAGE = "usage"
    JOBS_POST = "jobs.post"
    JOBS_LIST = "jobs.list"
    JOBS_GET = "jobs.get"
    JOBS_DELETE = "jobs.delete"
    RESULTS = "results"
    METRICS = "metrics"
    LOGS = "logs"
    CANCEL = "cancel"
    TAGS = "tags"
    SESSIONS_POST = "sessions.post"
    SESSIONS_GET = "sessions.get"
    SESSIONS_PATCH = "sessions.patch"
    SESSIONS_CLOSE = "sessions.close"


class Stage(StrEnum):
    """When a fault strikes."""

    BEFORE = "before"
    """Instead of the call: it has no effect, and is answered with the fault."""
    AFTER = "after"
    """The call has its effect, and is answered with the fault."""
    BODY = "body"
    """The call has its effect; its right answer is spoilt or late on its way."""
    STORY = "story"
    """The call is answered rightly at first; what becomes of it is the fault."""


class Delivery(StrEnum):
    """What happens to an answer on its way."""

    WHOLE = "whole"
    RESET = "reset"
    SILENT = "silent"
    TRUNCATED = "truncated"


WRITES = (
    Call.JOBS_POST,
    Call.JOBS_DELETE,
    Call.CANCEL,
    Call.TAGS,
    Call.SESSIONS_POST,
    Call.SESSIONS_PATCH,
    Call.SESSIONS_CLOSE,
)
EVERY = tuple(Call)
WITH_BODY = tuple(
    call
    for call in Call
    if call
    not in (Call.JOBS_DELETE, Call.CANCEL, Call.TAGS, Call.SESSIONS_PATCH, Call.SESSIONS_CLOSE, Call.LOGS)
)
POSTED = (Call.JOBS_POST,)
CLOSED_BATCH = "a closed batch rejects a late POST"
SETTLING = "listing lag is below the settling time"


@dataclass(frozen=True)
class Fault:
    """One thing that can go wrong.

    Attributes:
        name: in scripts and tables.
        calls: where it makes sense.
        stage: when it strikes.
        summary: what happens, in one line.
        status: HTTP status of the answer; None where there is none, or the right one.
        delivery: what happens to the answer on its way.
        defaults: parameters that a script may change, with their values.
        violates: the assumption of the hand-off that it breaks; None for all others.
    """

    name: str
    calls: tuple[Call, ...]
    stage: Stage
    summary: str
    status: int | None = None
    delivery: Delivery = Delivery.WHOLE
    defaults: Mapping[str, Any] = field(default_factory=dict)
    violates: str | None = None

    @property
    def spoils(self) -> bool:
        """Whether the answer cannot be read as it was meant."""
        return self.name in ("truncated", "corrupt_json", "corrupt_bytes", "altered")

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "name": self.name,
            "calls": [call.value for call in self.calls],
            "stage": self.stage.value,
            "summary": self.summary,
            "status": self.status,
            "delivery": self.delivery.value,
            "defaults": dict(self.defaults),
            "violates": self.violates,
        }


def _server_errors() -> list[Fault]:
    found = []
    for status in (500, 502, 503, 504):
        said = f"answered {status}"
        found.append(Fault(f"http_{status}_before", EVERY, Stage.BEFORE, f"{said}, without effect", status))
        found.append(
            Fault(f"http_{status}_after", WRITES, Stage.AFTER, f"{said}, but it took effect", status)
        )
    return found


ALL: tuple[Fault, ...] = (
    *_server_errors(),
    Fault("rate_limited", EVERY, Stage.BEFORE, "answered 429 without Retry-After", 429),
    Fault(
        "rate_limited_retry_after",
        EVERY,
        Stage.BEFORE,
        "answered 429 with Retry-After",
        429,
        defaults={"retry_after_s": 1},
    ),
    Fault(
        "quota",
        (Call.JOBS_POST, Call.SESSIONS_POST),
        Stage.BEFORE,
        "answered 409: the instance's quota is used up",
        409,
    ),
    Fault("unauthorised", EVERY, Stage.BEFORE, "answered 401: the token has expired", 401),
    Fault("not_found", EVERY, Stage.BEFORE, "answered 404", 404),
    Fault(
        "reset_before",
        EVERY,
        Stage.BEFORE,
        "the connection is reset, without effect",
        delivery=Delivery.RESET,
    ),
    Fault(
        "reset_after",
        WRITES,
        Stage.AFTER,
        "the connection is reset, but the call took effect",
        delivery=Delivery.RESET,
    ),
    Fault(
        "no_answer_before",
        EVERY,
        Stage.BEFORE,
        "no answer, and no effect",
        delivery=Delivery.SILENT,
    ),
    Fault(
        "no_answer_after",
        WRITES,
        Stage.AFTER,
        "no answer, but the call took effect",
        delivery=Delivery.SILENT,
    ),
    Fault("slow", EVERY, Stage.BODY, "the right answer, late", defaults={"delay_s": 0.3}),
    Fault(
        "truncated",
        WITH_BODY,
        Stage.BODY,
        "the connection ends in the middle of the body",
        delivery=Delivery.TRUNCATED,
    ),
    Fault("corrupt_json", WITH_BODY, Stage.BODY, "a body of the right length that is no JSON"),
    Fault("corrupt_bytes", WITH_BODY, Stage.BODY, "a body of the right length that is no UTF-8"),
    Fault("altered", (Call.RESULTS,), Stage.BODY, "good JSON whose measured data cannot be decoded"),
    Fault("device_offline", (Call.STATUS, Call.BACKENDS), Stage.BODY, "devices are said to be down"),
    Fault("usage_pending", (Call.METRICS,), Stage.BODY, "usage is said to be pending and zero"),
    Fault(
        "late_registration",
        POSTED,
        Stage.STORY,
        "fails now; the job is accepted later, unless its batch was closed meanwhile",
        504,
        defaults={"after_lists": 1, "after_s": 0.0, "answer": "504"},
    ),
    Fault(
        "late_registration_ignores_fence",
        POSTED,
        Stage.STORY,
        "fails now; the job is accepted later, even into a closed batch",
        504,
        defaults={"after_lists": 1, "after_s": 0.0, "answer": "504"},
        violates=CLOSED_BATCH,
    ),
    Fault(
        "list_lag",
        POSTED,
        Stage.STORY,
        "accepted, and answered with 504; missing from the next lists",
        504,
        defaults={"lists": 1, "seconds": 0.0, "answer": "504"},
    ),
    Fault(
        "list_lag_beyond_settling",
        POSTED,
        Stage.STORY,
        "accepted, and answered with 504; missing from lists for longer than anybody waits",
        504,
        defaults={"lists": 1_000_000, "seconds": 0.0, "answer": "504"},
        violates=SETTLING,
    ),
    Fault(
        "drift_while_queued",
        POSTED,
        Stage.STORY,
        "the device's errors multiply between submission and run",
        defaults={"factor": 3.0, "polls": 1},
    ),
    Fault(
        "device_down",
        POSTED,
        Stage.STORY,
        "the device goes down with the job queued, and comes back after some polls",
        defaults={"polls": 2},
    ),
    Fault(
        "job_fails",
        POSTED,
        Stage.STORY,
        "the job ends failed, uncharged",
        defaults={"reason": "Error in the control electronics (practice)", "polls": 0},
    ),
    Fault(
        "job_cancelled_by_operator",
        POSTED,
        Stage.STORY,
        "the operator cancels the queued job, uncharged",
        defaults={"reason": "Cancelled by the operator for maintenance (practice)", "polls": 1},
    ),
    Fault(
        "job_ran_too_long",
        POSTED,
        Stage.STORY,
        "the job is ended at its maximum execution time, and charged for it",
        defaults={"polls": 0},
    ),
)

BY_NAME: Mapping[str, Fault] = {fault.name: fault for fault in ALL}
