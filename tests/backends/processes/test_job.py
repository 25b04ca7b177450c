"""A piece of work on its thread."""

import logging
import shutil
import threading
from pathlib import Path
from typing import Any, cast

import pytest

from backends.processes.job import ProcessJob
from backends.processes.jobfolder import JobFolder
from backends.processes.pool import WorkerPool
from escalation.model.job_state import JobState
from escalation.model.kinds.local_call import LocalCall
from escalation.model.result import RawResult


class Removing:
    """A machine whose processes die in the middle of work, whose folder is gone by then: its case closed."""

    name, unstarted = "machine", "could not be started"
    ended, served = None, 0

    def __init__(self, folder: Path, when: str) -> None:
        self._folder, self._when, self.stopped = folder, when, threading.Event()

    def layout(self, _work: Any) -> str:
        return "any"

    def _now(self, when: str) -> None:
        if when == self._when:
            shutil.rmtree(self._folder)

    def start(self, _work: Any) -> "Removing":
        return self

    def cpu_s(self) -> float:
        self._now("before it runs")
        return 0.0

    def noted(self, _cpu_s: float) -> dict[str, Any]:
        return {}

    def send(self, _folder: Path) -> None:
        self._now("while it runs")

    def reply(self, _timeout_s: float) -> str:
        return "gone"

    def stop(self) -> None:
        self.stopped.set()

    def forget(self) -> None:
        self._now("at its end")

    def died(self, folder: JobFolder, _warm: Any) -> RawResult:
        folder.log.write_text("what was said")
        return RawResult(JobState.FAULT, error="they died")


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("when", ["before it runs", "while it runs", "at its end"])
def test_an_end_that_nobody_waits_for_any_more_is_a_line_and_no_traceback(
    when: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder, pool = JobFolder(tmp_path / "job"), WorkerPool(turns=None, idle=1, idle_s=600.0)
    work = LocalCall("m:f")
    folder.create(work)
    machine = Removing(folder.path, when)
    job = ProcessJob(cast(Any, machine), folder, work, pool)
    with caplog.at_level(logging.INFO, "backends.processes.job"):
        job.begin()
        assert job.done.wait(30)
    pool.close()
    assert machine.stopped.is_set()
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == (when != "at its end")
    assert all("its files were removed" in each for each in said)
    assert not any(record.exc_info for record in caplog.records)
