"""The exact account: every request that came, what was done with it, and what it would have cost."""

import hashlib
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from practice.records import JobStatus, ServiceJob
from practice.settings import LABEL

SECRET = frozenset({"authorization", "cookie"})
HIDDEN = "(not kept)"


def digest(body: bytes) -> str:
    """SHA-256 of a request's body, as it came."""
    return hashlib.sha256(body).hexdigest()


def without_secrets(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers by lower-case name; of the authorisation only its scheme is kept."""
    kept = {name.lower(): value for name, value in headers}
    return {
        name: f"{value.split(' ')[0]} {HIDDEN}" if name in SECRET else value for name, value in kept.items()
    }


@dataclass(frozen=True)
class LogEntry:
    """One request.

    Attributes:
        number: from 1 since the reset.
        at: service time.
        call: None where the service has no such call.
        target: path and query.
        digest: of the body; None without a body, and for tokens.
        fault: that struck it.
        outcome: of a `POST jobs`: `accepted`, `refused`, `lost` (struck before it had an effect), `late`,
            `accepted late` or `refused late`.
        job: that it made.
        status: of the answer.
        delivery: `whole`, `reset`, `silent`, `truncated`, `streamed`, `dripped`, or `left` where the client
            had gone; None while it is not answered.
    """

    number: int
    at: str
    call: str | None
    method: str
    target: str
    digest: str | None = None
    bytes: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    session: str | None = None
    backend: str | None = None
    program: str | None = None
    cost_s: float | None = None
    fault: str | None = None
    outcome: str | None = None
    job: str | None = None
    status: int | None = None
    delivery: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**self.__dict__, "headers": dict(self.headers), "tags": list(self.tags)}


class Log:
    """The requests since the reset, in the order in which they came."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: dict[int, LogEntry] = {}

    def open(self, **known: Any) -> int:
        """Adds a request; returns its number."""
        with self._lock:
            number = len(self._entries) + 1
            self._entries[number] = LogEntry(number, **known)
            return number

    def note(self, number: int, **known: Any) -> None:
        """Adds what has become known about a request."""
        with self._lock:
            self._entries[number] = replace(self._entries[number], **known)

    def entries(self) -> list[LogEntry]:
        """All of them."""
        with self._lock:
            return list(self._entries.values())


def account(log: Log, jobs: Iterable[ServiceJob], sessions: list[dict[str, Any]]) -> dict[str, Any]:
    """The account as JSON: posts, jobs, sessions and totals."""
    made = list(jobs)
    posts = [entry.to_json() for entry in log.entries() if entry.call == "jobs.post"]
    return {
        "practice": LABEL,
        "posts": posts,
        "jobs": [job.account() for job in made],
        "sessions": sessions,
        "totals": {
            "posts": len(posts),
            "accepted": len(made),
            "ran": sum(job.ran for job in made),
            "completed": sum(job.state is JobStatus.COMPLETED for job in made),
            "cancelled_while_queued": sum(job.cancelled_while_queued for job in made),
            "paid": sum(job.charged_s > 0 for job in made),
            "charged_s": sum(job.charged_s for job in made),
            "delivered": sum(job.delivered > 0 for job in made),
        },
    }
