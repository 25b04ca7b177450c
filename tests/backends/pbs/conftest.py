"""PBS for these tests is a batch system of executables on PATH, which runs what it is given."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

FAKE = Path(__file__).with_name("fake_pbs.py")
QUICK = {"POLL_S": "0.2", "LAG_S": "1", "SETTLE_S": "3", "COMMAND_S": "8"}


class FakePbs:
    """The folder of its jobs, and what can be done to it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        (home / "wrong").mkdir()

    def says_instead(self, command: str, text: str) -> None:
        """Has a command fail with these words."""
        (self.home / "wrong" / command).write_text(text)

    def works_again(self, command: str) -> None:
        """Has it do its work."""
        (self.home / "wrong" / command).unlink()

    def jobs(self) -> list[dict[str, object]]:
        """Every job, as qstat would print it."""
        paths = sorted(self.home.glob("*.job"), key=lambda path: int(path.stem))
        return [json.loads(path.read_text()) for path in paths]

    def forget(self) -> None:
        """Has nobody know of any job that has been."""
        for path in self.home.glob("*.job"):
            path.unlink()

    def processes(self) -> list[psutil.Process]:
        """What runs for its jobs, or waits for a node for one."""
        found = []
        for process in psutil.process_iter():
            try:
                environ = process.environ()
            except psutil.Error:
                continue
            if environ.get("FAKE_PBS_HOME") == str(self.home) and process.pid != os.getpid():
                found.append(process)
        return found


@pytest.fixture(autouse=True)
def pbs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakePbs]:
    home, commands = tmp_path / "pbs", tmp_path / "pbs-commands"
    home.mkdir()
    commands.mkdir()
    for name in ("qsub", "qstat", "qselect", "qdel", "pbsnodes"):
        (commands / name).write_text(f'#!/bin/sh\nexec {sys.executable} -I -S {commands}/fake/{name} "$@"\n')
        (commands / name).chmod(0o755)
    (commands / "fake").mkdir()
    for name in ("qsub", "qstat", "qselect", "qdel", "pbsnodes"):
        (commands / "fake" / name).symlink_to(FAKE)
    monkeypatch.setenv("PATH", f"{commands}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_PBS_HOME", str(home))
    for name, value in QUICK.items():
        monkeypatch.setenv(f"TIERWISE_PBS_{name}", value)
    fake = FakePbs(home)
    yield fake
    for process in fake.processes():
        process.kill()
