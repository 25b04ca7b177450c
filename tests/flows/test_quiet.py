"""Nothing is reported to anybody: every connection of a run is listened for, those of its children too."""

import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from escalation.inputs.settings import ROOT

pytestmark = pytest.mark.timeout(600)  # a Prefect server of its own is started

# Loaded by every Python that is started, before anything else: writes down whom a process looks up or calls.
LISTENER = """\
import os, sys
def listen(event, args):
    if event == "socket.connect" and isinstance(args[1], tuple):
        who = str(args[1][0])
    elif event == "socket.getaddrinfo":
        who = args[0].decode() if isinstance(args[0], bytes) else str(args[0])
    else:
        return
    with open(os.environ["HEARD"], "a") as file:
        file.write(who + "\\n")
sys.addaudithook(listen)
"""
HERE = {"127.0.0.1", "::1", "localhost", "0.0.0.0", "None", ""}
REPORTING = f"""\
LOCAL = {HERE!r}
import os, time
import prefect
# it reports its first import from a thread of its own: the process stays until somebody was called, for so
# long at most
until = time.monotonic() + 120
while time.monotonic() < until:
    with open(os.environ["HEARD"]) as file:
        if set(file.read().splitlines()) - LOCAL:
            break
    time.sleep(0.1)
"""
RUN = """\
from flows.escalate import escalate
outcome = escalate({"family": "toy", "instance": {"numbers": [3, 1, 4, 1, 5, 9, 2, 6], "reach": 3},
    "target": {"metric": "number", "at_least": 9}, "data_class": "public", "seed": 1})
assert outcome.status == "accepted", outcome
from qiskit_ibm_runtime.fake_provider import FakeFez
"""
OTHERS = f"""\
import subprocess, sys
subprocess.run([sys.executable, "-c", {REPORTING!r}], check=True)
"""

# A proxy that nobody can find: were it asked for this machine's own server, its name would be heard.
PROXIES = dict.fromkeys(("http_proxy", "HTTPS_PROXY", "ALL_PROXY"), "http://proxy.invalid:3128")


def heard(code: str, folder: Path, more: dict[str, str] | None = None) -> set[str]:
    """Whom it calls, run at a terminal for the first time, with nothing set but what is given."""
    (folder / "sitecustomize.py").write_text(LISTENER)
    (folder / "heard").touch()
    ours = ("PREFECT", "DO_NOT_TRACK", "MLFLOW", "CI", "GITHUB_", "TIERWISE_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    env |= {"HEARD": str(folder / "heard"), "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}", "HOME": str(folder)}
    env |= {"PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180"}
    env |= {"TIERWISE_HOME": str(folder / "home"), "PREFECT_HOME": str(folder / "prefect")}
    env = {name: value for name, value in env.items() if not name.lower().endswith("_proxy")} | (more or {})
    terminal, inside = pty.openpty()
    with (folder / "said").open("wb") as said:
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=folder, env=env, stdin=inside, stdout=inside, stderr=said,
            check=False, timeout=300,
        )  # fmt: skip
    os.close(terminal)
    os.close(inside)
    assert done.returncode == 0, (folder / "said").read_text()[-2000:]
    return set((folder / "heard").read_text().splitlines())


def test_a_run_from_python_without_a_server_calls_nobody_and_no_proxy(
    tmp_path: Path, prefect_database: Path, new_home: Callable[[Path], Path]
) -> None:
    # beside Prefect's folder: where it finds one in there, this is not its first start
    own = shutil.copy(prefect_database, tmp_path)
    new_home(tmp_path / "home")
    more = {"PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{own}"}
    found = heard(RUN, tmp_path, PROXIES | more)
    assert "127.0.0.1" in found, "the server on this machine was to be heard"
    assert found <= HERE


def test_the_listener_hears_what_prefect_reports_by_itself_in_a_child_too(tmp_path: Path) -> None:
    assert heard(OTHERS, tmp_path) - HERE
