"""A worker: reads names of cells, a line each, and answers each with a row of the table as JSON."""

import gc
import json
import os
import select
import sys
import tempfile
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from bench.fault_matrix.forking import ENVIRONMENT, LOG, Forked, start

if TYPE_CHECKING:
    from practice import Practice

ENDING_S = 30.0
"""For a thread that was told to end, as the timer of a request is, and waits for a processor."""


def main(lanes: int) -> None:
    """Serves standard input until it ends, with so many cells under way at a time."""
    os.environ.update(ENVIRONMENT)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever libraries print does not belong between the answers
    _serve(sys.stdin, answers, lanes)


def _serve(names: TextIO, answers: TextIO, lanes: int) -> None:
    import practice

    with ExitStack() as stack:
        settings = practice.PracticeSettings(noise=False)
        free = [_Lane(stack.enter_context(practice.process(settings)), _folder(stack)) for _ in range(lanes)]
        busy: list[_Lane] = []
        warm(free[0].service)

        def answer() -> None:
            ended = _ended(busy)
            answers.write(json.dumps(ended.row()) + "\n")
            answers.flush()
            busy.remove(ended)
            free.append(ended)

        for line in names:
            busy.append(free.pop())
            busy[-1].begin(json.loads(line))
            if not free:  # whoever asks waits for an answer then
                answer()
        while busy:
            answer()


def _folder(stack: ExitStack) -> Path:
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tierwise-matrix-lane-")))


class _Lane:
    """Runs one cell at a time, in a process of its own, against a practice service of its own."""

    def __init__(self, service: "Practice", folder: Path) -> None:
        self.service, self._folder = service, folder
        self._cell = ""
        self._under_way: Forked | None = None

    def begin(self, asked: dict[str, Any]) -> None:
        """Starts the cell that was asked for."""
        from bench.fault_matrix import placements, points, running
        from bench.fault_matrix.cells import Cell

        point, placement = points.BY_NAME.get(asked["point"]), placements.BY_NAME[asked["placement"]]
        cell = Cell(point, placement, asked["by"], asked["whole"])
        self._cell = cell.name
        self._under_way = start(partial(running.run, cell, self.service), self._folder)

    @property
    def handle(self) -> int:
        """Can be read from when the cell has ended."""
        assert self._under_way is not None
        return self._under_way.handle

    def row(self) -> dict[str, Any]:
        """What came of the cell, which has ended.

        Raises:
            RuntimeError: when that is no row.
        """
        assert self._under_way is not None
        said = self._under_way.end().said
        if said is None or "cell" not in said:
            raise RuntimeError(f"cell {self._cell!r} ended with {said}: {(self._folder / LOG).read_text()}")
        return said


def _ended(busy: list[_Lane]) -> _Lane:
    over = select.select([lane.handle for lane in busy], [], [])[0]
    return next(lane for lane in busy if lane.handle in over)


def warm(service: "Practice") -> None:
    """Runs the work once in this process: what is imported and prepared then, no forked process has to.

    Raises:
        RuntimeError: when that left a thread behind, which a fork would lose with whatever it holds.
    """
    from bench.fault_matrix import cell_process, work

    work.case(True)
    work.whole()
    service.control.reset()
    with tempfile.TemporaryDirectory() as home:
        world = cell_process.CellWorld(Path(home), service.url, (10.0, 60.0))
        cell_process.perform(world, None)
        cell_process.look_after(world, None)
        cell_process.books(world)
    with tempfile.TemporaryDirectory() as home:
        cell_process.climb(cell_process.CellWorld(Path(home), service.url, (10.0, 60.0), asked=True), None)
    if (left := _threads_left()) != 1:
        raise RuntimeError(f"expected one thread before the first fork, got {left}")
    gc.collect()
    gc.freeze()  # forked processes then share these pages instead of copying them


def _threads_left() -> int:
    """Threads of this process, once those that were told to end have had the time to."""
    deadline = time.monotonic() + ENDING_S
    while (left := len(os.listdir("/proc/self/task"))) != 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    return left


if __name__ == "__main__":
    main(int(sys.argv[1]))
