"""Runs a command on two processors, counts what it and all it started took, and leaves nothing running."""

import contextlib
import ctypes
import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

CORES = 2
POLL_S = 0.02
GRACE_S = 5.0
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER, prctl(2): what a killed process leaves behind becomes ours


@dataclass(frozen=True)
class Run:
    """What a command took.

    Attributes:
        code: its exit status; None where it was stopped at its limit.
        wall_s: from its start to its end.
        cpu_s: of processors, with all that it started.
        said: the last line of its standard error.
    """

    code: int | None
    wall_s: float
    cpu_s: float
    said: str


def run(command: list[str], folder: Path, limit_s: float, more: Mapping[str, str]) -> Run:
    """Runs to the end or the limit; output goes into files of the folder. On Ctrl-C all of it is stopped."""
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    begun = monotonic()
    took = [0.0]
    with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as error:
        child = subprocess.Popen(
            command,
            stdout=out,
            stderr=error,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **more},
            start_new_session=True,
        )
        try:
            code = _awaited(child, begun + limit_s, took)
            wall_s = monotonic() - begun
        finally:
            _stop_all(child, took)
    lines = (folder / "stderr").read_text(errors="replace").strip().splitlines()
    return Run(code, wall_s, took[0], lines[-1][-300:] if lines else "")


def on_two_processors() -> None:
    """Keeps this process, and all that it starts, on two processors."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])


def _awaited(child: "subprocess.Popen[bytes]", until: float, took: list[float]) -> int | None:
    while monotonic() < until:
        ended = _reaped(took)
        if child.pid in ended:
            child.returncode = ended[child.pid]
            return child.returncode
        sleep(POLL_S)
    return None


def _reaped(took: list[float]) -> dict[int, int]:
    """Takes note of all children that ended."""
    found = {}
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status, used = os.wait4(-1, os.WNOHANG)
            if not pid:
                break
            found[pid] = os.waitstatus_to_exitcode(status)
            took[0] += used.ru_utime + used.ru_stime
    return found


def _stop_all(child: "subprocess.Popen[bytes]", took: list[float]) -> None:
    """Asks what is left to stop, then kills it, until this process has no descendant."""
    until = monotonic() + GRACE_S
    asked: set[int] = set()
    while left := _descendants(os.getpid()):
        for pid in left - asked:
            _signal(pid, signal.SIGTERM)
        asked |= left
        if monotonic() > until:
            for pid in left:
                _signal(pid, signal.SIGKILL)
        ended = _reaped(took)
        child.returncode = ended.get(child.pid, child.returncode)
        sleep(POLL_S)


def _signal(pid: int, which: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, which)


def _descendants(of: int) -> set[int]:
    parents = {}
    for each in Path("/proc").iterdir():
        if each.name.isdigit():
            with contextlib.suppress(OSError):
                parents[int(each.name)] = int((each / "stat").read_text().rpartition(")")[2].split()[1])
    found: set[int] = set()
    while more := {pid for pid, parent in parents.items() if parent in found | {of}} - found:
        found |= more
    return found
