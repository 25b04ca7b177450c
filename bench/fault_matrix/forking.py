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


def _nothing(ended: Callable[[], bool]) -> None:
    return


def in_a_process(
    function: Callable[[], dict[str, Any]], folder: Path, timeout_s: float, meanwhile: Meanwhile = _nothing
) -> End:
    """Runs the function in a forked process, and waits for its end for so long at most."""
    said = folder / "said.json"
    said.unlink(missing_ok=True)
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        _child(function, said, folder / "log.txt")
    return _wait(pid, said, timeout_s, meanwhile)


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


def _wait(pid: int, said: Path, timeout_s: float, meanwhile: Meanwhile) -> End:
    handle = os.pidfd_open(pid)
    try:
        meanwhile(lambda: bool(select.select([handle], [], [], 0)[0]))
        over = bool(select.select([handle], [], [], timeout_s)[0])
        if not over:
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
    finally:
        os.close(handle)
    if not over:
        return End(hung=True)
    if os.WIFSIGNALED(status):
        return End(killed=os.WTERMSIG(status) == signal.SIGKILL)
    return End(said=json.loads(said.read_text()) if said.exists() else None)
