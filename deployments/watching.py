"""Whether a Prefect server does its work: runs are made for every schedule, and a worker takes them.

Asked over HTTP with the standard library, because who asks may have imported Prefect with other settings.
"""

import json
import re
import urllib.request
from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

LATE_S = 600.0
TIMEOUT_S = 10.0
_MOST_BYTES = 1_000_000
_HARMLESS = (
    # the worker connects anew; whether one is online is asked by itself
    re.compile(r"worker_channel - Worker channel heartbeat persistence failed: "),
    re.compile(r"Error flushing \d+ events \(\d+ to retry, 0 dropped\)"),
)
"""What Prefect's server calls an error, and makes good by itself: its database was busy in that moment."""


class Api:
    """A server's API, asked as somebody who shows a credential."""

    def __init__(self, url: str, auth_string: str | None) -> None:
        self._url, self._client = url.rstrip("/"), str(uuid4())
        shown = b64encode((auth_string or "").encode()).decode()
        self._headers = {"Content-Type": "application/json"}
        if auth_string:
            self._headers["Authorization"] = f"Basic {shown}"

    def ask(self, path: str, question: Mapping[str, Any] | None = None) -> Any:
        """The answer's JSON; a question is POSTed.

        Raises:
            OSError: when there is no answer, or one that refuses.
        """
        data = None if question is None else json.dumps(question).encode()
        request = urllib.request.Request(
            f"{self._url}{path}", data=data, headers=self._headers | (self._csrf() if data else {})
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            return json.loads(answer.read())

    def _csrf(self) -> dict[str, str]:
        if "Prefect-Csrf-Token" not in self._headers:
            found = self.ask(f"/csrf-token?client={self._client}")
            self._headers |= {"Prefect-Csrf-Token": found["token"], "Prefect-Csrf-Client": self._client}
        return {}


def troubles(api: Api, pool: str, now: datetime | None = None) -> list[str]:
    """What does not work, a line each; empty where all does.

    Raises:
        OSError: when the server does not answer.
    """
    now = now or datetime.now(UTC)
    return [*_unscheduled(api), *_late(api, now), *_no_worker(api, pool)]


def errors_in(log: Path) -> list[str]:
    """The lines of a log that Prefect marks as errors; of its last million bytes."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _MOST_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return []
    return [line.strip() for line in lines if " | ERROR " in line or " | CRITICAL " in line]


def worrying(errors: Iterable[str]) -> list[str]:
    """Those that Prefect does not make good by itself."""
    return [line for line in errors if not any(known.search(line) for known in _HARMLESS)]


def _unscheduled(api: Api) -> list[str]:
    """Deployments with an active schedule for which no run is planned: the scheduler fails, or died."""
    found = []
    for each in api.ask("/deployments/filter", {}):
        if each["paused"] or not any(schedule["active"] for schedule in each["schedules"]):
            continue
        planned = {"state": {"type": {"any_": ["SCHEDULED", "PENDING", "RUNNING"]}}}
        its = {"deployments": {"id": {"any_": [each["id"]]}}, "flow_runs": planned}
        if not api.ask("/flow_runs/count", its):
            found.append(f"the scheduler plans no run of {each['entrypoint']}, though it has a schedule")
    return found


def _late(api: Api, now: datetime) -> list[str]:
    before = (now - timedelta(seconds=LATE_S)).isoformat()
    runs = {"state": {"type": {"any_": ["SCHEDULED"]}}, "expected_start_time": {"before_": before}}
    late = api.ask("/flow_runs/count", {"flow_runs": runs})
    return (
        [f"{late} runs should have begun more than {LATE_S / 60:.0f} min ago, and have not"] if late else []
    )


def _no_worker(api: Api, pool: str) -> list[str]:
    workers = api.ask(f"/work_pools/{pool}/workers/filter", {})
    if any(each["status"] == "ONLINE" for each in workers):
        return []
    return [f"no worker of the pool {pool} is online: nothing that is triggered or scheduled runs"]
