"""A process that verifies cases again, one at a time, each for so long at most."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import Pipe
from typing import Any

from records.batches.starting import start
from records.batches.wire import receive, send
from records.recheck.report import CheckResult


class CheckingProcess:
    """Started when it is first asked, and anew after it died or was ended; opens what the settings name."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def check(self, case_id: str, most_s: float) -> dict[str, Any]:
        """What came of a case, as `records.recheck.worker.checked` says, or that it did not end in time."""
        try:
            self._start()
            send(self._connection, {"case": case_id})
            if self._connection.poll(most_s):
                return receive(self._connection)
        except (EOFError, OSError):
            return {"result": CheckResult.UNCLEAR, "why": f"the process that verified it {self._ended()}"}
        self.end()
        return {"result": CheckResult.UNFINISHED, "why": f"it was not verified within {most_s:.0f} s"}

    def end(self) -> None:
        """Ends it with all that it started."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._ended()

    def _start(self) -> None:
        if self._process is not None:
            return
        self._connection, theirs = Pipe()
        self._process = start("records.recheck.worker", [theirs])

    def _ended(self) -> str:
        """Waits for it, and says how it ended."""
        if self._process is None:
            return "could not be started"
        code = self._process.wait()
        self._process = None
        self._connection.close()
        return f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"


@contextmanager
def checking() -> Iterator[CheckingProcess]:
    """One that is gone at the end, however that comes."""
    process = CheckingProcess()
    try:
        yield process
    finally:
        process.end()
