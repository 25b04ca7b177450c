"""Runs `LocalCall`s in worker processes on this machine."""

import signal
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backends.local.pool import Pool, Worker
from backends.processes.calls import UNWRITTEN
from backends.processes.classical import ClassicalBackend
from backends.processes.guarded import alive, processors
from backends.processes.jobfolder import JobFolder
from backends.processes.last_word import used
from escalation.inputs.settings import Settings
from escalation.model.amounts import Amounts
from escalation.model.clock import this_process
from escalation.model.errors import BackendError
from escalation.model.job_state import JobState
from escalation.model.kinds.local_call import LocalCall
from escalation.model.result import RawResult
from escalation.model.work import Work
from escalation.ports.machines import Progress

LOST = "lost: the process that submitted it is gone, and its workers with it"
POLL_S = 0.05


class LocalBackend(ClassicalBackend):
    """A pool of warm workers; as many calls run at once as there are processors, two at least."""

    name = "local"

    def __init__(self, settings: Settings, device: str | None = None) -> None:
        """Raises `BadInput` when a device is named: there is none to choose."""
        super().__init__(device)
        self._pool = Pool(max(2, len(processors())))
        self._jobs: dict[Path, _Job] = {}

    def available(self) -> bool | None:
        """Returns True."""
        return True

    def queue_s(self) -> float | None:
        """Returns 0: workers start in well under a second."""
        return 0.0

    def submit(self, work: Work, folder: Path) -> dict[str, Any]:
        """Starts the call; its handle works in other processes while this one lives.

        Raises:
            BackendError: on other kinds of work, or a folder already used.
        """
        if not isinstance(work, LocalCall):
            raise BackendError(f"backend 'local' runs local_call, got {work.kind}")
        home = JobFolder(folder)
        home.create(work)
        job = _Job(home, work, self._pool)
        self._jobs[home.path] = job
        job.start()
        return {"folder": str(home.path), "submitter": this_process().to_json()}

    def wait(self, handle: Mapping[str, Any], timeout_s: float) -> Progress:
        """Waits until the call is final or the time is up; 0 only asks."""
        deadline = time.monotonic() + timeout_s
        job = self._jobs.get(Path(handle["folder"]))
        while True:
            ended = job is not None and job.done.wait(max(0.0, deadline - time.monotonic()))
            progress = _look(handle)
            if ended and not progress.state.final:
                return Progress(JobState.FAULT, None, "lost: its result could not be written")
            left_s = deadline - time.monotonic()
            if progress.state.final or left_s <= 0:
                return progress
            time.sleep(min(POLL_S, left_s))

    def result(self, handle: Mapping[str, Any]) -> RawResult:
        """Returns the result of a final call.

        Raises:
            BackendError: when it is not final.
        """
        progress, folder = self.wait(handle, 0), JobFolder(Path(handle["folder"]))
        if progress.state is JobState.FAULT and folder.finished() is None:
            usage = used(folder.running())
            return RawResult(JobState.FAULT, error=progress.message, usage=usage, evidence=folder.logs())
        return folder.result()

    def cancel(self, handle: Mapping[str, Any]) -> None:
        """Stops the call and everything it started; does nothing when it is final."""
        folder = JobFolder(Path(handle["folder"]))
        if folder.finished() is None:
            folder.ask_to_stop()
            self.wait(handle, timeout_s=10.0)

    def close(self) -> None:
        """Cancels what runs and ends the workers."""
        running = [job for job in self._jobs.values() if not job.done.is_set()]
        for job in running:
            job.folder.ask_to_stop()
        for job in running:
            job.done.wait()
        self._pool.close()


def _look(handle: Mapping[str, Any]) -> Progress:
    """Reads from the folder where the call stands; whether its submitter lives is asked first."""
    folder = JobFolder(Path(handle["folder"]))
    submitter_lives = alive(handle["submitter"])
    state = folder.finished()
    if state is not None:
        return Progress(state, 1.0 if state is JobState.DONE else None)
    if not submitter_lives:
        return Progress(JobState.FAULT, None, LOST)
    state = JobState.QUEUED if folder.running() is None else JobState.RUNNING
    return Progress(state, *folder.progress())


class _Job:
    """One call, from its turn in the pool to its published result, on a thread of its own."""

    def __init__(self, folder: JobFolder, work: LocalCall, pool: Pool) -> None:
        self.folder, self.limits, self.pool = folder, work.resources, pool
        self.done = threading.Event()

    def start(self) -> None:
        # a daemon: the interpreter may exit meanwhile, which closes the lifelines and so ends the workers
        threading.Thread(target=self._run, name=f"local:{self.folder.path.name}", daemon=True).start()

    def _run(self) -> None:
        try:
            while not self.pool.take_slot(POLL_S):
                if self.folder.cancel_file.exists():
                    self._publish(JobState.CANCELLED, "cancelled before it started")
                    return
            self._with_slot()
        finally:
            self.done.set()

    def _with_slot(self) -> None:
        worker, reusable = None, False
        try:
            worker = self.pool.worker(self.limits.threads)
            worker.send(self.folder.path)
            reusable = self._attend(worker)
        except OSError as error:
            self._publish(JobState.FAULT, f"no worker could be started: {error}")
        finally:
            if not reusable and worker is not None:
                worker.stop()
            self.pool.give_back(worker if reusable else None, reusable=reusable)

    def _attend(self, worker: Worker) -> bool:
        """Waits for the call's end, or brings it about; tells whether the worker can be used again."""
        started, cpu_before_s = time.monotonic(), worker.cpu_s()
        reply = None
        while reply is None:
            reply = worker.reply(POLL_S)
            elapsed_s = time.monotonic() - started
            ending = self._ending(elapsed_s)
            if reply is None and ending is not None:
                usage = Amounts(wall_s=elapsed_s, cpu_s=max(0.0, worker.cpu_s() - cpu_before_s))
                worker.stop()
                self._publish(*ending, usage)
                return False
        if reply == "gone":
            code, cpu_s = worker.stop()
            bound_s = elapsed_s * self.limits.threads
            used_s = bound_s if cpu_s is None else max(0.0, cpu_s - cpu_before_s)
            self._publish(*_died(code), Amounts(wall_s=elapsed_s, cpu_s=used_s))
        return reply == "again"

    def _ending(self, elapsed_s: float) -> tuple[JobState, str] | None:
        limit_s = self.limits.wall_s
        if elapsed_s >= limit_s:
            return JobState.TIMED_OUT, f"stopped after {limit_s:g} s, its time limit"
        return (JobState.CANCELLED, "cancelled") if self.folder.cancel_file.exists() else None

    def _publish(self, state: JobState, error: str, usage: Amounts | None = None) -> None:
        """Publishes an ending that the worker could not; if it did after all, its result stands."""
        self.folder.publish(RawResult(state, error=error, usage=usage or Amounts()))


def _died(code: int) -> tuple[JobState, str]:
    """Whose doing it was that a worker ended in the middle of a call."""
    number = -code if code < 0 else code - 128
    if number > 0:
        return JobState.FAULT, f"the worker process was killed by {signal.Signals(number).name}"
    if code == UNWRITTEN:
        return JobState.FAULT, "the worker process could not write its result"
    return (
        JobState.FAILED,
        f"the worker process ended by itself with exit code {code}, in the middle of the call",
    )
