"""Runs the cells, one after the other, each in processes forked off this one."""

import argparse
import gc
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bench.fault_matrix.forking import ENVIRONMENT, in_a_process

if TYPE_CHECKING:
    from bench.record_faults.points import KillPoint

HUNG_S = 120.0
LIVES = 5
"""Processes that may take the case up."""
MEMORY = next((folder for folder in ("/dev/shm",) if os.access(folder, os.W_OK)), None)  # noqa: S108
"""Where homes are: SIGKILL takes a process, not the kernel's memory."""


@dataclass
class Cell:
    """What came of one.

    Attributes:
        point: who died when.
        struck: whether somebody did.
        lives: processes that it took.
        wrong: what is not as without the kill; empty where all is.
        seconds: from the first to the last.
    """

    point: str
    struck: bool = False
    lives: int = 0
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0


def main() -> int:
    """Prints a line a cell; returns 1 where one is broken."""
    os.environ.update(ENVIRONMENT)
    asked = argparse.ArgumentParser(prog="python -m bench.record_faults")
    asked.add_argument("--only", default="", help="points whose names hold this")
    asked.add_argument("--turn", type=int, help="those of a turn, as the tests play them")
    asked.add_argument("--mlflow", type=Path, help="MLflow's database, empty, for homes; default: made anew")
    asked.add_argument("--json", action="store_true", help="a JSON object a line")
    given = asked.parse_args()
    from bench.record_faults.points import POINTS, turn

    points = POINTS if given.turn is None else turn(given.turn)
    broken = 0
    for cell in _cells([point for point in points if given.only in point.name], given.mlflow):
        broken += bool(cell.wrong)
        line = f"{cell.seconds:6.1f} s  {cell.lives} lives  {cell.point}: {'; '.join(cell.wrong) or 'kept'}"
        print(json.dumps(asdict(cell)) if given.json else line, flush=True)
    return min(broken, 1)


def _cells(points: "list[KillPoint]", mlflow: Path | None) -> Iterator[Cell]:
    """Yields a cell a point; what all need is imported before the first fork."""
    from bench.record_faults import life

    life.case()
    if any(point.tracked for point in points):
        life.import_mlflow()
    gc.freeze()
    expected = _run(None, mlflow)
    assert not isinstance(expected, Cell)
    for point in points:
        found = _run(point, mlflow, expected)
        assert isinstance(found, Cell)
        yield found


def _run(point: "KillPoint | None", mlflow: Path | None, expected: str = "") -> Cell | str:
    """Runs a cell; without a point, returns the digest of the answer."""
    from bench.record_faults import disk

    folder, began = Path(tempfile.mkdtemp(prefix="tierwise-records-", dir=MEMORY)), time.monotonic()
    try:
        with ExitStack() as last_first:
            home = folder / "home"
            if point is not None and point.mends:
                home = last_first.enter_context(disk.mounted(folder, point.victim))
            elif mlflow is not None:
                home.mkdir(mode=0o700)
                shutil.copy(mlflow, home / "mlflow.db")
            cell = _lived(point, folder, home)
            answer = _judged(cell, point, folder, home, expected)
            cell.wrong += [f"a process was left: {each}" for each in _left(folder)]
        cell.seconds = round(time.monotonic() - began, 2)
        return answer if point is None else cell
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _lived(point: "KillPoint | None", folder: Path, home: Path) -> Cell:
    """Has processes take the case up until it is final."""
    from bench.record_faults import disk, life

    cell, tracked = Cell("" if point is None else point.name), point is not None and point.tracked
    for number in range(LIVES):
        here = point if number == 0 else None
        end = in_a_process(partial(life.drive, home, here, tracked), folder, HUNG_S)
        cell.lives, said = number + 1, end.said or {}
        cell.struck = cell.struck or end.killed or bool(said.get("struck"))
        if here is not None and here.mends:
            cell.struck = disk.give_back(home, here.victim)
        if end.hung:
            cell.wrong.append("a process hung")
        if said.get("final"):
            break
    return cell


def _judged(cell: Cell, point: "KillPoint | None", folder: Path, home: Path, expected: str) -> str:
    """Adds what is wrong in the records at the end; returns the digest of the answer."""
    from bench.record_faults import life

    tracked = point is not None and point.tracked
    if tracked:
        in_a_process(partial(life.drive_next, home), folder, HUNG_S)
    end = in_a_process(partial(life.books, home, tracked), folder, HUNG_S)
    books = end.said or {}
    answer = str(books.get("answer", f"none: {books.get('error', 'it was killed')}"))
    cell.wrong += [] if answer == expected else [f"expected answer {expected}, got {answer}"]
    cell.wrong += books.get("findings", [])
    cell.wrong += [] if cell.struck else ["nothing happened at the point"]
    if tracked and books.get("runs") != 2:
        cell.wrong.append(f"expected two runs of MLflow, got {books.get('runs')}")
    return answer


def _left(home: Path) -> list[str]:
    """Processes whose environment, folder or command names this cell's home."""
    import psutil

    found = []
    for process in psutil.process_iter():
        try:
            named = [*process.cmdline(), process.cwd()]
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        if any(str(home) in each for each in named):
            found.append(" ".join(process.cmdline())[:80])
    return found


if __name__ == "__main__":
    sys.exit(main())
