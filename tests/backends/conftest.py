"""Processes to be left alone, killed, or looked for."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from escalation.inputs.settings import ROOT
from escalation.testing.guarded import command_line, living

PATIENCE_S = 60.0

# submits endless work, says who works for it, and waits: for its end, or for the end of its input
PARENT = """
import json, sys, psutil
from pathlib import Path
from escalation.model.kinds.local_call import LocalCall
from escalation.model.kinds.mpi_program import MpiProgram
from escalation.ports.registry import resolve
from escalation.inputs.settings import Settings

path, kind, function, folder, params = sys.argv[1:]
backend = resolve(path)(Settings(), None)
kinds = {"LocalCall": LocalCall, "MpiProgram": MpiProgram}
work = kinds[kind]("escalation.testing.samples:" + function, json.loads(params))
handle = backend.submit(work, Path(folder))
while backend.wait(handle, 0.05).fraction != 0.5:
    pass
workers = [process.pid for process in psutil.Process().children(recursive=True)]
print(json.dumps({"handle": handle, "pids": workers}), flush=True)
sys.stdin.read()
"""


@dataclass
class Parent:
    """A process that has submitted endless work, and all that works for it."""

    process: subprocess.Popen[str]
    handle: dict[str, Any]
    workers: list[psutil.Process]


@pytest.fixture
def start_parent(tmp_path: Path) -> Iterator[Callable[..., Parent]]:
    started: list[subprocess.Popen[str]] = []

    def start(backend: str, kind: str, function: str, **params: Any) -> Parent:
        arguments = [backend, kind, function, str(tmp_path / "job"), json.dumps(params)]
        command = [sys.executable, "-c", PARENT, *arguments]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT)
        started.append(process)
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        return Parent(process, said["handle"], living(said["pids"]))

    yield start
    for process in started:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


@pytest.fixture
def assert_gone() -> Callable[[list[psutil.Process]], None]:
    def check(processes: list[psutil.Process]) -> None:
        _, left = psutil.wait_procs(processes, timeout=PATIENCE_S)
        assert left == []

    return check


@pytest.fixture
def job_folder(tmp_path: Path) -> Callable[[], Path]:
    numbers = iter(range(1000))
    return lambda: tmp_path / f"job-{next(numbers)}"


@pytest.fixture
def assert_printed_gone() -> Callable[[bytes], None]:
    """Checks that the sleepers whose process ids the endless sample printed live no more."""

    def check(printed: bytes) -> None:
        for process in living(map(int, printed.split())):
            assert "signal.pause" not in command_line(process)

    return check
