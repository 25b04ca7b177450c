"""Serves the project on this machine: Prefect's server and pages, the deployments, a worker."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from deployments.practising import practising
from deployments.processes import (
    LOOPBACK,
    Say,
    checked_port,
    child,
    client_environment,
    free_port,
    running_server,
)
from deployments.setup import POOL
from escalation.errors import TierwiseError
from escalation.settings import ROOT
from flows.engine import SERVER_FILE, served_home

PREFECTS_OWN_PORT = 4200
WORKER_STOP_S = 5.0
"""By then its flow runs have ended; left to itself it goes on for up to half a minute."""


def serve(
    port: int | None = None,
    say: Say = sys.stdout.write,
    home: Path | None = None,
    *,
    practice: bool = False,
) -> None:
    """Serves until Ctrl-C or SIGTERM, then stops everything it started.

    Args:
        port: where the server listens; default: 4200, or a free one where that is taken.
        say: is told, line by line, what happens.
        home: Prefect's folder; default: `prefect` beside the ledger.
        practice: whether a practice service is started too, and the worker told of it.
    """

    def tell(line: str) -> None:
        say(line + "\n")

    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with serving(port, tell, home, practice=practice) as url:
            for line in announcement(url):
                tell(line)
            _until_interrupted()
            tell("stopping")
        tell("stopped")
    except KeyboardInterrupt:
        tell("stopped before it was up")
    finally:
        signal.signal(signal.SIGTERM, before)


def _until_interrupted() -> None:
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()


@contextmanager
def serving(port: int | None, say: Say, home: Path | None = None, *, practice: bool = False) -> Iterator[str]:
    """Runs server and worker, everything deployed, for as long as the block lasts; yields the API's URL.

    With `practice`, a practice service beside them, which the worker's runs use in place of IBM Quantum.
    """
    home = home or served_home()
    port = usual_port() if port is None else port
    env = {**_without_prefect(), **client_environment(home, port)}
    beside: AbstractContextManager[dict[str, str]] = nullcontext({})
    if practice:
        beside = practising(home, say)
    with (
        running_server(home, port, scheduling=True, say=say) as url,
        _written_down(home, url),
        beside as account,
    ):
        say("deploying the flows")
        _set_up(env)
        say("starting a worker")
        # A person who pressed a button is waiting.
        env = {**env, **account, "PREFECT_WORKER_QUERY_SECONDS": "2"}
        command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL, "--type", "process"]
        log = home / "worker.log"
        with child(command, env, log, WORKER_STOP_S) as guard, _runs_interrupted(guard):
            yield url


def announcement(url: str) -> list[str]:
    """What to know about a server that is up."""
    base = url.removesuffix("/api")
    return [
        f"Prefect's pages  {base}",
        f"its API          {url}",
        f"to use it        export PREFECT_API_URL={url}",
        "Ctrl-C stops the server and the worker.",
    ]


def usual_port() -> int:
    """Prefect's own port, or a free one where that is taken."""
    try:
        return checked_port(PREFECTS_OWN_PORT)
    except TierwiseError:
        return free_port()


def _set_up(env: dict[str, str]) -> None:
    """In a process of its own: this one may have imported Prefect with other settings."""
    done = subprocess.run(
        [sys.executable, "-m", "deployments.setup"],
        cwd=ROOT, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise TierwiseError(f"the flows could not be deployed: {said[-1] if said else 'no reason given'}")


@contextmanager
def _written_down(home: Path, url: str) -> Iterator[None]:
    """Leaves the URL where the command line finds it."""
    file = home / SERVER_FILE
    file.write_text(json.dumps({"api_url": url, "pid": os.getpid()}), encoding="utf-8")
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


@contextmanager
def _runs_interrupted(worker: subprocess.Popen[bytes]) -> Iterator[None]:
    """At the end, has the worker's flow runs end by themselves first, so that their cases can be taken up."""
    try:
        yield
    finally:
        _interrupt_runs(worker)


def _interrupt_runs(worker: subprocess.Popen[bytes], timeout_s: float = 20.0) -> None:
    import psutil

    runs = []
    for process in psutil.Process(worker.pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if "PREFECT__FLOW_RUN_ID" in process.environ() and "prefect" in " ".join(process.cmdline()):
                process.send_signal(signal.SIGTERM)
                runs.append(process)
    psutil.wait_procs(runs, timeout=timeout_s)


def _without_prefect() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}


__all__ = ["LOOPBACK", "announcement", "serve", "serving"]
