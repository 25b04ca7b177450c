"""A `LocalCall` in the process that it is for: run, and its result published."""

import os
import traceback
from dataclasses import replace

from backends.processes.calls import UNWRITTEN, Meter, checked, failure, resolve, where
from backends.processes.jobfolder import FolderReport, JobFolder
from escalation.model.errors import first_line, of_machine
from escalation.model.job_state import JobState
from escalation.model.result import RawResult


def run(folder: JobFolder) -> None:
    """Runs the job in the folder and publishes its result, failed or not."""
    meter = Meter()
    try:
        result = _call(folder)
    except BaseException as error:  # whatever the function raises is its result
        traceback.print_exc()
        result = RawResult(failure(error), error=first_line(error))
    threads = int(folder.work()["resources"]["threads"])
    folder.publish(replace(result, usage=meter.usage(), provenance=where(threads)))


def run_or_end(folder: JobFolder) -> None:
    """Runs the job; where nothing can be written, not even its failure, the process ends and says so."""
    try:
        run(folder)
    except BaseException as error:
        if not of_machine(error):
            raise
        traceback.print_exc()
        os._exit(UNWRITTEN)


def _call(folder: JobFolder) -> RawResult:
    work = folder.work()
    function = resolve(work["function"])
    returned = checked(function(work["params"], folder.inputs(), FolderReport(folder)))
    return RawResult(JobState.DONE, returned.values, returned.files, evidence=returned.evidence)
