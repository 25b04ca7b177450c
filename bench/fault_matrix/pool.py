"""Has a worker run cells side by side; keeps every row in a file, so that a run goes on where it stopped."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from bench.fault_matrix.cells import Cell
from escalation.inputs.settings import ROOT

Row = dict[str, Any]
STOP_S = 30.0


def run(cells: Sequence[Cell], lanes: int, told: Callable[[Row], None]) -> None:
    """Runs the cells, so many at a time; tells of each row as it comes.

    Raises:
        RuntimeError: when a cell ends without a row, with the cells that had none by then.
    """
    todo = iter(cells)
    missing = {cell.name for cell in cells}
    with _worker(lanes) as (child, asks, answers):

        def ask() -> None:
            cell = next(todo, None)
            if cell is None:
                asks.close()
            elif not asks.closed:
                asks.write(_asked(cell) + "\n")
                asks.flush()

        for _ in range(lanes):
            ask()
        for line in answers:
            row: Row = json.loads(line)
            missing.discard(row["cell"])
            told(row)
            ask()
        if missing:
            raise RuntimeError(f"the worker ended with exit code {child.wait(STOP_S)} at one of {missing}")


def _asked(cell: Cell) -> str:
    point = None if cell.point is None else cell.point.name
    return json.dumps({"point": point, "placement": cell.placement.name, "by": cell.by, "whole": cell.whole})


@contextmanager
def _worker(lanes: int) -> Iterator[tuple["subprocess.Popen[str]", IO[str], IO[str]]]:
    command = [sys.executable, "-m", "bench.fault_matrix.worker", str(lanes)]
    child = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        yield child, child.stdin, child.stdout
    finally:
        _stop(child, (child.stdin, child.stdout))


def _stop(child: "subprocess.Popen[str]", pipes: Iterable[IO[str]]) -> None:
    for pipe in pipes:
        pipe.close()
    try:
        child.wait(STOP_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def kept(path: Path) -> dict[str, Row]:
    """Returns the rows of a file by their cell, the last of each; a line that was cut off does not count."""
    found: dict[str, Row] = {}
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        found[row["cell"]] = row
    return found


def go_on(cells: Sequence[Cell], lanes: int, path: Path, told: Callable[[Row], None]) -> list[Row]:
    """Runs the cells that the file lacks, adds them to it, and returns the rows of all, in order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    have = kept(path)
    missing = [cell for cell in cells if cell.name not in have]
    with path.open("a") as file:

        def keep(row: Row) -> None:
            file.write(json.dumps(row) + "\n")
            file.flush()
            told(row)

        run(missing, lanes, keep)
    have = kept(path)
    return [have[cell.name] for cell in cells]
