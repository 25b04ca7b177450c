"""Has workers run cells side by side; keeps every row in a file, so that a run goes on where it stopped."""

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from bench.fault_matrix.cells import Cell
from escalation.inputs.settings import ROOT

Row = dict[str, Any]
STOP_S = 30.0


def run(cells: Sequence[Cell], workers: int, told: Callable[[Row], None]) -> None:
    """Runs the cells on so many workers; tells of each row as it comes, one at a time.

    Raises:
        RuntimeError: when a worker dies, with the cell that it was at.
    """
    todo: queue.SimpleQueue[Cell] = queue.SimpleQueue()
    for cell in cells:
        todo.put(cell)
    one_at_a_time = threading.Lock()
    failed: list[Exception] = []

    def work() -> None:
        try:
            with _worker() as ask:
                while not failed:
                    row = ask(todo.get_nowait())
                    with one_at_a_time:
                        told(row)
        except queue.Empty:
            return
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


@contextmanager
def _worker() -> Iterator[Callable[[Cell], Row]]:
    command = [sys.executable, "-m", "bench.fault_matrix.worker"]
    child = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdin is not None
    assert child.stdout is not None
    pipes: tuple[IO[str], IO[str]] = (child.stdin, child.stdout)

    def ask(cell: Cell) -> Row:
        asked = {
            "point": None if cell.point is None else cell.point.name,
            "placement": cell.placement.name,
            "by": cell.by,
            "whole": cell.whole,
        }
        pipes[0].write(json.dumps(asked) + "\n")
        pipes[0].flush()
        answer = pipes[1].readline()
        if not answer:
            raise RuntimeError(f"a worker ended with exit code {child.wait(STOP_S)} at cell {cell.name!r}")
        found: Row = json.loads(answer)
        return found

    try:
        yield ask
    finally:
        _stop(child, pipes)


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


def go_on(cells: Sequence[Cell], workers: int, path: Path, told: Callable[[Row], None]) -> list[Row]:
    """Runs the cells that the file lacks, adds them to it, and returns the rows of all, in order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    have = kept(path)
    missing = [cell for cell in cells if cell.name not in have]
    with path.open("a") as file:

        def keep(row: Row) -> None:
            file.write(json.dumps(row) + "\n")
            file.flush()
            told(row)

        run(missing, workers, keep)
    have = kept(path)
    return [have[cell.name] for cell in cells]
