"""Requests made on the session of IBM's client: by ids alone, and nothing decoded. They follow a job.

The client's own methods decode what came by the types that it names (`RuntimeDecoder`), list without end, and
some want the device's object, which they make from its configuration: a device that was retired has none.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

JSON = {"Accept": "application/json"}
Request = Callable[[Any], Any]
"""Makes one request on the session that it is given."""


def job(job_id: str) -> Request:
    """Asks after a job, without what was sent with it."""
    return lambda session: session.get(_job(job_id), params={"exclude_params": "true"}, headers=JSON)


def results(job_id: str) -> Request:
    """Asks for the result of a job."""
    return lambda session: session.get(_job(job_id, "results"))


def metrics(job_id: str) -> Request:
    """Asks for times and charge of a job."""
    return lambda session: session.get(_job(job_id, "metrics"), headers=JSON)


def logs(job_id: str) -> Request:
    """Asks for what a job wrote."""
    return lambda session: session.get(_job(job_id, "logs"))


def cancel(job_id: str) -> Request:
    """Asks for a job to be stopped."""
    return lambda session: session.post(_job(job_id, "cancel"))


def jobs(wanted: Mapping[str, str], limit: int, skip: int) -> Request:
    """Asks for a page of jobs, oldest first, so that those that come meanwhile are not missed.

    Args:
        wanted: `tags` or `session_id`.
        limit: jobs a page.
        skip: how many came before.
    """
    asked: dict[str, Any] = {"exclude_params": "true", "limit": limit, "sort": "ASC", **wanted}
    if skip:
        asked["offset"] = skip
    return lambda session: session.get("/jobs", params=asked, headers=JSON)


def close_batch(batch: str) -> Request:
    """Asks for a batch to take no more jobs."""
    return lambda session: session.patch(_batch(batch), json={"accepting_jobs": False}, headers=JSON)


def batch(batch_id: str) -> Request:
    """Asks after a batch."""
    return lambda session: session.get(_batch(batch_id), headers=JSON)


def usage() -> Request:
    """Asks what the instance has used, and may."""
    return lambda session: session.get("/instances/usage", headers=JSON)


def properties(device: str, moment: datetime | None) -> Request:
    """Asks for a device's calibration, the one in force at a moment or now."""
    asked = {} if moment is None else {"updated_before": moment.isoformat()}
    return lambda session: session.get(
        f"/backends/{quote(device, safe='')}/properties", params=asked, headers=JSON
    )


def status(device: str) -> Request:
    """Asks whether a device is up."""
    return lambda session: session.get(f"/backends/{quote(device, safe='')}/status", headers=JSON)


def devices() -> Request:
    """Asks for the devices of the instance, with their queues."""
    return lambda session: session.get("/backends", params={"include_mocks": True}, headers=JSON)


def _job(job_id: str, part: str = "") -> str:
    return f"/jobs/{quote(job_id, safe='')}" + (f"/{part}" if part else "")


def _batch(batch_id: str) -> str:
    return f"/sessions/{quote(batch_id, safe='')}"
