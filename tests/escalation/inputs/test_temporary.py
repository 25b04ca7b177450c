"""Temporary folders of a process that was told to end, or killed, do not stay behind."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from escalation.inputs.temporary import named_folder, sweep, temporary_folder

COMMAND = """
import sys
from cli.failure import guarded
from escalation.inputs.temporary import named_folder, temporary_folder

def wait() -> None:
    with temporary_folder("scratch") as folder:
        (folder / "rows.csv").write_text("of a patient")
        print(folder, named_folder("worker"), flush=True)
        sys.stdin.read()

guarded(wait)
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


@contextmanager
def working() -> Iterator[tuple["subprocess.Popen[str]", Path, Path]]:
    """A command that works in a scratch folder and has a worker's folder."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", COMMAND, "replay"], stdin=pipe, stdout=pipe, stderr=pipe, text=True
    ) as process:
        assert process.stdout is not None
        scratch, worker = map(Path, process.stdout.readline().split())
        assert scratch.is_dir()
        yield process, scratch, worker


def test_a_command_that_is_told_to_end_leaves_no_scratch_folder() -> None:
    with working() as (process, scratch, _):
        process.terminate()
        _, said = process.communicate(timeout=60)
        assert (process.returncode, said) == (-signal.SIGTERM, "ended by SIGTERM\n")
    assert not scratch.exists()


def test_what_a_killed_process_left_is_removed_by_the_next_and_what_a_living_one_has_stays() -> None:
    with working() as (process, scratch, worker):
        sweep()
        assert scratch.is_dir()
        process.kill()
        process.communicate(timeout=60)
        assert scratch.is_dir()
    with temporary_folder("export") as mine:
        sweep()
        assert mine.is_dir()
        assert not scratch.exists()
        assert worker.is_dir()  # who takes the case up reads it
        os.utime(worker, (0, 0))
        sweep()
        assert mine.is_dir()
        assert not worker.exists()
    assert not mine.exists()


def test_folders_of_other_machines_and_links_are_left_alone(place: Path) -> None:
    mine = named_folder("scratch")
    elsewhere = place / mine.name.replace(mine.name.split("-")[2], "0" * 8)
    elsewhere.mkdir()
    head, pid, started, rest = mine.name.rsplit("-", 3)
    link = place / f"{head}-{pid}-{int(started) + 1}-{rest}"
    link.symlink_to(elsewhere)
    sweep()
    assert (mine.is_dir(), elsewhere.is_dir(), link.is_symlink()) == (True, True, True)
