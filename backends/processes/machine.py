"""Base of machines that run work in warm processes here: submit, wait, result, cancel, close.

A machine says which work it takes, how its processes are started, and what their end means: small functions,
each tested alone. The input and output is done once, here and in `job`. The shape is that of PSI/J's batch
executors (ExaWorks/psij-python, `psij/executors/batch`).
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from backends.processes.classical import ClassicalBackend
from backends.processes.guarded import alive
from backends.processes.job import POLL_S, ProcessJob
from backends.processes.jobfolder import JobFolder
from backends.processes.last_word import used
from backends.processes.pool import WorkerPool
from backends.processes.warm import Warm
from escalation.model.clock import this_process
from escalation.model.errors import BackendError
from escalation.model.job_state import JobState
from escalation.model.kinds.call import Call
from escalation.model.result import RawResult
from escalation.model.work import Work
from escalation.ports.machines import Progress
from escalation.text.rounding import seconds

CANCEL_S = 10.0
UNPUBLISHED = "lost: its result could not be written"
NOT_HERE = "lost: its files are not here"


class WarmBackend(ClassicalBackend, ABC):
    """A place where work runs in processes under guards, kept warm between the pieces of work.

    Attributes:
        takes: the class of its work.
        lost: said of work whose driver is gone, and its processes with it.
        unstarted: said of processes that could not be started.
    """

    takes: ClassVar[type[Call]]
    lost: ClassVar[str]
    unstarted: ClassVar[str]

    def __init__(self, device: str | None, pool: WorkerPool) -> None:
        """Raises `BadInput` when a device is named: there is none to choose."""
        super().__init__(device)
        self._pool = pool
        self._jobs: dict[Path, ProcessJob] = {}

    def check(self) -> None:
        """Raises `BackendError` where no work can be started."""

    @abstractmethod
    def layout(self, work: Any) -> Hashable:
        """What warm processes must have been started for, to take this work."""

    @abstractmethod
    def start(self, work: Any) -> Warm:
        """Starts processes for the work; raises `OSError` where that is not possible."""

    @abstractmethod
    def died(self, folder: JobFolder, warm: Any) -> RawResult:
        """What it means that the processes, stopped by now, ended in the middle of the work."""

    def late(self, folder: JobFolder, warm: Any, limit_s: float) -> RawResult:
        """What it means that the time was up; the processes are stopped by now."""
        return RawResult(JobState.TIMED_OUT, error=f"stopped after {seconds(limit_s)} s, its time limit")

    def available(self) -> bool | None:
        """Tells whether work can be started."""
        try:
            self.check()
        except BackendError:
            return False
        return True

    def queue_s(self) -> float | None:
        """Returns 0: processes start in seconds."""
        return 0.0

    def submit(self, work: Work, folder: Path) -> dict[str, Any]:
        """Starts the work; its handle works in other processes while this one lives.

        Raises:
            BackendError: on other work or too much of it, on a used folder, where nothing can be started.
        """
        if not isinstance(work, self.takes):
            raise BackendError(f"backend {self.name!r} runs {self.takes.kind}, got {work.kind}")
        self.capacity.check(self.name, work.resources)
        self.check()
        home = JobFolder(folder)
        home.create(work)
        self._jobs = {path: job for path, job in self._jobs.items() if not job.done.is_set()}
        job = self._jobs[home.path] = ProcessJob(self, home, work, self._pool)
        job.begin()
        return {"folder": str(home.path), "submitter": this_process().to_json()}

    def wait(self, handle: Mapping[str, Any], timeout_s: float) -> Progress:
        """Waits until the work is final or the time is up; 0 only asks."""
        deadline = time.monotonic() + timeout_s
        job = self._jobs.get(Path(handle["folder"]))
        while True:
            ended = job is not None and job.done.wait(max(0.0, deadline - time.monotonic()))
            progress = self._look(handle)
            if ended and not progress.state.final:
                return Progress(JobState.FAULT, None, UNPUBLISHED)
            left_s = deadline - time.monotonic()
            if progress.state.final or left_s <= 0:
                return progress
            time.sleep(min(POLL_S, left_s))

    def _look(self, handle: Mapping[str, Any]) -> Progress:
        """Reads from the folder where the work stands; whether its submitter lives is asked first."""
        folder = JobFolder(Path(handle["folder"]))
        submitter_lives = alive(handle["submitter"])
        state = folder.finished()
        if state is not None:
            return Progress(state, 1.0 if state is JobState.DONE else None)
        if not submitter_lives:
            return Progress(JobState.FAULT, None, self.lost)
        if not folder.here:
            return Progress(JobState.FAULT, None, NOT_HERE)
        state = JobState.QUEUED if folder.running() is None else JobState.RUNNING
        return Progress(state, *folder.progress())

    def result(self, handle: Mapping[str, Any]) -> RawResult:
        """Returns the result of final work.

        Raises:
            BackendError: when it is not final.
        """
        progress, folder = self.wait(handle, 0), JobFolder(Path(handle["folder"]))
        if progress.state is JobState.FAULT and folder.finished() is None:
            usage = used(folder.running())
            return RawResult(JobState.FAULT, error=progress.message, usage=usage, evidence=folder.logs())
        return folder.result()

    def cancel(self, handle: Mapping[str, Any]) -> None:
        """Stops the work and everything it started; does nothing when it is final."""
        folder = JobFolder(Path(handle["folder"]))
        if folder.finished() is None:
            folder.ask_to_stop()
            self.wait(handle, timeout_s=CANCEL_S)

    def close(self) -> None:
        """Cancels what runs and ends the warm processes."""
        running = [job for job in self._jobs.values() if not job.done.is_set()]
        for job in running:
            job.folder.ask_to_stop()
        for job in running:
            job.done.wait()
        self._pool.close()
