"""Children end with whoever started them, however that ends."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from deployments.processes import LOOPBACK, checked_port, child, free_port, running_server, server_environment
from escalation.errors import TierwiseError

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


def _pid(folder: Path, starter: "subprocess.Popen[bytes]") -> int:
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
        running_server(tmp_path / "home", free_port()),
    ):
        pass


def test_the_users_settings_for_another_server_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "https://elsewhere.example/api")
    monkeypatch.setenv("PREFECT_SERVER_DATABASE_CONNECTION_URL", "postgresql://elsewhere.example/prefect")
    env = server_environment(tmp_path, 4567, scheduling=True)
    assert env["PREFECT_API_URL"] == env["PREFECT_SERVER_UI_API_URL"] == "http://127.0.0.1:4567/api"
    assert not [value for value in env.values() if "elsewhere" in value]
    assert env["PREFECT_HOME"] == str(tmp_path)
