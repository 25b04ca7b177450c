"""The warm process that runs quantum jobs: imports once, then takes one job folder after another.

It runs under `guard.py`, which ends it with the process that started it: Aer holds Python's lock while it
simulates, so no thread in here could notice. A job's time limit is a kernel alarm, for the same reason.
"""

import importlib
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from backends.circuits.jobs import CircuitJob, read_job, read_result, write_json, write_result, write_started
from backends.processes.calls import failure
from backends.processes.last_word import began
from escalation.inputs.surroundings import collect_seldom
from escalation.model.amounts import Amounts
from escalation.model.errors import one_line
from escalation.model.report import Report
from escalation.model.result import RawResult


class CircuitReport(Report):
    """Keeps the progress in the job's folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "progress.json"

    def __call__(self, fraction: float, message: str = "") -> None:
        write_json(self._path, {"fraction": fraction, "message": message})


def work() -> int:
    """Runs the jobs whose folders come in on standard input, a line each."""
    collect_seldom()
    for folder in _folders():
        if folder.is_dir() and read_result(folder) is None:
            _run(folder)
    return 0


def _folders() -> Iterator[Path]:
    for line in sys.stdin:
        yield Path(line.rstrip("\n"))


def _run(folder: Path) -> None:
    job = read_job(folder)
    wall_s = job.work.resources.wall_s
    write_started(folder, job.work.resources, began(sys.argv[1], time.process_time()))
    # the kernel ends this process at the deadline, whoever holds Python's lock
    signal.setitimer(signal.ITIMER_REAL, max(wall_s, 1e-6))
    try:
        result = _outcome(job, CircuitReport(folder))
        write_result(folder, result)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)


def _outcome(job: CircuitJob, report: Report) -> RawResult:
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        result = call(job, report)
    except Exception as error:  # whatever goes wrong in a job is that job's result
        result = RawResult(failure(error), error=one_line(error))
    used = Amounts(wall_s=time.perf_counter() - wall, cpu_s=time.process_time() - cpu)
    return replace(result, usage=used)


def call(job: CircuitJob, report: Report) -> RawResult:
    """Calls the job's function in this process."""
    module, _, name = job.function.partition(":")
    result: RawResult = getattr(importlib.import_module(module), name)(job.work, job.context, report)
    return result


if __name__ == "__main__":
    sys.exit(work())
