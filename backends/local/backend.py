"""Runs `LocalCall`s in worker processes on this machine."""

from collections.abc import Hashable

from backends.local.process import WorkerProcess
from backends.processes.endings import worker_died
from backends.processes.guarded import processors
from backends.processes.jobfolder import JobFolder
from backends.processes.machine import WarmBackend
from backends.processes.pool import WorkerPool
from escalation.inputs.settings import Settings
from escalation.model.kinds.local_call import LocalCall
from escalation.model.result import RawResult


class LocalBackend(WarmBackend):
    """A pool of warm workers; as many calls run at once as there are processors, two at least."""

    name = "local"
    takes = LocalCall
    lost = "lost: the process that submitted it is gone, and its workers with it"
    unstarted = "no worker could be started"

    def __init__(self, settings: Settings, device: str | None = None) -> None:
        """Raises `BadInput` when a device is named: there is none to choose."""
        workers = max(2, len(processors()))
        super().__init__(device, WorkerPool(turns=workers, idle=workers))

    def layout(self, work: LocalCall) -> Hashable:
        """Threads are fixed when a worker starts."""
        return work.resources.threads

    def start(self, work: LocalCall) -> WorkerProcess:
        """Starts a worker."""
        return WorkerProcess(work.resources.threads)

    def died(self, folder: JobFolder, warm: WorkerProcess) -> RawResult:
        """Whose doing it was that a worker ended in the middle of a call."""
        state, error = worker_died(warm.code)
        return RawResult(state, error=error)
