"""The REST surface that qiskit-ibm-runtime 0.51 uses (its `api/rest`), as a table of routes."""

import base64
import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from practice import devices
from practice.calls import ServiceCall
from practice.clock import stamp
from practice.errors import Refusal, unknown
from practice.records import JobStatus, ServiceJob
from practice.replies import Reply, done, encoded, ok
from practice.script import FiredFault
from practice.service import PracticeService
from practice.settings import LABEL

TOKEN_S = 3600
PAGE = 10


@dataclass(frozen=True)
class Request:
    """One request, read whole.

    Attributes:
        names: what the route's placeholders stand for.
        entry: its number in the log.
        target: path and query, as they came.
        port: that it came to, as it says itself.
        token: that it shows.
        struck: the fault that strikes it, where the call's effect depends on it.
    """

    names: tuple[str, ...]
    query: Mapping[str, list[str]]
    body: bytes
    entry: int
    target: str = ""
    port: str = ""
    token: str = ""
    fired: FiredFault | None = None

    def one(self, name: str) -> str | None:
        """A query parameter's value; None without one."""
        values = self.query.get(name)
        return values[0] if values else None

    def json(self) -> dict[str, Any]:
        """The body.

        Raises:
            practice.errors.Refusal: 400 when it is no JSON object.
        """
        try:
            data = json.loads(self.body)
        except ValueError:
            data = None
        if not isinstance(data, dict):
            raise Refusal(400, "bad_request", "expected a JSON object")
        return data


def token(service: PracticeService, request: Request) -> Reply:
    """POST identity/token: any API key is good enough for practice."""
    now = int(datetime.now(UTC).timestamp())
    claims = {"iat": now, "exp": now + TOKEN_S, "sub": "practice", "jti": secrets.token_hex(8)}
    parts = [{"alg": "none", "typ": "JWT"}, claims]
    text = ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts)
    known = {"token_type": "Bearer", "expires_in": TOKEN_S, "expiration": now + TOKEN_S}
    return ok({"access_token": f"{text}.cHJhY3RpY2U", "refresh_token": "practice", **known})


def backends(service: PracticeService, request: Request) -> Reply:
    """GET backends."""
    job_store = service.job_store
    return ok(
        {
            "devices": [
                device.summary(job_store.queued(device.name))
                for device in job_store.devices.values()
                if not device.retired
            ]
        }
    )


def configuration(service: PracticeService, request: Request) -> Reply:
    """GET backends/NAME/configuration."""
    device = service.job_store.device(request.names[0])
    if device.at(None, request.one("calibration_id")) is None:
        raise unknown("calibration", str(request.one("calibration_id")))
    return encoded(devices.configuration(device.name))


def properties(service: PracticeService, request: Request) -> Reply:
    """GET backends/NAME/properties; `{}` where there were none at the time asked for."""
    device, before = service.job_store.device(request.names[0]), request.one("updated_before")
    calibration_id = request.one("calibration_id")
    version = device.at(None if before is None else _moment(before), calibration_id)
    if version is None and calibration_id is not None:
        raise unknown("calibration", calibration_id)
    return ok({}) if version is None else encoded(device.properties(version))


def status(service: PracticeService, request: Request) -> Reply:
    """GET backends/NAME/status."""
    name = request.names[0]
    return ok(service.job_store.device(name).status(service.job_store.queued(name)))


def usage(service: PracticeService, request: Request) -> Reply:
    """GET instances/usage."""
    return ok({**service.usage(), "practice": LABEL})


def jobs_post(service: PracticeService, request: Request) -> Reply:
    """POST jobs."""
    job = service.submit(request.body, request.entry, request.fired)
    return ok({"id": job.id, "backend": job.backend, "session_id": job.session, "practice": LABEL})


def jobs_list(service: PracticeService, request: Request) -> Reply:
    """GET jobs, newest first unless asked otherwise."""
    jobs = [job for job in service.listed() if _wanted(job, request)]
    if request.one("sort") != "ASC":
        jobs.reverse()
    offset, limit = int(request.one("offset") or 0), int(request.one("limit") or PAGE)
    page = [job.to_json() for job in jobs[offset : offset + limit]]
    return ok({"jobs": page, "count": len(jobs), "limit": limit, "offset": offset, "practice": LABEL})


def _wanted(job: ServiceJob, request: Request) -> bool:
    after, before, pending = (request.one(name) for name in ("created_after", "created_before", "pending"))
    return (
        set(request.query.get("tags", ())) <= set(job.tags)
        and request.one("session_id") in (None, job.session)
        and request.one("backend") in (None, job.backend)
        and request.one("program") in (None, job.program)
        and (pending is None or (pending == "true") is not job.state.final)
        and (after is None or job.created >= _moment(after))
        and (before is None or job.created <= _moment(before))
    )


def _moment(text: str) -> datetime:
    try:
        parsed = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise Refusal(400, "bad_request", f"expected a time in ISO 8601, got {text!r}") from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def jobs_get(service: PracticeService, request: Request) -> Reply:
    """GET jobs/ID; counts as a status poll."""
    job = service.job_store.poll(request.names[0])
    params = {} if request.one("exclude_params") == "true" else {"params": json.loads(job.body)["params"]}
    return ok({**job.to_json(), **params})


def jobs_delete(service: PracticeService, request: Request) -> Reply:
    """DELETE jobs/ID."""
    service.job_store.delete(request.names[0])
    return done()


def results(service: PracticeService, request: Request) -> Reply:
    """GET jobs/ID/results; of a private job once only."""
    job = service.job_store.get(request.names[0])
    if job.state is JobStatus.COMPLETED and job.result is not None and not (job.private and job.delivered):
        return encoded(job.result)
    if job.state in (JobStatus.FAILED, JobStatus.CANCELLED):
        return encoded((job.reason or "").encode(), kind="text/plain")
    raise unknown("results of job", job.id)


def metrics(service: PracticeService, request: Request) -> Reply:
    """GET jobs/ID/metrics."""
    job = service.job_store.get(request.names[0])
    job = service.job_store.change(job.id, metrics_calls=job.metrics_calls + 1)
    pending = not job.state.final or job.metrics_calls <= job.story.usage_pending_calls
    seconds = 0.0 if pending else job.charged_s
    spent = {"seconds": seconds, "quantum_seconds": seconds, "qpu_charge_time_seconds": seconds}
    times = {"created": job.created, "running": job.started, "finished": job.finished}
    return ok(
        {
            "timestamps": {name: stamp(moment) for name, moment in times.items()},
            "usage": {"status": "pending" if pending else "complete", **spent},
            "bss": {"seconds": seconds},
            "executions": job.executions,
            "calibration_id": job.calibration,
            "practice": LABEL,
        }
    )


def logs(service: PracticeService, request: Request) -> Reply:
    """GET jobs/ID/logs."""
    job = service.job_store.get(request.names[0])
    return encoded(f"{LABEL}\n{job.state.value} {job.reason or ''}\n".encode(), kind="text/plain")


def cancel(service: PracticeService, request: Request) -> Reply:
    """POST jobs/ID/cancel."""
    service.job_store.cancel(request.names[0])
    return done()


def tags(service: PracticeService, request: Request) -> Reply:
    """PUT jobs/ID/tags."""
    service.job_store.change(request.names[0], tags=tuple(request.json()["tags"]))
    return done()


def sessions_post(service: PracticeService, request: Request) -> Reply:
    """POST sessions."""
    return ok(service.session_json(service.open_session(request.json()).id))


def sessions_get(service: PracticeService, request: Request) -> Reply:
    """GET sessions/ID."""
    return ok(service.session_json(request.names[0]))


def sessions_patch(service: PracticeService, request: Request) -> Reply:
    """PATCH sessions/ID: `accepting_jobs` false closes it."""
    service.session(request.names[0])
    if request.json().get("accepting_jobs") is False:
        service.close_session(request.names[0])
    return done()


def sessions_close(service: PracticeService, request: Request) -> Reply:
    """DELETE sessions/ID/close: cancels what is queued, besides."""
    service.cancel_session(request.names[0])
    return done()


Handler = Callable[[PracticeService, Request], Reply]
NAME = "([^/]+)"
ROUTES: tuple[tuple[str, str, ServiceCall, Handler], ...] = (
    ("POST", "/identity/token", ServiceCall.TOKEN, token),
    ("GET", "/backends", ServiceCall.BACKENDS, backends),
    ("GET", f"/backends/{NAME}/configuration", ServiceCall.CONFIGURATION, configuration),
    ("GET", f"/backends/{NAME}/properties", ServiceCall.PROPERTIES, properties),
    ("GET", f"/backends/{NAME}/status", ServiceCall.STATUS, status),
    ("GET", "/instances/usage", ServiceCall.USAGE, usage),
    ("POST", "/jobs", ServiceCall.JOBS_POST, jobs_post),
    ("GET", "/jobs", ServiceCall.JOBS_LIST, jobs_list),
    ("GET", f"/jobs/{NAME}", ServiceCall.JOBS_GET, jobs_get),
    ("DELETE", f"/jobs/{NAME}", ServiceCall.JOBS_DELETE, jobs_delete),
    ("GET", f"/jobs/{NAME}/results", ServiceCall.RESULTS, results),
    ("GET", f"/jobs/{NAME}/metrics", ServiceCall.METRICS, metrics),
    ("GET", f"/jobs/{NAME}/logs", ServiceCall.LOGS, logs),
    ("POST", f"/jobs/{NAME}/cancel", ServiceCall.CANCEL, cancel),
    ("PUT", f"/jobs/{NAME}/tags", ServiceCall.TAGS, tags),
    ("POST", "/sessions", ServiceCall.SESSIONS_POST, sessions_post),
    ("GET", f"/sessions/{NAME}", ServiceCall.SESSIONS_GET, sessions_get),
    ("PATCH", f"/sessions/{NAME}", ServiceCall.SESSIONS_PATCH, sessions_patch),
    ("DELETE", f"/sessions/{NAME}/close", ServiceCall.SESSIONS_CLOSE, sessions_close),
)
_COMPILED = [(method, re.compile(path), call, handler) for method, path, call, handler in ROUTES]


def route(method: str, path: str) -> tuple[ServiceCall, Handler, tuple[str, ...]] | None:
    """Finds the call for a request; None where there is none."""
    for known, pattern, call, handler in _COMPILED:
        if known == method and (match := pattern.fullmatch(path)):
            return call, handler, match.groups()
    return None


def query(text: str) -> dict[str, list[str]]:
    """Reads a query string."""
    return parse_qs(text)
