"""Cells of the matrix, and how each is played."""

import shutil
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bench.batch_faults import submitting
from bench.batch_faults.faults import FAULTS, ClusterFault, Ended, FaultWorld
from bench.batch_faults.submitting import POINTS
from bench.fault_matrix.forking import End, in_a_process
from bench.fault_matrix.points import Point
from tests.slurm.cluster import Cluster

HUNG_S = 150.0
"""A process that is still there after so long counts as hung."""
LIVES = 6
GONE_S = 20.0
"""Within so long after the answer nothing of any job lives."""


@dataclass(frozen=True)
class BatchCell:
    """A point at which the first process dies, None where it does not, and a fault."""

    point: Point | None
    fault: ClusterFault

    @property
    def name(self) -> str:
        """In tables."""
        return f"{self.point.name if self.point else 'nobody dies'} / {self.fault.name}"


def full() -> list[BatchCell]:
    """Every cell."""
    return [BatchCell(point, fault) for point in (None, *POINTS) for fault in FAULTS]


SUBSET = {
    "none": "while it waits",
    "controller frozen during sbatch": "sbatch is under way",
    "sbatch killed, its job accepted": "the id is recorded",
    "controller killed at sbatch": "sbatch has ended, its id unrecorded",
    "controller killed after launch, restarted": "while it waits",
    "time limit": "the result is fetched, not recorded",
    "out of memory": "the tag is recorded, sbatch not begun",
    "record purged": "sbatch has ended, its id unrecorded",
    "a rank forks twice": "before the tag is recorded",
}
"""By fault, the point it is tried with; under the others nobody dies."""


def subset() -> list[BatchCell]:
    """Each point and each fault at least once, in pairs that meet."""
    points = {point.name: point for point in POINTS}
    return [BatchCell(points.get(SUBSET.get(fault.name, "")), fault) for fault in FAULTS]


def play(cell: BatchCell, slurm: Cluster) -> dict[str, Any]:
    """Lets a process die and others take the work up; returns a row of the table."""
    began_s = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="tierwise-batch-"))
    try:
        lives = _Lives(cell, FaultWorld(slurm, folder))
        end = lives.play()
        found = {
            "cell": cell.name,
            "killed": lives.killed,
            "struck": lives.struck,
            "lives": lives.count,
            "hung": lives.hung,
            "ended": (end.said or {}).get("ended"),
            "values": (end.said or {}).get("values", {}),
            "error": (end.said or {}).get("error", ""),
            "begins": len(lives.world.began),
            "submissions": _lines(folder / "sbatch-began"),
            "left": _left(slurm),
        }
    finally:
        slurm.reset()
        shutil.rmtree(folder, ignore_errors=True)
    return {**found, "seconds": round(time.monotonic() - began_s, 1), "why": broken(cell, found)}


class _Lives:
    """The processes of one cell, one after the other."""

    def __init__(self, cell: BatchCell, world: FaultWorld) -> None:
        self._cell, self.world = cell, world
        self._path = submitting.put_before_sbatch(world.folder)
        self.killed, self.struck, self.count, self.hung = False, False, 0, 0

    def play(self) -> End:
        """Plays the cell; returns how the last process ended."""
        fault, point = self._cell.fault, self._cell.point
        end = self._live(point)
        while (end.killed or end.hung or self._undone(end)) and self.count < LIVES:
            self.killed |= end.killed
            self.struck |= fault.between(self.world)
            end = self._live(None)
        return end

    def _live(self, point: Point | None) -> End:
        self.count += 1
        if not self.struck:
            self._cell.fault.before(self.world)
        life = partial(submitting.submit, self.world.folder, self._path, self._cell.fault, point)
        end = in_a_process(life, self.world.folder, HUNG_S, self._meanwhile)
        self.hung += end.hung
        return end

    def _meanwhile(self, ended: Ended) -> None:
        self.struck = self.struck or self._cell.fault.strike(self.world, ended)

    def _undone(self, end: End) -> bool:
        """Whether somebody would start the case again: the machine had failed too often."""
        return (end.said or {}).get("ended") == "Faulted"


def broken(cell: BatchCell, found: dict[str, Any]) -> list[str]:
    """What was promised and not kept."""
    fault, why = cell.fault, []
    expected = "Faulted" if fault.state is None else str(fault.state)
    if (found["ended"], found["values"]) != (expected, fault.values):
        why.append(
            f"expected {expected} {fault.values}, got {found['ended']} {found['values']}: {found['error']}"
        )
    if found["begins"] != fault.begins:
        why.append(f"the work began {found['begins']} times, expected {fault.begins}")
    if found["hung"]:
        why.append(f"{found['hung']} processes hung")
    if found["left"]:
        why.append(f"left behind: {found['left']}")
    return why


def _left(slurm: Cluster) -> list[str]:
    """What still lives of any job a while after the answer."""
    until_s = time.monotonic() + GONE_S
    while (found := slurm.survivors()) and time.monotonic() < until_s:
        time.sleep(0.1)
    return [str(process) for process in found]


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines()) if path.exists() else 0
