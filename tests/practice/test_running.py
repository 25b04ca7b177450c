"""Starting and stopping: in a thread, in a process; on signals, and with the parent."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import psutil
import pytest

import practice
from practice import Practice, PracticeSettings
from practice.errors import UnusableJob
from practice.running import environment

WAIT_S = 120.0
PARENT = """
import practice, time
with practice.process() as served:
    print(served.pid, flush=True)
    time.sleep(600)
"""
COMMAND = [sys.executable, "-m", "practice"]


def started(*more: str) -> tuple["subprocess.Popen[str]", str]:
    """A service process, and the line it prints."""
    child = subprocess.Popen([*COMMAND, *more], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    watchdog = threading.Timer(WAIT_S, child.kill)
    watchdog.start()
    assert child.stdout is not None
    line = child.stdout.readline()
    watchdog.cancel()
    return child, line


def ended(child: "subprocess.Popen[str]") -> int:
    code = child.wait(WAIT_S)
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            pipe.close()
    return code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_listens_and_what_it_is_and_ends_on_a_signal(number: signal.Signals) -> None:
    child, line = started("--port", "0")
    assert line.startswith("practice service on http://127.0.0.1:")
    assert "no quantum hardware" in line
    child.send_signal(number)
    assert ended(child) == -number


def test_it_ends_when_its_parents_pipe_closes() -> None:
    child, _ = started("--with-parent")
    assert child.stdin is not None
    child.stdin.close()
    assert ended(child) == 0


def test_it_ends_with_a_parent_that_is_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    service = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait(WAIT_S)
    parent.stdout.close()
    deadline = time.monotonic() + WAIT_S
    while not gone(service) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert gone(service)


def gone(process: psutil.Process) -> bool:
    """Whether it has ended, be it that nobody has collected it yet."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_process_takes_settings_and_runs_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    from qiskit_ibm_runtime.executor_sampler import Sampler

    with practice.process(PracticeSettings(devices=("torino",), seed=3)) as served:
        assert served.pid is not None
        assert served.control.about()["settings"]["seed"] == 3
        for name, value in served.environment.items():
            monkeypatch.setenv(name, value)
        client = practice.connect(served)
        assert [backend.name for backend in client.backends()] == ["practice_torino"]
        job = Sampler(mode=client.backend("practice_torino")).run([first_qubit()], shots=10)
        assert job.result(timeout=WAIT_S) is not None
        assert served.control.totals()["delivered"] == 1
    assert not psutil.pid_exists(served.pid)


def first_qubit() -> Any:
    from qiskit import QuantumCircuit

    circuit = QuantumCircuit(133, 1)
    circuit.x(0)
    circuit.measure(0, 0)
    return circuit


def test_a_service_in_a_thread_ends_with_its_block() -> None:
    before = threading.active_count()
    with practice.running() as served:
        assert served.pid is None
        assert served.control.about()["practice"] == practice.LABEL
    deadline = time.monotonic() + WAIT_S
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert threading.active_count() <= before
    with pytest.raises(OSError, match="refused"):
        served.control.about()


def test_unknown_settings_are_refused() -> None:
    with pytest.raises(UnusableJob, match="nonsense"):
        PracticeSettings().changed({"nonsense": 1})
    assert (
        PracticeSettings().changed(json.loads(json.dumps(PracticeSettings().to_json()))) == PracticeSettings()
    )


def test_the_environment_goes_past_a_proxy() -> None:
    assert environment("http://u", {}) == {"IAM_URL": "http://u", "QISKIT_FUNCTIONS_EXPERIMENTAL": "1"}
    found = environment("http://u", {"HTTPS_PROXY": "p", "http_proxy": "p", "NO_PROXY": "here"})
    assert found["NO_PROXY"] == found["no_proxy"] == "here,127.0.0.1"


def test_connecting_leaves_the_environment_as_it_was(
    served_here: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IAM_URL", "https://example.org")
    monkeypatch.delenv("QISKIT_FUNCTIONS_EXPERIMENTAL", raising=False)
    before = dict(os.environ)
    assert practice.connect(served_here).backends() != []
    assert dict(os.environ) == before


def test_importing_it_imports_no_qiskit() -> None:
    text = "import sys, practice; print([name for name in sys.modules if name.startswith('qiskit')])"
    found = subprocess.run(
        [sys.executable, "-c", text],
        capture_output=True,
        text=True,
        check=True,
        timeout=WAIT_S,
        env=dict(os.environ),
    )
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--port", "99999"), "expected 0 to 65535, got 99999"),
        (("--settings", "[1]"), "expected a JSON object, got [1]"),
        (("--settings", '{"nope": 1}'), "got ['nope']"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(more: tuple[str, ...], said: str) -> None:
    done = subprocess.run([*COMMAND, *more], capture_output=True, text=True, check=False, timeout=WAIT_S)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
