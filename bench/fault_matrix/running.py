"""Runs a cell: resets the service, lets processes live and die, and asks the service what came of it."""

import os
import shutil
import tempfile
import time
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bench.fault_matrix import cell_process
from bench.fault_matrix.cells import Cell
from bench.fault_matrix.forking import End, in_a_process
from bench.fault_matrix.placements import SILENCE_S
from bench.fault_matrix.points import Point
from bench.fault_matrix.verdict import judge
from practice import Practice

HUNG_S = 150.0
"""A process that is still there after so long counts as hung; an undisturbed one takes about one second."""
LIVES = 8
"""Processes that may take the work up after the last kill; a user or a schedule would start as many."""
HANGS = 2
"""After so many that hung no further process takes the work up."""
TIMEOUTS_S = (10.0, 60.0)
MEMORY = next((folder for folder in ("/dev/shm",) if os.access(folder, os.W_OK)), None)  # noqa: S108
"""Where ledgers are kept: SIGKILL takes a process, not the kernel's memory, a disk would add time only."""
FINAL = ("done", "refused", "cancelled", "parked")


@dataclass
class CellRun:
    """What happened in a cell so far.

    Attributes:
        kills: processes that died at their point.
        hangs: processes that did not end by themselves.
        lives: processes after the last kill.
        recovery_s: from the last kill until the work had its answer; None where nothing was killed.
        errors: what processes said that did not get to the answer.
    """

    kills: int = 0
    hangs: int = 0
    lives: int = 0
    recovery_s: float | None = None
    errors: tuple[str, ...] = ()


def run(cell: Cell, practice: Practice) -> dict[str, Any]:
    """Runs a cell; returns a row of the table as plain data."""
    began, placement = time.monotonic(), cell.placement
    practice.control.reset(*placement.rules)
    folder = Path(tempfile.mkdtemp(prefix="tierwise-matrix-", dir=MEMORY))
    timeouts = (TIMEOUTS_S[0], SILENCE_S) if placement.silent else TIMEOUTS_S
    asked = cell.whole or placement.word is not None
    world = cell_process.CellWorld(folder, practice.url, timeouts, placement.poor, asked)
    try:
        done = _Stage(cell, world, folder).play()
        practice.control.release()  # whatever the service still kept back comes now
        account, log = practice.control.account(), practice.control.log()
        books = cell_process.books(world)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    fired = sum(entry["fault"] is not None for entry in log)
    found = {
        "cell": cell.name,
        "point": None if cell.point is None else cell.point.name,
        "fault": placement.fault,
        "placement": placement.name,
        "by": cell.by,
        "whole": cell.whole,
        "violates": placement.violates,
        **asdict(done),
        "fired": fired,
        "totals": account["totals"],
        "books": books,
        "seconds": round(time.monotonic() - began, 3),
    }
    return {**found, **judge(placement, found)}


class _Stage:
    """The processes of one cell, one after the other."""

    def __init__(self, cell: Cell, world: cell_process.CellWorld, folder: Path) -> None:
        self._cell, self._world, self._folder = cell, world, folder
        self._perform = cell_process.climb if cell.whole else cell_process.perform
        self._word = True if cell.whole else cell.placement.word
        self.run = CellRun()

    def play(self) -> CellRun:
        """Lets processes die at the cell's points, and then others take the work up until it is answered."""
        deaths = () if self._cell.point is None else self._cell.point.deaths
        for number, point in enumerate(deaths):
            if not self._die(point, first=number == 0):
                break
        killed_at = time.monotonic()
        state = self._take_up()
        if self.run.kills:
            self.run.recovery_s = round(time.monotonic() - killed_at, 3)
        if state not in FINAL:  # the answer is there; the books are closed by the next scheduled visit
            self._step(cell_process.look_after)
        return self.run

    def _die(self, point: Point, first: bool) -> bool:
        """Lets a process run into a point; whether it died there. A question to a person is answered."""
        takes_up = self._perform if first or self._cell.by == "resume" else cell_process.look_after
        end = self._step(takes_up, point)
        if not end.killed and self._answered(end):
            end = self._step(takes_up, point)
        self.run.kills += end.killed
        return end.killed

    def _take_up(self) -> str:
        """Has processes take the work up; returns the state in which it ends."""
        for _ in range(LIVES):
            self.run.lives += 1
            if self._cell.by == "reconcile" and self.run.kills:
                self._step(cell_process.look_after)
            end = self._step(self._perform)
            state = str(cell_process.books(self._world)["state"])
            if self.run.hangs >= HANGS:
                return "hung"
            over = (end.said or {}).get("ended") == "answered"
            if over or state == "parked" or (state in FINAL and not self._cell.whole):
                return state
            self._answered(end)
        return "unanswered"

    def _answered(self, end: End) -> bool:
        if self._word is None or (end.said or {}).get("ended") != "held":
            return False
        spoken = in_a_process(partial(cell_process.speak, self._world, self._word), self._folder, HUNG_S)
        return bool((spoken.said or {}).get("answered"))

    def _step(self, what: Any, point: Point | None = None) -> End:
        end = in_a_process(partial(what, self._world, point), self._folder, HUNG_S)
        self.run.hangs += end.hung
        said = end.said or {}
        if said.get("error"):
            self.run.errors += (f"{said['ended']}: {said['error']}"[:300],)
        return end
