"""The list of our jobs, asked for once for all of them and kept for a moment."""

import logging
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from backends.batch.commands import run
from backends.batch.jobs import JobSeen
from backends.batch.system import BatchSystem
from escalation.model.errors import BackendError

_MOST_S = 60.0
_log = logging.getLogger(__name__)


class JobList:
    """Jobs by name. Where the list cannot be had, it is asked for again ever more rarely."""

    def __init__(self, system: BatchSystem) -> None:
        self._system, self._lock = system, threading.Lock()
        self._seen: Mapping[str, list[JobSeen]] = {}
        self._error: str | None = None
        self._next_s, self._failures = 0.0, 0
        self.number = 0
        """Of the list: two that differ were asked for apart."""

    def find(self, tag: str, folder: Path, *, after: int = -1) -> JobSeen | None:
        """The job of that name and folder; None where there is none.

        Args:
            tag: its name.
            folder: of its work.
            after: number of a list that is not new enough.

        Raises:
            BackendError: when the list cannot be had; the same call may succeed later.
        """
        with self._lock:
            if time.monotonic() >= self._next_s or self.number <= after:
                self._ask()
            if self._error is not None:
                raise BackendError(self._error, retry=True)
            mine = [each for each in self._seen.get(tag, ()) if each.of(folder)]
        return next((each for each in mine if each.end is None), mine[-1] if mine else None)

    def named(self, tag: str) -> list[JobSeen]:
        """The jobs of that name, whatever their folders; raises as `find`."""
        self.find(tag, Path("/"), after=self.number)
        return list(self._seen.get(tag, ()))

    def _ask(self) -> None:
        site = self._system.site
        reply = run(self._system.list_jobs(), site.command_s)
        self.number += 1
        if not reply.ok:
            self._failures += 1
            self._error = f"the batch system does not answer: {reply.words}"
            self._next_s = time.monotonic() + min(_MOST_S, site.poll_s * 2**self._failures)
            if self._failures == 1:
                _log.warning("%s: %s; jobs are waited for", self._system.name, self._error)
            return
        if self._failures:
            _log.warning("%s: the batch system answers again", self._system.name)
        self._failures, self._error = 0, None
        seen: dict[str, list[JobSeen]] = {}
        for each in self._system.listed(reply.out):
            seen.setdefault(each.tag, []).append(each)
        self._seen, self._next_s = seen, time.monotonic() + site.poll_s
