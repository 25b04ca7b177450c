"""Children end with whoever started them, however that ends."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from deployments.address import LOOPBACK, Address, checked_port, free_port
from deployments.keeping import Keeper
from deployments.processes import Ending, child, running_server, server_environment
from deployments.serve import Serving, announcement, users_environment
from escalation.inputs.settings import ROOT
from escalation.model.errors import BadInput, TierwiseError
from escalation.ports.configuration import settings
from flows.credential import credential, credential_file, make_credential
from flows.engine import lone_server

# Writes its process id, then waits for SIGTERM, which it answers by writing a file.
POLITE = """
import os, pathlib, signal, sys
folder = pathlib.Path(sys.argv[1])
def stop(*_):
    (folder / "stopped").write_text("in its own way")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
(folder / "pid.new").write_text(str(os.getpid()))
(folder / "pid.new").rename(folder / "pid")
while True:
    signal.pause()
"""

PARENT = """
import sys, pathlib
from deployments.processes import child
folder = pathlib.Path(sys.argv[1])
with child([sys.executable, "-c", sys.argv[2], sys.argv[1]], {}, folder / "log") as guard:
    guard.wait()
"""


def _pid(folder: Path, starter: Ending) -> int:
    while not (folder / "pid").exists():
        assert starter.poll() is None, "ended before its child was up"
        os.sched_yield()
    return int((folder / "pid").read_text())


def test_a_child_is_asked_to_stop_and_is_gone_when_the_block_ends(tmp_path: Path) -> None:
    command = [sys.executable, "-c", POLITE, str(tmp_path)]
    with child(command, os.environ, tmp_path / "log") as guard:
        pid = _pid(tmp_path, guard)
    assert (tmp_path / "stopped").read_text() == "in its own way"
    assert not psutil.pid_exists(pid)


def test_a_child_is_gone_after_its_parent_was_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path), POLITE])
    process = psutil.Process(_pid(tmp_path, parent))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    process.wait(timeout=60)
    assert not process.is_running()


def test_a_taken_port_is_refused_with_one_line() -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(TierwiseError, match=rf"^port {port} cannot be used: Address already in use"):
            checked_port(port)


def test_a_server_that_cannot_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with (
        pytest.raises(TierwiseError, match=r"^the Prefect server ended before it was up"),
        running_server(tmp_path / "home", Address(free_port())),
    ):
        pass


def test_what_a_user_tells_prefect_is_kept_where_it_does_not_open_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = "https://elsewhere.example/api"
    opening = {
        "PREFECT_API_URL": elsewhere,
        "PREFECT_API_KEY": "elsewhere",
        "PREFECT_UI_API_URL": elsewhere,
        "PREFECT_SERVER_API_HOST": "0.0.0.0",
        "PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED": "false",
        "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "false",
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": "https://elsewhere.example",
        "PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS": "*",
        "PREFECT_SERVER_API_AUTH_STRING": "",
        "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "false",
        "PREFECT_HOME": "/elsewhere",
        "TIERWISE_IBM_TOKEN": "elsewhere",
    }
    kept = {
        "PREFECT_LOGGING_LEVEL": "DEBUG",
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": "postgresql+asyncpg://ada:secret@here/prefect",
        "PREFECT_SERVER_SERVICES_LATE_RUNS_LOOP_SECONDS": "60",
    }
    for name, value in (opening | kept).items():
        monkeypatch.setenv(name, value)
    env = server_environment(tmp_path, Address(4567), scheduling=True)
    assert {name: env.get(name) for name in kept} == kept
    assert env["PREFECT_API_URL"] == env["PREFECT_SERVER_UI_API_URL"] == "http://127.0.0.1:4567/api"
    assert not [name for name, value in env.items() if "elsewhere" in value or value in {"*", "0.0.0.0"}]
    assert env["PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED"] == "true"
    assert "PREFECT_SERVER_CSRF_PROTECTION_ENABLED" not in env
    assert env["PREFECT_HOME"] == str(tmp_path)
    assert len(env["PREFECT_SERVER_API_AUTH_STRING"]) > 40
    assert env["PREFECT_SERVER_API_AUTH_STRING"] == env["PREFECT_API_AUTH_STRING"]


def test_the_worker_knows_nothing_of_the_database_behind_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "PREFECT_SERVER_DATABASE_CONNECTION_URL", "postgresql+asyncpg://ada:secret@here/prefect"
    )
    monkeypatch.setenv("PREFECT_SERVER_DATABASE_PASSWORD", "secret")
    monkeypatch.setenv("PREFECT_LOGGING_LEVEL", "DEBUG")
    env = users_environment(tmp_path, Address(4567))
    assert "secret" not in " ".join(env.values())
    assert (env["PREFECT_LOGGING_LEVEL"], env["PREFECT_API_URL"]) == ("DEBUG", "http://127.0.0.1:4567/api")


def test_a_database_that_is_named_in_parts_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "PREFECT_SERVER_DATABASE_CONNECTION_URL"
    assert server_environment(tmp_path, Address(4567), scheduling=True)[url].startswith("sqlite")
    monkeypatch.setenv("PREFECT_SERVER_DATABASE_DRIVER", "postgresql+asyncpg")
    monkeypatch.setenv("PREFECT_SERVER_DATABASE_NAME", "prefect")
    assert url not in server_environment(tmp_path, Address(4567), scheduling=True)


@pytest.mark.parametrize(
    "address", [Address(4567, "198.51.100.7"), Address(4567, public="https://prefect.site.example")]
)
@pytest.mark.parametrize("weak", ["ada:lovelace", "x" * 40, ":" + "x" * 40])
def test_beyond_this_machine_a_credential_that_can_be_guessed_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weak: str, address: Address
) -> None:
    monkeypatch.setenv("PREFECT_SERVER_API_AUTH_STRING", weak)
    with pytest.raises(
        BadInput, match=r"^expected PREFECT_SERVER_API_AUTH_STRING as USER:PASSWORD"
    ) as refused:
        server_environment(tmp_path, address, scheduling=True)
    assert weak not in str(refused.value)


def test_no_server_starts_that_would_ask_nobody_who_he_is(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "deployments.server", str(free_port()), "0.0.0.0"]
    env = {"PATH": os.defpath, "PREFECT_HOME": str(tmp_path)}
    done = subprocess.run(
        command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=200, check=False
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.strip().endswith("CSRF protection, got a server without")


def test_a_credential_of_the_users_own_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_SERVER_API_AUTH_STRING", "ada:lovelace")
    assert (
        server_environment(tmp_path, Address(4567), scheduling=True)["PREFECT_API_AUTH_STRING"]
        == "ada:lovelace"
    )
    assert credential(tmp_path) == "ada:lovelace"


def test_a_home_keeps_its_credential_from_start_to_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = server_environment(tmp_path, Address(4567), scheduling=True)["PREFECT_API_AUTH_STRING"]
    for name in ("PREFECT_SERVER_API_AUTH_STRING", "PREFECT_API_AUTH_STRING"):
        monkeypatch.delenv(name, raising=False)
    env: dict[str, str] = {"PREFECT_HOME": str(tmp_path)}
    lone_server(env)  # as a process that imports the flows has it
    monkeypatch.setenv("PREFECT_SERVER_API_AUTH_STRING", env["PREFECT_SERVER_API_AUTH_STRING"])
    assert server_environment(tmp_path, Address(4568), scheduling=True)["PREFECT_API_AUTH_STRING"] == first


def test_what_is_announced_says_where_the_credential_is_and_not_what_it_is(tmp_path: Path) -> None:
    said = "\n".join(announcement(Serving(Address(4567)), tmp_path))
    assert make_credential(tmp_path) not in said
    assert f"the line in {credential_file(tmp_path)}" in said


@pytest.fixture
def of_site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Sets the site's settings, each by its name."""

    def given(**stated: str) -> None:
        for name, value in stated.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()

    yield given
    monkeypatch.undo()
    settings.cache_clear()


def test_where_files_for_the_forms_may_be_is_announced(tmp_path: Path, of_site: Callable[..., None]) -> None:
    def said() -> str:
        lines = announcement(Serving(Address(4567)), tmp_path)
        return next(line for line in lines if line.startswith("files for forms"))

    assert said().endswith("a path on the worker's machine; TIERWISE_UPLOADS=FOLDER names one for uploads")
    of_site(TIERWISE_UPLOADS=str(tmp_path))
    assert said().endswith(f"the name of a file that was put into {tmp_path}")
    of_site(TIERWISE_FILE_ADDRESSES="https://store.example/cohorts/")
    assert said().endswith(", or an address that begins with https://store.example/cohorts/")


@pytest.mark.parametrize(
    ("address", "warned"),
    [
        (Address(4567), False),
        (Address(4567, "198.51.100.7"), True),
        (Address(4567, public="http://prefect.site.example"), True),
        (Address(4567, public="https://prefect.site.example"), False),
    ],
)
def test_what_others_reach_without_encryption_is_said(tmp_path: Path, address: Address, warned: bool) -> None:
    said = "\n".join(announcement(Serving(address), tmp_path))
    assert (f"WARNING: {address.base} is not encrypted" in said) == warned
    assert f"export PREFECT_API_URL={address.base}/api" in said


def test_a_credential_that_others_could_read_is_replaced(tmp_path: Path) -> None:
    first = make_credential(tmp_path)
    assert make_credential(tmp_path) == first
    assert stat.S_IMODE(credential_file(tmp_path).stat().st_mode) == 0o600
    credential_file(tmp_path).chmod(0o644)
    second = make_credential(tmp_path)
    assert second != first
    assert stat.S_IMODE(credential_file(tmp_path).stat().st_mode) == 0o600


def test_what_dies_is_started_again_and_said(tmp_path: Path) -> None:
    said: list[str] = []
    keeper = Keeper(said.append)

    def looked(found: object) -> object:
        keeper.look()
        return found

    with keeper.child(
        [sys.executable, "-c", POLITE, str(tmp_path)], os.environ, tmp_path / "worker.log"
    ) as kept:
        first = _pid(tmp_path, kept)
        (tmp_path / "pid").unlink()
        psutil.Process(first).kill()
        _until(lambda: looked(said))
        assert said[0].startswith("WARNING: the worker died (killed by SIGKILL); ")
        _until(lambda: looked((tmp_path / "pid").exists()))
        second = _pid(tmp_path, kept)
        assert said[1:] == ["the worker was started again"]
    assert second != first
    assert not psutil.pid_exists(second)


def test_why_something_died_is_what_it_said_since_it_was_started(tmp_path: Path) -> None:
    said: list[str] = []
    keeper, first = Keeper(said.append), tmp_path / "first"
    program = "import pathlib, sys; f = pathlib.Path(sys.argv[1]); new = not f.exists(); f.touch()\n"
    program += "sys.exit('no database' if new else 3)"
    with keeper.child([sys.executable, "-c", program, str(first)], os.environ, tmp_path / "worker.log"):

        def died() -> bool:
            keeper.look()
            return sum("died" in line for line in said) == 2

        _until(died)
    causes = [line.partition("(")[2].partition(")")[0] for line in said if "died" in line]
    assert causes == ["exit status 1: no database", "exit status 3: it said nothing"]


def _until(found: Callable[[], object], patience_s: float = 60.0) -> None:
    deadline = time.monotonic() + patience_s
    while not found():
        assert time.monotonic() < deadline
        os.sched_yield()
