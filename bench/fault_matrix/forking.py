"""Runs a function in a process of its own, forked off one that has imported everything already.

The process that forks keeps to one thread, so that its children inherit no lock that nobody will open.
"""

import json
import os
import select
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

ENVIRONMENT = {
    "QISKIT_IN_PARALLEL": "TRUE",  # keeps the transpiler's own thread pool from being started
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
"""What a process that forks needs before it imports anything."""


@dataclass(frozen=True)
class End:
    """How a process ended.

    Attributes:
        killed: by SIGKILL, at its point.
        hung: it was still there after the time allowed, and was then killed.
        said: what its function returned; its error where it raised one.
    """

    killed: bool = False
    hung: bool = False
    said: dict[str, Any] | None = None


Meanwhile = Callable[[Callable[[], bool]], None]
"""What this process does after the fork, before it waits; is told how to ask whether the other has ended."""


LOG, _SAID = "log.txt", "said.json"


def _nothing(ended: Callable[[], bool]) -> None:
    return


@dataclass(frozen=True)
class Forked:
    """A process under way, that runs a function in a folder.

    Attributes:
        pid: of it.
        handle: a file descriptor that can be read from once the process has ended (pidfd_open(2)).
        folder: where its log is, and what its function returned.
    """

    pid: int
    handle: int
    folder: Path

    def ended(self, within_s: float = 0.0) -> bool:
        """Whether it has ended, or does so within the time."""
        return bool(select.select([self.handle], [], [], within_s)[0])

    def end(self, timeout_s: float | None = None) -> End:
        """Waits for its end, for so long at most; one that goes on is killed."""
        try:
            over = bool(select.select([self.handle], [], [], timeout_s)[0])
            if not over:
                os.kill(self.pid, signal.SIGKILL)
            _, status = os.waitpid(self.pid, 0)
        finally:
            os.close(self.handle)
        if not over:
            return End(hung=True)
        if os.WIFSIGNALED(status):
            return End(killed=os.WTERMSIG(status) == signal.SIGKILL)
        said = self.folder / _SAID
        return End(said=json.loads(said.read_text()) if said.exists() else None)


def start(function: Callable[[], dict[str, Any]], folder: Path) -> Forked:
    """Has a forked process run the function; what it prints is in the folder's `LOG`."""
    (folder / _SAID).unlink(missing_ok=True)
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        _child(function, folder / _SAID, folder / LOG)
    return Forked(pid, os.pidfd_open(pid), folder)


def in_a_process(
    function: Callable[[], dict[str, Any]], folder: Path, timeout_s: float, meanwhile: Meanwhile = _nothing
) -> End:
    """Runs the function in a forked process, and waits for its end for so long at most."""
    forked = start(function, folder)
    meanwhile(forked.ended)
    return forked.end(timeout_s)


def _child(function: Callable[[], dict[str, Any]], said: Path, log: Path) -> NoReturn:
    try:
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, to in ((0, nothing), (1, out), (2, out)):
            os.dup2(to, number)
        try:
            found = function()
        except Exception as error:
            traceback.print_exc()
            found = {"ended": "raised", "error": f"{type(error).__name__}: {error}"}
        said.write_text(json.dumps(found))
    finally:
        os._exit(0)
