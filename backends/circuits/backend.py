"""Base of all simulated quantum backends: jobs in folders, run by warm workers."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from backends.circuits.jobs import (
    CircuitJob,
    is_here,
    progress,
    read_result,
    stop_started,
    used_by,
    write_job,
    write_result,
)
from backends.circuits.pool import POOL
from backends.processes.capacity import host
from escalation.inputs.settings import Settings
from escalation.inputs.temporary import temporary_folder
from escalation.model.calibration import Calibration, DeviceKind
from escalation.model.clock import this_process
from escalation.model.errors import BackendError, MachineFault
from escalation.model.job_state import JobState
from escalation.model.quote import Quote
from escalation.model.resources import Capacity
from escalation.model.result import RawResult
from escalation.model.work import Work
from escalation.ports.machines import Progress

ESTIMATE_WALL_S = 600.0
QUOTE_TRIES = 3
LONGEST_NAP_S = 0.02


class SimulatedBackend:
    """A backend whose jobs are functions of `(work, context, report)` in a warm process.

    Attributes:
        runs: by kind of work the `module:function` that runs a batch.
        quote: `module:function` that quotes any: the result's values hold `quote`.
    """

    runs: ClassVar[Mapping[str, str]]
    quote: ClassVar[str]
    kind: DeviceKind

    def __init__(self, settings: Settings, name: str, context: Mapping[str, Any]) -> None:
        self.settings = settings
        self.name = name
        self._context = dict(context)
        self._quotes: dict[str, RawResult] = {}
        self._folders: list[Path] = []
        self._closed = False
        POOL.open()

    @property
    def capacity(self) -> Capacity:
        """What this machine can give to a batch."""
        return host()

    def estimate(self, work: Work) -> Quote:
        """Bounds the work without running it; transpiles where the device needs it.

        Raises:
            BackendError: when the circuits cannot run on this device.
        """
        return Quote.model_validate(self.quoted(work).values["quote"])

    def quoted(self, work: Work) -> RawResult:
        """Returns what the quoting function does, kept for the same work."""
        batch = self._batch(work)
        if batch.digest not in self._quotes:
            result = self._quote(batch)
            if result.state is JobState.FAULT:
                raise MachineFault(f"{self.name}: {result.error}")
            if not result.ok:
                raise BackendError(f"{self.name} cannot quote these circuits: {result.error}")
            self._quotes[batch.digest] = result
        return self._quotes[batch.digest]

    def _quote(self, batch: Work) -> RawResult:
        """Runs the quoting function, again where the machine ended it."""
        for _ in range(QUOTE_TRIES):
            with temporary_folder("quote") as folder:
                handle = self._start(self.quote, batch, folder)
                if not self.wait(handle, ESTIMATE_WALL_S).state.final:
                    self.cancel(handle)
                result = self.result(handle)
            if result.state is not JobState.FAULT:
                break
        return result

    def calibration(self) -> Calibration | None:
        return None

    def available(self) -> bool | None:
        return True

    def queue_s(self) -> float | None:
        return 0.0

    def submit(self, work: Work, folder: Path) -> dict[str, Any]:
        batch = self._batch(work)
        handle = self._start(self.runs[batch.kind], batch, folder)
        self._folders.append(Path(handle["folder"]))
        return handle

    def wait(self, handle: Mapping[str, Any], timeout_s: float) -> Progress:
        folder, until, nap_s = Path(handle["folder"]), time.monotonic() + timeout_s, 0.001
        while True:
            now = progress(folder, handle["owner"])
            left_s = until - time.monotonic()
            if now.state.final or left_s <= 0:
                return now
            if now.state is JobState.QUEUED:
                self._revive(folder)
            time.sleep(min(nap_s, left_s))
            nap_s = min(nap_s * 1.5, LONGEST_NAP_S)

    def result(self, handle: Mapping[str, Any]) -> RawResult:
        folder = Path(handle["folder"])
        now, result = progress(folder, handle["owner"]), read_result(folder)
        if result is None and now.state.final:
            return RawResult(now.state, error=now.message, usage=used_by(folder))
        if result is None:
            raise BackendError(f"{self.name}: no result in {folder}, its state is {now.state}")
        return result

    def cancel(self, handle: Mapping[str, Any]) -> None:
        folder = Path(handle["folder"])
        # published first: a worker that has not begun the job will skip it
        if is_here(folder) and write_result(folder, RawResult(JobState.CANCELLED, error="cancelled")):
            POOL.stop(folder)
            stop_started(folder)

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        for folder in self._folders:
            if folder.is_dir():
                self.cancel({"folder": str(folder)})
        POOL.close()

    def _start(self, function: str, batch: Work, folder: Path) -> dict[str, Any]:
        folder = folder.resolve()
        write_job(folder, CircuitJob(function, batch, self._context))
        POOL.submit(folder)
        return {"folder": str(folder), "owner": this_process().to_json()}

    def _revive(self, folder: Path) -> None:
        try:
            POOL.revive(folder)
        except BackendError as error:
            write_result(folder, RawResult(JobState.FAULT, error=str(error)))

    def _batch(self, work: Work) -> Work:
        if work.kind not in self.runs:
            raise BackendError(f"{self.name} runs {' and '.join(self.runs)} only, got {work.kind}")
        self.capacity.check(self.name, work.resources)
        return work
