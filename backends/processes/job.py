"""One piece of work, from its turn in the pool to its published result, on a thread of its own."""

import logging
import threading
import time
from collections.abc import Hashable
from dataclasses import replace
from typing import ClassVar, Protocol

from backends.processes.jobfolder import JobFolder
from backends.processes.pool import WorkerPool
from backends.processes.warm import Warm
from escalation.model.job_state import JobState
from escalation.model.kinds.call import Call
from escalation.model.result import RawResult

_log = logging.getLogger(__name__)
POLL_S = 0.02


class JobMachine(Protocol):
    """What a machine says of its processes."""

    name: str
    unstarted: ClassVar[str]
    """Said of processes that could not be started."""

    def layout(self, work: Call) -> Hashable:
        """What warm processes must have been started for, to take this work."""

    def start(self, work: Call) -> Warm:
        """Starts processes for the work; raises `OSError` where that is not possible."""

    def died(self, folder: JobFolder, warm: Warm) -> RawResult:
        """What it means that the processes, stopped by now, ended in the middle of the work."""

    def late(self, folder: JobFolder, warm: Warm, limit_s: float) -> RawResult:
        """What it means that the time was up; the processes are stopped by now."""


class ProcessJob:
    """One piece of work."""

    def __init__(self, machine: JobMachine, folder: JobFolder, work: Call, pool: WorkerPool) -> None:
        self.folder, self.done = folder, threading.Event()
        self._machine, self._work, self._pool = machine, work, pool

    def begin(self) -> None:
        """Starts the thread."""
        # a daemon: the interpreter may exit meanwhile, which cuts the lifelines and so ends the processes
        name = f"{self._machine.name}:{self.folder.path.name}"
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def _run(self) -> None:
        try:
            while not self._pool.take_turn(POLL_S):
                if self.folder.cancel_file.exists():
                    self.folder.publish(RawResult(JobState.CANCELLED, error="cancelled before it started"))
                    return
            self._in_turn()
        except FileNotFoundError as error:
            _log.info("%s: its files were removed, so nobody waits for its end: %s", self.folder.path, error)
        finally:
            self.done.set()

    def _in_turn(self) -> None:
        warm, reusable, since = None, False, time.monotonic()
        try:
            warm = self._pool.take(self._machine.layout(self._work), lambda: self._machine.start(self._work))
            reusable = self._attend(warm, since)
        except OSError as error:
            self.folder.publish(RawResult(JobState.FAULT, error=f"{self._machine.unstarted}: {error}"))
        finally:
            if not reusable and warm is not None:
                warm.stop()
                warm.forget()
            self._pool.give_back(warm if reusable else None)

    def _attend(self, warm: Warm, since: float) -> bool:
        """Waits for the work's end, or brings it about; tells whether the processes can be used again."""
        before_s = warm.cpu_s()
        self.folder.mark_running(warm.noted(before_s))
        warm.send(self.folder.path)
        reply = ending = None
        while reply is None and ending is None:
            reply = warm.reply(POLL_S)
            ending = self._due(time.monotonic() - since) if reply is None else None
        wall_s = time.monotonic() - since
        if ending is None and self.folder.finished() is not None:
            return reply == "again"
        warm.stop()
        self._publish(self._meaning(warm, ending), wall_s, warm, before_s)
        return False

    def _due(self, elapsed_s: float) -> JobState | None:
        """The state in which the work has to be ended now; None where it may go on."""
        if elapsed_s >= self._work.resources.wall_s:
            return JobState.TIMED_OUT
        return JobState.CANCELLED if self.folder.cancel_file.exists() else None

    def _meaning(self, warm: Warm, ending: JobState | None) -> RawResult:
        if ending is JobState.CANCELLED:
            return RawResult(ending, error="cancelled")
        if ending is JobState.TIMED_OUT:
            return self._machine.late(self.folder, warm, self._work.resources.wall_s)
        return self._machine.died(self.folder, warm)

    def _publish(self, result: RawResult, wall_s: float, warm: Warm, before_s: float) -> None:
        """Publishes an ending that the processes could not; if they did after all, their result stands."""
        usage, ended = self._work.resources.used_within(wall_s), warm.ended
        if ended is not None:
            usage = usage.but(cpu_s=max(0.0, ended["cpu_s"] - before_s))
        self.folder.publish(replace(result, usage=usage))
