"""The calls of the service, and what a fault is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class ServiceCall(StrEnum):
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


class FaultStage(StrEnum):
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
    STREAMED = "streamed"
    """In chunks, with white space in it that never seems to end; its length is not told."""
    DRIPPED = "dripped"
    """A byte now and then, so that a limit on silence alone never ends it."""


WRITES = (
    ServiceCall.JOBS_POST,
    ServiceCall.JOBS_DELETE,
    ServiceCall.CANCEL,
    ServiceCall.TAGS,
    ServiceCall.SESSIONS_POST,
    ServiceCall.SESSIONS_PATCH,
    ServiceCall.SESSIONS_CLOSE,
)
EVERY = tuple(ServiceCall)
WITH_BODY = tuple(
    call
    for call in ServiceCall
    if call
    not in (
        ServiceCall.JOBS_DELETE,
        ServiceCall.CANCEL,
        ServiceCall.TAGS,
        ServiceCall.SESSIONS_PATCH,
        ServiceCall.SESSIONS_CLOSE,
        ServiceCall.LOGS,
    )
)
POSTED = (ServiceCall.JOBS_POST,)
SECONDS = (ServiceCall.METRICS, ServiceCall.USAGE)
"""Calls that tell what was used."""
CLOSED_BATCH = "a closed batch rejects a late POST"
SETTLING = "listing lag is below the settling time"
FINAL_BILL = "a bill that is said to be final stays as it is"


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
        violates: the assumption of the submission that it breaks; None for all others.
        spoils: whether the call's own answer cannot be read as it was meant.
    """

    name: str
    calls: tuple[ServiceCall, ...]
    stage: FaultStage
    summary: str
    status: int | None = None
    delivery: Delivery = Delivery.WHOLE
    defaults: Mapping[str, Any] = field(default_factory=dict)
    violates: str | None = None
    spoils: bool = False

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
