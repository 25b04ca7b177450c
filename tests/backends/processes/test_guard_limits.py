"""What a guard ends by inside a batch job: a file, its time, its parent; nothing of the command is left."""

import json
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from backends.processes.guard import _let_go_of, unused
from backends.processes.guarded import GUARD

PATIENCE_S = 30.0
# a child that has left its parent and its session says its process id, then both wait
STRAY = "setsid sh -c 'echo $$; exec sleep 1000' & sleep 1000"
PARENT = "import subprocess, sys; subprocess.Popen(sys.argv[1:]); sys.stdin.read()"


def guarded(folder: Path, *options: str, command: tuple[str, ...] = ("sh", "-c", STRAY)) -> list[str]:
    end = f"--exit-file={folder / 'end.json'}"
    return [sys.executable, "-I", "-S", str(GUARD), "--with-parent", end, *options, "--", *command]


def started(command: list[str], **options: Any) -> tuple[subprocess.Popen[str], psutil.Process]:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)
    assert process.stdout is not None
    return process, psutil.Process(int(process.stdout.readline()))


def ended(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / "end.json").read_text())
    return document


def test_a_file_asks_for_the_end_of_all_and_input_that_is_over_does_not(tmp_path: Path) -> None:
    stop, alive = tmp_path / "stop", tmp_path / "alive"
    files = (f"--stop-file={tmp_path / 'other'}", f"--stop-file={stop}", f"--alive-file={alive}")
    guard, stray = started(guarded(tmp_path, *files), stdin=subprocess.DEVNULL)
    assert stray.is_running()
    assert alive.exists()
    stop.touch()
    guard.communicate(timeout=PATIENCE_S)
    assert ended(tmp_path)["reason"] == "stopped"
    assert not stray.is_running()


def test_what_is_over_before_it_begins_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "stop").touch()
    command = guarded(tmp_path, f"--stop-file={tmp_path / 'stop'}", command=("touch", str(tmp_path / "ran")))
    subprocess.run(command, timeout=PATIENCE_S, check=False)
    assert ended(tmp_path)["reason"] == "stopped"
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("begins", [True, False])
def test_time_counts_from_the_works_beginning_for_which_there_is_a_time_too(
    tmp_path: Path, begins: bool
) -> None:
    begun = tmp_path / "begun"
    limits = ("--start-s=0.3", "--limit-s=1000") if not begins else ("--start-s=1000", "--limit-s=0.3")
    if begins:
        begun.touch()
    guard, stray = started(guarded(tmp_path, f"--begun-file={begun}", *limits))
    guard.communicate(timeout=PATIENCE_S)
    assert ended(tmp_path)["reason"] == "late"
    assert not stray.is_running()


def test_a_guard_ends_with_its_parent(tmp_path: Path) -> None:
    parent, stray = started([sys.executable, "-c", PARENT, *guarded(tmp_path)], stdin=subprocess.PIPE)
    parent.kill()
    _, left = psutil.wait_procs([stray], PATIENCE_S)
    assert left == []
    parent.communicate()


MAPS = (
    "import mmap, os, sys, time\n"
    "kept = [mmap.mmap(os.open(path, os.O_RDWR), 4096) for path in sys.argv[1:]]\n"
    "print(os.getpid(), flush=True)\n"
    "time.sleep(1000)"
)


@pytest.fixture
def segment() -> Iterator[Callable[[str], Path]]:
    """Makes shared memory whose name begins so."""
    made: list[Path] = []

    def make(begin: str) -> Path:
        made.append(Path(f"/dev/shm/{begin}{uuid.uuid4().hex}_0"))
        made[-1].write_bytes(b"x" * 4096)
        return made[-1]

    yield make
    for path in made:
        path.unlink(missing_ok=True)


def test_shared_memory_of_killed_ranks_is_removed_and_no_other(
    tmp_path: Path, segment: Callable[[str], Path]
) -> None:
    mine, shared, other = segment("mpich_shm_"), segment("mpich_shm_"), segment("tierwise-test-")
    command = (sys.executable, "-c", MAPS, *map(str, (mine, shared, other)))
    elsewhere, _ = started([sys.executable, "-c", MAPS, str(shared)])
    try:
        guard, _ = started(guarded(tmp_path, f"--stop-file={tmp_path / 'stop'}", command=command))
        (tmp_path / "stop").touch()
        guard.communicate(timeout=PATIENCE_S)
        assert [path.exists() for path in (mine, shared, other)] == [False, True, True]
    finally:
        elsewhere.kill()
        elsewhere.communicate()


def test_shared_memory_that_nobody_has_is_told_from_what_somebody_maps_or_has_open(
    segment: Callable[[str], Path],
) -> None:
    idle, mapped, opened = (str(segment("mpich_shm_")) for _ in range(3))
    elsewhere, _ = started([sys.executable, "-c", MAPS, mapped])
    try:
        with open(opened, "rb+"):
            assert [_let_go_of(path) for path in (idle, mapped, opened)] == [True, False, False]
            assert unused({idle, mapped, f"{idle} (deleted)"}) == {idle}
        assert unused({idle, opened}) == {idle, opened}
    finally:
        elsewhere.kill()
        elsewhere.communicate()
