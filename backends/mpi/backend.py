"""Runs `MpiProgram`s under `mpiexec` on this machine."""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

from backends.mpi import launcher
from backends.mpi.settings import MpiSettings
from backends.mpi.world import World, layout
from backends.processes import endings
from backends.processes.jobfolder import FAILURE, JobFolder
from backends.processes.machine import WarmBackend
from backends.processes.pool import WorkerPool
from escalation.inputs.settings import Settings
from escalation.model.errors import WrongWorld
from escalation.model.kinds.mpi_program import MpiProgram
from escalation.model.result import RawResult

IDLE_S = 60.0
"""Seconds that a world is kept without work: it holds memory, and no processor."""


class MpiBackend(WarmBackend):
    """Programs with the same ranks, threads and environment share a world, one after the other.

    What ends one of them badly ends its world, and the next has a fresh one.
    """

    name = "mpi"
    takes = MpiProgram
    ranks = None
    lost = endings.LOST
    unstarted = "the MPI launcher could not be started"

    def __init__(self, settings: Settings, device: str | None = None, idle_s: float = IDLE_S) -> None:
        """Raises `BadInput` when a device is named: there is none to choose."""
        super().__init__(device, WorkerPool(turns=None, idle=1, idle_s=idle_s))
        self._mpiexec = settings.of(MpiSettings).mpiexec

    def check(self) -> None:
        """Raises `BackendError` where there is no launcher."""
        launcher.find(self._mpiexec)

    def layout(self, work: MpiProgram) -> Hashable:
        """Launcher, ranks and environment, threads among it."""
        mpiexec, env = self._surroundings(work)
        return layout(mpiexec, work.resources.ranks, env)

    def start(self, work: MpiProgram) -> World:
        """Starts a world."""
        mpiexec, env = self._surroundings(work)
        return World(mpiexec, work.resources.ranks, env)

    def _surroundings(self, work: MpiProgram) -> tuple[list[str], dict[str, str]]:
        mpiexec = launcher.find(self._mpiexec)
        return mpiexec, launcher.clean_environment(mpiexec, work.resources.threads)

    def died(self, folder: JobFolder, warm: World) -> RawResult:
        """What a rank said of its failure, unless it was another's death; else whose doing the end was."""
        output = _keep(folder, warm)
        failure = folder.read(FAILURE)
        if failure is not None and endings.signalled(output) is None:
            return failure
        state, error = endings.exited(warm.ended, output, endings.begun(folder))
        return RawResult(state, error=error)

    def late(self, folder: JobFolder, warm: World, limit_s: float) -> RawResult:
        """Whose doing it was that the time was up."""
        state, error = endings.late(limit_s, _keep(folder, warm), endings.begun(folder))
        return RawResult(state, error=error)

    def result(self, handle: Mapping[str, Any]) -> RawResult:
        """Returns the result of a final program, with the output of every rank as evidence.

        Raises:
            BackendError: when it is not final.
            WrongWorld: when MPI yielded fewer ranks than asked.
        """
        result = super().result(handle)
        if "expected_ranks" in result.values and not result.ok:
            raise WrongWorld(result.error or "too few ranks")
        return result


def _keep(folder: JobFolder, world: World) -> str:
    """Keeps what the launcher said beside the program that it said it of."""
    output = world.said()
    Path(folder.log).write_text(output)
    return output
