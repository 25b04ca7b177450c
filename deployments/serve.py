"""Serves the project on this machine: Prefect's server and pages, the deployments, a worker."""

import contextlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from deployments.keeping import Keeper, KeptProcess
from deployments.practising import practising
from deployments.processes import (
    Say,
    checked_port,
    client_environment,
    free_port,
    running_server,
    users_settings,
)
from deployments.setup import POOL
from deployments.watching import Api, troubles
from escalation.inputs.home import close_folder, close_to_others
from escalation.inputs.settings import ROOT
from escalation.inputs.surroundings import private_files
from escalation.model.errors import BadInput, TierwiseError
from escalation.ports.configuration import settings, without_secrets
from escalation.submission.unattended import unattended
from escalation.text.visible import visible
from flows.credential import credential, credential_file
from flows.engine import SERVER_FILE, served_home
from records.ledger.locking import file_lock
from records.runtime import open_records

FIRST_LOOK_S = 180.0
LOOK_S = 60.0
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
        say(visible(line) + "\n")
        sys.stdout.flush()

    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    home, keeper = home or served_home(), Keeper(tell)
    try:
        with serving(port, tell, home, practice=practice, keeper=keeper) as url:
            for line in announcement(url, home):
                tell(line)
            with contextlib.suppress(KeyboardInterrupt):
                _look_after(keeper, url, home, tell)
            tell("stopping")
        tell("stopped")
    except KeyboardInterrupt:
        tell("stopped before it was up")
    finally:
        signal.signal(signal.SIGTERM, before)


def _look_after(keeper: Keeper, url: str, home: Path, tell: Say) -> None:
    """Until Ctrl-C: starts again what died, and says what does not do its work, when that changes."""
    said: set[str] = set()
    due = time.monotonic() + FIRST_LOOK_S
    while True:
        keeper.look()
        if time.monotonic() > due:
            due = time.monotonic() + LOOK_S
            found = {re.sub(r"\d+ min", "", line): line for line in _troubles(url, home)}
            for what in found.keys() - said:
                tell(f"WARNING: {found[what]}; see {home / 'server.log'} and {home / 'worker.log'}")
            if said and not found:
                tell("all is well again")
            said = set(found)
        time.sleep(1.0)


def _troubles(url: str, home: Path) -> list[str]:
    """A check that breaks must not end what it watches over."""
    found = []
    try:
        found += troubles(Api(url, credential(home)), POOL)
    except Exception as error:
        found.append(f"the server at {url} does not answer as it should ({error})")
    try:
        with open_records() as (ledger, _):
            found += [each.line for each in unattended(ledger, time.time())]
    except Exception as error:
        found.append(f"the ledger cannot be read ({error})")
    return found


@contextmanager
def serving(
    port: int | None,
    say: Say,
    home: Path | None = None,
    *,
    practice: bool = False,
    keeper: Keeper | None = None,
) -> Iterator[str]:
    """Runs server and worker, everything deployed, for as long as the block lasts; yields the API's URL.

    With `practice`, a practice service beside them, which the worker's runs use in place of a real one.

    Raises:
        TierwiseError: when the home is served already, or something does not come up.
    """
    home, keeper = home or served_home(), keeper or Keeper(say)
    close_to_others(settings().home)
    with private_files(), _alone(home):
        port = usual_port() if port is None else port
        env = {**_without_prefect(), **users_settings(), **client_environment(home, port)}
        beside: AbstractContextManager[dict[str, str]] = nullcontext({})
        if practice:
            beside = practising(home, say, keeper.child)
        with (
            running_server(home, port, scheduling=True, say=say, start=keeper.child) as url,
            _written_down(home, url),
            beside as account,
        ):
            say("deploying the flows")
            _set_up(without_secrets(env) | {name: env[name] for name in env if name.startswith("PREFECT_")})
            say("starting a worker")
            # A person who pressed a button is waiting.
            env = {**env, **account, "PREFECT_WORKER_QUERY_SECONDS": "2"}
            command = [
                sys.executable,
                "-m",
                "prefect",
                "worker",
                "start",
                "--pool",
                POOL,
                "--type",
                "process",
            ]
            log = home / "worker.log"
            with keeper.child(command, env, log, WORKER_STOP_S) as worker, _runs_interrupted(worker):
                # Prefect copies its pages with the modes that they have in the package.
                close_folder(home)
                yield url


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Holds the home; the system gives it free when this process dies, however that happens."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(file_lock(home / "serve.lock", wait=False))
        except BlockingIOError:
            raise BadInput(f"{home} is served already{_by_whom(home)}: stop that one, or use it") from None
        yield


def _by_whom(home: Path) -> str:
    try:
        served = json.loads((home / SERVER_FILE).read_text(encoding="utf-8"))
        return f" at {served['api_url']} by process {served['pid']}"
    except (OSError, ValueError, LookupError, TypeError):
        return ""


def announcement(url: str, home: Path) -> list[str]:
    """What to know about a server that is up; the credential itself is never shown."""
    base, file = url.removesuffix("/api"), credential_file(home)
    return [
        f"Prefect's pages  {base}",
        f"to log in        the line in {file}, which you alone can read",
        f"its API          {url}",
        "to use it        `tierwise` finds it by itself; for other programs:",
        f"  export PREFECT_API_URL={url}",
        f'  export PREFECT_API_AUTH_STRING="$(cat {shlex.quote(str(file))})"',
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
def _runs_interrupted(worker: KeptProcess) -> Iterator[None]:
    """At the end, has the worker's flow runs end by themselves first, so that their cases can be taken up."""
    try:
        yield
    finally:
        _interrupt_runs(worker)


def _interrupt_runs(worker: KeptProcess, timeout_s: float = 20.0) -> None:
    import psutil

    runs: list[psutil.Process] = []
    try:
        below = psutil.Process(worker.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return
    for process in below:
        with contextlib.suppress(psutil.Error):
            if "PREFECT__FLOW_RUN_ID" in process.environ() and "prefect" in " ".join(process.cmdline()):
                process.send_signal(signal.SIGTERM)
                runs.append(process)
    psutil.wait_procs(runs, timeout=timeout_s)


def _without_prefect() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
