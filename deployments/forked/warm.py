"""A process that has imported what flow runs need, and forks one a run.

Started as `python -m deployments.forked.warm SOCKET`; it ends with its standard input. A run in an
interpreter of its own spends most of its time on imports. Here each is a fork of a process with one thread,
so that runs share nothing that they change. Whoever asks (`prefect_run.py`) stands for its run: a signal to
it is passed on, its death is the run's, its exit code is the run's.
"""

import array
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import threading
import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deployments.setup import stated

_ENGINE = "prefect.engine"
_ALSO = (
    "prefect.flow_engine",
    "prefect.task_engine",
    "prefect.events.worker",
    "records.runtime",
    "mlflow.store.tracking.sqlalchemy_workspace_store",  # what MLflow's client imports when it is opened
)


@dataclass
class ForkedRun:
    """One run: who asked, and the process that it is."""

    asked: socket.socket
    pid: int
    ended: int
    """A descriptor that can be read once the process has ended (pidfd_open(2))."""


def preload() -> None:
    """Imports what runs need; a module that cannot be imported fails its own runs, not all."""
    modules = (each["entrypoint"].rpartition(".")[0] for each in stated())
    for name in dict.fromkeys((*_ALSO, *modules)):
        with suppress(ImportError):
            importlib.import_module(name)


def serve(listening: socket.socket) -> dict[str, Any] | None:
    """Forks runs until standard input ends; in a fork returns what its run was asked with."""
    runs: dict[int, ForkedRun] = {}
    poll = select.poll()
    for file in (0, listening.fileno()):
        poll.register(file, select.POLLIN)
    while True:
        for file, _ in poll.poll():
            if file == 0:
                return None
            if file == listening.fileno():
                request = _take(listening, runs, poll)
                if request is not None:
                    return request
            elif file in runs:
                _follow(runs, file, poll)


def _take(listening: socket.socket, runs: dict[int, ForkedRun], poll: "select.poll") -> dict[str, Any] | None:
    asked, _ = listening.accept()
    _, files, _, _ = socket.recv_fds(asked, 1, 2)
    with asked.makefile("rb") as lines:
        request = json.loads(lines.readline())
    pid = os.fork()
    if pid == 0:
        for number, file in zip((1, 2), files, strict=True):
            os.dup2(file, number)
        return dict(request)
    for file in files:
        os.close(file)
    run = ForkedRun(asked, pid, os.pidfd_open(pid))
    for file in (asked.fileno(), run.ended):
        runs[file] = run
        poll.register(file, select.POLLIN)
    return None


def _follow(runs: dict[int, ForkedRun], file: int, poll: "select.poll") -> None:
    run = runs[file]
    if file != run.ended:
        said = run.asked.recv(1)
        with suppress(ProcessLookupError):
            os.kill(run.pid, said[0] if said else signal.SIGKILL)
        if not said:  # it is gone, and its run will be
            poll.unregister(file)
            del runs[file]
        return
    _, status = os.waitpid(run.pid, 0)
    with suppress(OSError):
        run.asked.sendall(array.array("i", [os.waitstatus_to_exitcode(status)]).tobytes())
    for each in (run.asked.fileno(), run.ended):
        if runs.pop(each, None):
            poll.unregister(each)
    run.asked.close()
    os.close(run.ended)


def become(request: dict[str, Any]) -> None:
    """Turns the fork into the run: its environment, its folder, and Prefect's own engine."""
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL if number == signal.SIGTERM else signal.default_int_handler)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.argv = [_ENGINE]
    sys.modules.pop(_ENGINE, None)  # which is run, not imported
    runpy.run_module(_ENGINE, run_name="__main__", alter_sys=True)


def main() -> None:
    """Reads the command line, imports, and serves."""
    place = Path(sys.argv[1])
    preload()
    if threading.active_count() > 1:
        sys.exit(f"cannot fork: {threading.enumerate()} were started by an import")
    gc.freeze()  # runs share these pages, and do not look through them for garbage
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(place.with_suffix(".new")))
        listening.listen(64)
        place.with_suffix(".new").rename(place)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it decides
        request = serve(listening)
    if request is not None:
        become(request)


if __name__ == "__main__":
    try:
        main()
    except Exception:
        traceback.print_exc()
        raise SystemExit(1) from None
