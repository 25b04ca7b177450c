"""Runs `LocalCall`s in worker processes on this machine."""

import signal
from collections.abc import Hashable

from backends.local.process import WorkerProcess
from backends.processes.calls import UNWRITTEN
from backends.processes.guarded import processors
from backends.processes.jobfolder import JobFolder
from backends.processes.machine import WarmBackend
from backends.processes.pool import WorkerPool
from escalation.inputs.settings import Settings
from escalation.model.job_state import JobState
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
        state, error = died(warm.code)
        return RawResult(state, error=error)


def died(code: int) -> tuple[JobState, str]:
    """What an exit code says; of a signal N it is -N or 128 + N."""
    number = -code if code < 0 else code - 128
    if number > 0:
        return JobState.FAULT, f"the worker process was killed by {signal.Signals(number).name}"
    if code == UNWRITTEN:
        return JobState.FAULT, "the worker process could not write its result"
    return (
        JobState.FAILED,
        f"the worker process ended by itself with exit code {code}, in the middle of the call",
    )
