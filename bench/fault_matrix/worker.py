"""A worker: reads names of cells, a line each, and answers each with a row of the table as JSON."""

import gc
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from bench.fault_matrix.forking import ENVIRONMENT

if TYPE_CHECKING:
    from practice import Practice


def main() -> None:
    """Serves standard input until it ends, with a practice service of its own."""
    os.environ.update(ENVIRONMENT)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever libraries print does not belong between the answers
    _serve(sys.stdin, answers)


def _serve(names: TextIO, answers: TextIO) -> None:
    import practice
    from bench.fault_matrix import placements, points, running
    from bench.fault_matrix.cells import Cell

    with practice.process(practice.PracticeSettings(noise=False)) as service:
        warm(service)
        for line in names:
            asked = json.loads(line)
            cell = Cell(
                points.BY_NAME.get(asked["point"]),
                placements.BY_NAME[asked["placement"]],
                asked["by"],
                asked["whole"],
            )
            answers.write(json.dumps(running.run(cell, service)) + "\n")
            answers.flush()


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
    left = len(os.listdir("/proc/self/task"))
    if left != 1:
        raise RuntimeError(f"expected one thread before the first fork, got {left}")
    gc.collect()
    gc.freeze()  # forked processes then share these pages instead of copying them


if __name__ == "__main__":
    main()
