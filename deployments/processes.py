"""Prefect's server and worker as child processes that end with whoever started them."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from backends.processes.guarded import release, start_guarded
from deployments.address import Address, checked_port, free_port
from deployments.database import own_database, without_database
from escalation.inputs.surroundings import past_proxies, private_files
from escalation.model.errors import BadInput, TierwiseError
from escalation.ports.configuration import without_secrets
from flows.credential import make_credential
from flows.engine import healthy, stated_credential

START_S = 180.0
STOP_S = 20.0
LONG_ENOUGH = 20
"""Characters of a password that nobody guesses over a network."""
IDLE_SERVICES = (
    "SCHEDULER", "LATE_RUNS", "PAUSE_EXPIRATIONS", "CANCELLATION_CLEANUP", "FOREMAN", "TRIGGERS",
    "REPOSSESSOR", "DB_VACUUM", "CLEANUP_RECONCILER",
)  # fmt: skip
"""The server's loops that nothing needs where runs are neither scheduled nor sent to workers."""

Say = Callable[[str], object]


class Ending(Protocol):
    """Something that runs, and may end."""

    def poll(self) -> int | None:
        """How it ended; None while it runs."""
        ...


class Start(Protocol):
    """How a child is started; see `child`."""

    def __call__(
        self, command: list[str], env: Mapping[str, str], log: Path, stop_s: float = STOP_S
    ) -> AbstractContextManager[Ending]:
        """Runs a command for as long as the block lasts."""
        ...


_NOT_KEPT = re.compile(
    r"PREFECT_(_.*|HOME|PROFILE.*|CLOUD_.*|UI_.*|TEST.*|CLIENT_CSRF.*"
    r"|API_(?!DEFAULT_LIMIT$|TLS|SSL).*"
    r"|SERVER_(EPHEMERAL.*|ALLOW_EPHEMERAL.*|ANALYTICS.*|UI_(?!SHOW|V2).*|CORS_.*|CSRF_PROTECTION.*)"
    r"|SERVER_API_(?!DEFAULT_LIMIT$|KEEPALIVE|CSRF_TOKEN).*)"
)
"""Settings of a user's that name another server, or would open this one."""


def users_settings(env: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What a user's environment tells Prefect, without what would open the server or name another one."""
    return {
        name: value
        for name, value in env.items()
        if name.startswith("PREFECT_") and not _NOT_KEPT.fullmatch(name)
    }


def client_environment(home: Path, address: Address) -> dict[str, str]:
    """What a process needs to know, before it imports Prefect, to use the server and nothing else."""
    return {
        "PREFECT_HOME": str(home),
        "PREFECT_PROFILES_PATH": str(home / "profiles.toml"),
        "PREFECT_API_URL": f"{address.local}/api",
        "PREFECT_API_AUTH_STRING": make_credential(home, stated_credential()),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "true",
        **past_proxies(os.environ, urlsplit(address.local).hostname),
    }


def refuse_weak(credential: str | None, address: Address) -> None:
    """Whoever shows the credential is the user: beyond this machine nobody must be able to guess it.

    Raises:
        BadInput: when the user's own is too short for a server that others reach.
    """
    if credential is None or not address.reached:
        return
    user, _, password = credential.partition(":")
    if not user or len(password) < LONG_ENOUGH:
        raise BadInput(
            "expected PREFECT_SERVER_API_AUTH_STRING as USER:PASSWORD with a password of at least "
            f"{LONG_ENOUGH} characters for a server that other machines reach, got one of {len(password)}: "
            "unset it, and one is made"
        )


def server_environment(home: Path, address: Address, *, scheduling: bool) -> dict[str, str]:
    """The server's own settings besides. It needs no secret but its own, and the user's for its database."""
    kept = {**without_secrets(os.environ), **users_settings()}
    if not scheduling:  # a server for one process alone has a database of its own
        kept = without_database(kept)
    services = (
        {} if scheduling else {f"PREFECT_SERVER_SERVICES_{name}_ENABLED": "false" for name in IDLE_SERVICES}
    )
    refuse_weak(stated_credential(), address)
    client = client_environment(home, address)
    return {
        **own_database(home, kept),
        **kept,
        **services,
        **client,
        "PREFECT_SERVER_API_AUTH_STRING": client["PREFECT_API_AUTH_STRING"],
        "PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED": "true",
        "PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS": ",".join(address.origins()),
        "PREFECT_SERVER_API_HOST": address.host,
        "PREFECT_SERVER_API_PORT": str(address.port),
        # The pages find the API by this; on another port than 4200 they would look in the wrong place.
        "PREFECT_SERVER_UI_API_URL": f"{address.base}/api",
        "PREFECT_SERVER_UI_ENABLED": str(scheduling).lower(),
        "PREFECT_SERVER_UI_STATIC_DIRECTORY": str(home / "ui"),
    }


@contextmanager
def running_server(
    home: Path,
    address: Address | None = None,
    *,
    scheduling: bool = False,
    say: Say | None = None,
    start: "Start | None" = None,
    database: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """Runs a Prefect server for as long as the block lasts.

    Args:
        home: its folder: database, log, profile. Nothing outside of it is read or written.
        address: where it listens; default: a free port of the loopback address.
        scheduling: whether it schedules, cleans up and shows its pages; flow runs that a process starts
            by itself need none of that.
        say: is told what is being waited for.
        start: how its process is started; default: `child`.
        database: the setting of a database in place of SQLite in its folder.

    Yields:
        The API's URL.

    Raises:
        TierwiseError: when the server does not come up; says why.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    address = address or Address(free_port())
    checked_port(address.port, address.host)
    first = "" if (home / "prefect.db").exists() else " (the first time it makes its database)"
    (say or _silent)(f"starting the Prefect server on port {address.port}{first}")
    command = [sys.executable, "-m", "deployments.server", str(address.port), address.host]
    command += [address.public] if address.public else []
    url = f"{address.local}/api"
    env, log = (
        server_environment(home, address, scheduling=scheduling) | dict(database or {}),
        home / "server.log",
    )
    with (start or child)(command, env, log) as guard:
        _await_health(url, guard, log)
        try:
            yield url
        finally:
            send_what_is_left()


@contextmanager
def child(
    command: list[str], env: Mapping[str, str], log: Path, stop_s: float = STOP_S, *, append: bool = False
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a command under the guard: at the end it is asked to stop, and what is left of it after `stop_s`
    seconds is killed, with all that it started.

    Should this process be killed, the guard notices, and does the same at once.
    """
    with private_files(), log.open("ab" if append else "wb") as output:
        guard = start_guarded(command, [], env, output)
    try:
        yield guard
    finally:
        ask_to_stop(guard, stop_s)
        release(guard)


def ask_to_stop(guard: subprocess.Popen[bytes], timeout_s: float = STOP_S) -> None:
    """Sends SIGTERM to the guarded command, and waits for it to end in its own way."""
    import psutil

    with contextlib.suppress(psutil.NoSuchProcess):
        for second in psutil.Process(guard.pid).children():  # a guard is two processes
            for command in second.children():
                command.send_signal(signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        guard.wait(timeout_s)


def send_what_is_left() -> None:
    """Sends the log lines and events that Prefect's client in this process still holds back."""
    if "prefect.logging.handlers" in sys.modules:
        from prefect.events.worker import EventsWorker
        from prefect.logging.handlers import APILogWorker

        for worker in (APILogWorker, EventsWorker):
            worker.drain_all(timeout=STOP_S)


def _await_health(url: str, guard: Ending, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while not healthy(url, 1.0):
        if guard.poll() is not None:
            raise TierwiseError(f"the Prefect server ended before it was up: {last_line(log)}; see {log}")
        if time.monotonic() > deadline:
            raise TierwiseError(f"the Prefect server was not up within {START_S:.0f} s; see {log}")
        time.sleep(0.05)


def last_line(log: Path, since: int = 0) -> str:
    """What a child said last, of what stands in the log after so many bytes."""
    written = log.read_bytes()[since:].decode(errors="replace")
    lines = [line for line in written.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it said nothing"


def _silent(_: str) -> None:
    return
