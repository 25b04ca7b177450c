"""A real PostgreSQL server for the tests: Debian's, installed where it is missing, in a folder of its own."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from records.ledger.locking import file_lock
from tests.debian import Missing, install

USER = "tierwise"
_LOCK = Path(tempfile.gettempdir()) / "tierwise-tests-postgresql.lock"
_PATIENCE_S = 120.0
_NO_CLUSTER = Path("/etc/postgresql-common/createcluster.conf")
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "16MB",
    "dynamic_shared_memory_type": "mmap",
}


def programs() -> Path:
    """The folder of the newest server's programs; installs one where there is none and root may.

    Raises:
        Missing: when there is none then.
    """
    with file_lock(_LOCK):
        found = _found()
        if found is None:
            _install()
            found = _found()
    if found is None:
        raise Missing("expected PostgreSQL under /usr/lib/postgresql after its installation, got none")
    return found


@contextmanager
def serving(port: int | None = None, place: str = "/tmp") -> Iterator[Path]:
    """Starts a server on a socket in a temporary folder, which it yields; stops it by its process id.

    Its folder is made in `place`, whose path must be short. With a port it listens on the loopback address
    as well, for who does not see the socket; see `over_tcp`.
    """
    binaries = programs()
    # not below pytest's own folder: a socket's path has at most 107 bytes, and its owner must reach it
    folder = Path(tempfile.mkdtemp(prefix="tierwise-pg-", dir=place))
    account = _account()
    try:
        if account:
            os.chown(folder, account["user"], account["group"])
        _run([binaries / "initdb", "-D", folder / "data", "-U", USER, *_INITDB], folder, account)
        listening = {} if port is None else {"listen_addresses": "127.0.0.1", "port": str(port)}
        settings = {**_SETTINGS, **listening}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [str(binaries / "postgres"), "-D", str(folder / "data"), "-k", str(folder), *options]
        with (folder / "log").open("wb") as log:
            server: subprocess.Popen[bytes] = subprocess.Popen(
                command, cwd=folder, env=_PLAIN, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **account
            )
        try:
            _await_answer(server, folder, port)
            yield folder
        finally:
            _stop(server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def emptied(socket: Path) -> str:
    """Ends whatever uses the server's database, and empties it; returns its URL."""
    with _connected(socket) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return f"postgresql://{USER}@/postgres?host={socket}"


def over_tcp(port: int) -> str:
    """The URL of a server that was started with that port."""
    return f"postgresql://{USER}@127.0.0.1:{port}/postgres"


_INITDB = ("--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C")
_PLAIN = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def _found() -> Path | None:
    """Versions are compared as numbers: 9 is older than 15."""
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    return max(folders, key=lambda path: float(path.parent.name), default=None)


def _install() -> None:
    if os.geteuid() == 0 and not _NO_CLUSTER.exists():  # Debian's package would start a server of its own
        _NO_CLUSTER.parent.mkdir(parents=True, exist_ok=True)
        _NO_CLUSTER.write_text("create_main_cluster = false\n")
    install("postgresql")


def _account() -> Mapping[str, Any]:
    """Whom the server runs as: it refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam("postgres")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _run(command: list[Any], folder: Path, account: Mapping[str, Any]) -> None:
    subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=_PLAIN,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        timeout=_PATIENCE_S,
        **account,
    )


def _await_answer(server: "subprocess.Popen[bytes]", folder: Path, port: int | None) -> None:
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            _connected(folder, port).close()
            return
        except psycopg.OperationalError as error:
            if server.poll() is not None or time.monotonic() > until:
                said = (folder / "log").read_text(errors="replace")
                raise AssertionError(f"PostgreSQL did not start: {error}\n{said}") from None
        time.sleep(0.05)


def _stop(server: "subprocess.Popen[bytes]") -> None:
    for way in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        server.send_signal(way)
        try:
            server.wait(30)
            return
        except subprocess.TimeoutExpired:
            continue


def _connected(socket: Path, port: int | None = None) -> "psycopg.Connection[Any]":
    return psycopg.connect(
        host=str(socket), port=port, user=USER, dbname="postgres", autocommit=True, connect_timeout=30
    )
