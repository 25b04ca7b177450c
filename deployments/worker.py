"""A worker of the pool: beside the server, or on a machine of its own (`tierwise worker`)."""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from backends.processes.guarded import release, start_guarded
from deployments.database import without_database
from deployments.processes import Say, ask_to_stop
from deployments.setup import POOL, configured_server
from escalation.inputs.home import close_to_others
from escalation.inputs.surroundings import private_files
from escalation.model.errors import TierwiseError
from escalation.ports.configuration import settings
from escalation.text.visible import visible

STOP_S = 2.0
"""By then its flow runs have ended; left to itself it goes on for up to half a minute."""
RUNS_STOP_S = 20.0


class WorkerGuard(Protocol):
    """A worker under its guard."""

    @property
    def pid(self) -> int:
        """Of the guard."""
        ...


def worker_command(name: str | None = None, limit: int | None = None) -> list[str]:
    """The command of a worker.

    Args:
        name: what the pages call it; default: Prefect makes one up.
        limit: of runs at a time; default: none.
    """
    command = [sys.executable, "-m", "deployments.forked", POOL]
    command += ["--name", name] if name else []
    return command + (["--limit", str(limit)] if limit else [])


def work(name: str | None = None, limit: int | None = None, say: Say = sys.stdout.write) -> None:
    """Takes runs of the server that is configured, until Ctrl-C or SIGTERM; its output is this process's.

    Raises:
        BadInput: when no server is configured, or the one that is cannot be used.
        TierwiseError: when the worker ends by itself.
    """

    def tell(line: str) -> None:
        say(visible(line) + "\n")
        sys.stdout.flush()

    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        url = configured_server(say)
        close_to_others(settings().home)
        tell(f"a worker of the pool {POOL} at {url}; Ctrl-C stops it, and the runs that it has begun")
        with contextlib.suppress(KeyboardInterrupt):
            _until_it_ends(worker_command(name, limit))
        tell("stopped")
    finally:
        signal.signal(signal.SIGTERM, before)


def _until_it_ends(command: list[str]) -> None:
    with private_files():
        guard = start_guarded(command, [], without_database(os.environ), sys.stdout.buffer)
    try:
        with runs_interrupted(guard):
            code = guard.wait()
    finally:
        ask_to_stop(guard, STOP_S)
        release(guard)
    raise TierwiseError(f"the worker ended by itself with exit code {code}: see what it says above")


@contextmanager
def runs_interrupted(worker: WorkerGuard) -> Iterator[None]:
    """At the end, has the worker's flow runs end by themselves first, so that their cases can be taken up."""
    try:
        yield
    finally:
        interrupt_runs(worker.pid)


def interrupt_runs(above: int | None = None) -> None:
    """Has the flow runs below a process (default: this one) end by themselves, and waits for that a while."""
    import psutil

    runs: list[psutil.Process] = []
    try:
        below = psutil.Process(above).children(recursive=True)
    except psutil.NoSuchProcess:
        return
    for process in below:
        with contextlib.suppress(psutil.Error):
            if "PREFECT__FLOW_RUN_ID" in process.environ() and "prefect" in " ".join(process.cmdline()):
                process.send_signal(signal.SIGTERM)
                runs.append(process)
    psutil.wait_procs(runs, timeout=RUNS_STOP_S)
