"""Processes: who they are, whether they live, how they are started under a guard."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from escalation.model.clock import ProcessIdentity

_PDEATHSIG = 1
ROOT = Path(__file__).resolve().parents[2]
GUARD = Path(__file__).with_name("guard.py")
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def identity(pid: int) -> dict[str, Any]:
    """Names a living process, for `alive`; raises `ProcessLookupError` on none."""
    return ProcessIdentity.of(pid).to_json()


def alive(who: Mapping[str, Any]) -> bool:
    """Tells whether the very process lives that `identity` named.

    One that cannot be seen (of an earlier boot, another machine or container) counts as gone: it belongs to
    a driver there, whose case has been taken over from here.
    """
    return bool(ProcessIdentity.from_json(who).alive())


def die_with_parent(command: str) -> None:
    """Has the kernel kill this process when its parent dies, if that parent runs the named command.

    Of that command it must be known that the thread which starts processes lives as long as itself
    (prctl(2), PR_SET_PDEATHSIG).
    """
    parent = os.getppid()
    try:
        name = Path(f"/proc/{parent}/comm").read_text().strip()
    except OSError:
        return
    if name == command[:15]:  # the kernel keeps no more of it
        ctypes.CDLL(None).prctl(_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)


def processors() -> list[int]:
    """Returns the processors that this process may run on: a batch job or container may have but a few."""
    return sorted(os.sched_getaffinity(0))


def environment(threads: int) -> dict[str, str]:
    """Returns the environment of workers: what there is but secrets, and what `steady` fixes."""
    # here alone, as ranks import this module too, and to read the settings would be half of their start
    from escalation.ports.configuration import without_secrets

    return without_secrets(os.environ) | steady(threads)


def steady(threads: int) -> dict[str, str]:
    """Returns what is the same for all workers: fixed threads and hash seed, this checkout's code.

    What a site adds to PYTHONPATH, where its own families may be, stays behind this checkout.
    """
    fixed = dict.fromkeys(THREAD_VARIABLES, str(threads))
    others = {"OMP_DYNAMIC": "FALSE", "MKL_DYNAMIC": "FALSE", "PYTHONHASHSEED": "0", "PYTHONUNBUFFERED": "1"}
    added = filter(os.path.isabs, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    code = dict.fromkeys([str(ROOT), *added])
    return {**fixed, **others, "PYTHONPATH": os.pathsep.join(code)}


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
