"""A warm worker: its guard's standard input carries the work to it, its standard output the replies."""

import select
import subprocess
import sys
from pathlib import Path

from backends.processes.guarded import environment
from backends.processes.warm import Warm


class WorkerProcess(Warm):
    """One worker process, for calls with so many threads."""

    def __init__(self, threads: int) -> None:
        super().__init__(threads)
        command = [sys.executable, "-m", "backends.local.worker"]
        self.start(command, environment(threads), subprocess.PIPE, ("--keep-stdin",))
        self._poll = select.poll()
        assert self._guard.stdout is not None
        self._replies = self._guard.stdout
        self._poll.register(self._replies, select.POLLIN)

    def send(self, folder: Path) -> None:
        """Asks for the job in the folder to be run; raises `OSError` when the worker is gone."""
        assert self._guard.stdin is not None
        self._guard.stdin.write(f"{folder}\n".encode())
        self._guard.stdin.flush()

    def reply(self, timeout_s: float) -> str | None:
        """Returns `again` or `spent` after a call, `gone` when the process died, None when the time is up."""
        if not self._poll.poll(timeout_s * 1000):
            return None
        return self._replies.readline().decode().strip() or "gone"
