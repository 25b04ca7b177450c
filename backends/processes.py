"""Processes: who they are, whether they live, how they are started under a guard."""

import contextlib
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parent.parent
GUARD = Path(__file__).with_name("guard.py")
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
CLOCK_SLACK_S = 2.0


def identity(pid: int) -> dict[str, Any]:
    """Returns JSON data that names a living process for good: host, id and creation time."""
    import psutil

    return {"host": platform.node(), "pid": pid, "create_time": psutil.Process(pid).create_time()}


def alive(who: Mapping[str, Any]) -> bool | None:
    """Tells whether the very process that `identity` described lives; None when it is on another host."""
    import psutil

    if who["host"] != platform.node():
        return None
    try:
        process = psutil.Process(who["pid"])
        same = abs(process.create_time() - who["create_time"]) < CLOCK_SLACK_S
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def environment(threads: int) -> dict[str, str]:
    """Returns the environment of workers: fixed thread counts and hash seed, this checkout's code."""
    fixed = dict.fromkeys(THREAD_VARIABLES, str(threads))
    steady = {"OMP_DYNAMIC": "FALSE", "MKL_DYNAMIC": "FALSE", "PYTHONHASHSEED": "0", "PYTHONUNBUFFERED": "1"}
    return {**os.environ, **fixed, **steady, "PYTHONPATH": str(ROOT)}


def start_guarded(
    command: Sequence[str], options: Sequence[str], env: Mapping[str, str], stdout: int | IO[bytes]
) -> subprocess.Popen[bytes]:
    """Starts a command under `guard.py`; closing the returned process's `stdin` ends it and all it started.

    Raises:
        OSError: when no process could be started.
    """
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(GUARD), *options, "--", *command],
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=subprocess.DEVNULL if stdout == subprocess.PIPE else subprocess.STDOUT,
        cwd=ROOT,
        env=dict(env),
        start_new_session=True,
    )


def release(guard: subprocess.Popen[bytes], timeout_s: float = 10.0) -> None:
    """Cuts the lifeline and waits until the guard has seen everything die."""
    if guard.stdin is not None:
        with contextlib.suppress(BrokenPipeError):  # the command was gone before it read everything
            guard.stdin.close()
    guard.wait(timeout_s)
