"""Whose doing it was that a job ended without a result: the work's, the machine's, somebody's; in words."""

import re
import signal
from collections.abc import Mapping

from backends.batch.evidence import Evidence
from backends.batch.jobs import JobEnd
from backends.processes.calls import UNWRITTEN
from backends.processes.endings import Ending, last_line, worker_died
from escalation.model.job_state import JobState
from escalation.text.rounding import seconds

_MEMORY = re.compile(r"oom.kill|[Oo]ut [Oo]f [Mm]emory|[Ee]xceeded (?:job|step|its)? ?memory|memory limit")
_NEARLY = 0.95
"""Of its memory: who is killed that near to it was killed for it."""


def exited(known: Evidence) -> Ending:
    """What it means that the work, or the launcher of its ranks, ended by itself without a result."""
    assert known.guard is not None
    code = known.guard["returncode"]
    if known.ranked:
        return _ranks_ended(known, code)
    killed = code < 0 or code > 128
    return _of_memory(known) if killed and _starved(known) else worker_died(code)


def _ranks_ended(known: Evidence, code: int) -> Ending:
    """Goes by each rank's guard: the launcher's words, and another rank's, may tell of what came after."""
    codes = [each["returncode"] for each in known.ranks if each["reason"] == "exited" and each["returncode"]]
    killers = [each for each in codes if each < 0]
    if killers:
        killed = f"a rank was killed by {signal.Signals(-killers[0]).name}"
        return _of_memory(known) if _starved(known) else (JobState.FAULT, killed)
    if known.failure is not None and known.failure.error is not None:
        return known.failure.state, known.failure.error
    return _without_a_word(known, codes, code)


def _without_a_word(known: Evidence, codes: list[int], code: int) -> Ending:
    if not known.begun:
        return JobState.FAULT, f"no rank could be started, exit code {code}{last_line(known.output)}"
    if UNWRITTEN in codes:
        return JobState.FAULT, "a rank could not write its result"
    if codes:
        return JobState.FAILED, f"a rank ended by itself, with exit code {codes[0]} and without a result"
    return JobState.FAULT, f"the launcher ended with exit code {code}{last_line(known.output)}"


def _starved(known: Evidence) -> bool:
    """Whether what was killed was killed for its memory, by the words of the log or its guards' measure."""
    return bool(_MEMORY.search(known.output)) or known.peak_mb >= _NEARLY * known.memory_mb


def _of_memory(known: Evidence) -> Ending:
    """The work's own doing: it was given what it asked for."""
    asked = f"the {known.memory_mb} MiB that it asked for"
    return JobState.FAILED, f"out of memory: it needed more than {asked}"


_OF_THE_MACHINE: Mapping[JobEnd, str] = {
    JobEnd.COMPLETED: "its job ended well and left no result",
    JobEnd.NODE_FAIL: "a node of its job failed",
    JobEnd.BOOT_FAIL: "a node of its job did not boot",
    JobEnd.PREEMPTED: "its job was preempted, for one of higher priority",
    JobEnd.REVOKED: "its job was given to another cluster",
}


def told(known: Evidence, end: JobEnd, reason: str) -> Ending:
    """What a batch system's word for an end means."""
    why = f" ({reason})" if reason else ""
    match end:
        case JobEnd.TIMEOUT | JobEnd.DEADLINE:
            return _timed_out(known, end)
        case JobEnd.OUT_OF_MEMORY:
            return _of_memory(known)
        case JobEnd.CANCELLED:
            by = "cancelled" if known.cancelled else f"cancelled in the batch system by somebody else{why}"
            return JobState.CANCELLED, by
        case JobEnd.FAILED:
            return _failed(known, why)
    return JobState.FAULT, f"{_OF_THE_MACHINE[end]}{why}"


def _timed_out(known: Evidence, end: JobEnd) -> Ending:
    if end is JobEnd.DEADLINE:
        return JobState.TIMED_OUT, "stopped by the batch system at its deadline"
    if not known.begun:
        return JobState.FAULT, "its time limit passed before the work began"
    return JobState.TIMED_OUT, f"stopped by the batch system after {seconds(known.limit_s)} s, its time limit"


def _failed(known: Evidence, why: str) -> Ending:
    """Its guard, or what stood before it in the script, ended without a word."""
    if known.begun and _starved(known):
        return _of_memory(known)
    when = "" if known.begun else " before the work began"
    return JobState.FAULT, f"its job failed{when}{why}{last_line(known.output)}"
