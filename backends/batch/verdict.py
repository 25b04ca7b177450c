"""What is known of a job, and what follows: wait, give it up before it begins, or this is its end.

The order of truth: what the job left in its folder, then the accounting, then the list of jobs; where nobody
knows of it, it is lost after a settling time. All of this is decided here, from data alone.
"""

from dataclasses import dataclass

from backends.batch.endings import exited, told
from backends.batch.evidence import Evidence
from backends.batch.jobs import JobEnd, JobSeen
from backends.processes.endings import Ending
from escalation.model.job_state import JobState
from escalation.model.result import RawResult
from escalation.ports.machines import Progress
from escalation.text.rounding import seconds


@dataclass(frozen=True)
class Void:
    """Nothing has begun, and nothing must begin any more; unless something has meanwhile."""

    result: RawResult


@dataclass(frozen=True)
class End:
    """The end of it; what may still live is asked to end where it is not known to be gone."""

    result: RawResult


@dataclass(frozen=True)
class Asked:
    """Its job is over, its processes are not known to be: they are asked to end, and waited for."""

    progress: Progress


Verdict = Progress | Void | End | Asked


def verdict(known: Evidence) -> Verdict:
    """What follows from what is known."""
    if known.guard is not None:
        ending = _of_guard(known)
        if ending is not None:
            return ending if isinstance(ending, Progress) else _end(ending)
    if known.end is not None:
        return _ended(known, *known.end)
    if known.seen is not None:
        return _listed(known, known.seen)
    if not known.answered:
        state = JobState.RUNNING if known.claimed else JobState.QUEUED
        return Progress(state, None, known.word)
    return _unknown(known)


def _end(ending: Ending) -> End:
    return End(RawResult(ending[0], error=ending[1]))


def _of_guard(known: Evidence) -> Ending | Progress | None:
    """What the guard's word comes to; None where the batch system's counts more."""
    assert known.guard is not None
    match known.guard["reason"]:
        case "late" if known.begun:
            return JobState.TIMED_OUT, f"stopped after {seconds(known.limit_s)} s, its time limit"
        case "late":
            return JobState.FAULT, f"the work did not begin within {seconds(known.start_s)} s"
        case "stopped" if known.cancelled:
            return JobState.CANCELLED, "cancelled"
        case "exited":
            return _exited(known)
    if known.end is None and not known.answered and known.quiet_s >= known.settle_s:
        return JobState.FAULT, "its processes were told to end, and nobody says by whom"
    return None


def _exited(known: Evidence) -> Ending | Progress:
    ending = exited(known)
    if ending[0] is not JobState.FAULT:
        return ending
    if known.cancelled:  # its ranks saw that before the guard of the launcher did
        return JobState.CANCELLED, "cancelled"
    # the batch system may say why: out of memory, a lost node; for a moment that is worth waiting for
    if known.end is not None and known.end[0] not in (JobEnd.COMPLETED, JobEnd.FAILED):
        return told(known, *known.end)
    if known.answered and known.seen is not None and known.seen.end is None and known.quiet_s < known.lag_s:
        return Progress(JobState.RUNNING, None, "ending")
    return ending


def _ended(known: Evidence, end: JobEnd, reason: str) -> Verdict:
    """The job is over by the batch system's word, and its folder says nothing, or not enough."""
    if known.guard is not None:
        return _end(told(known, end, reason))
    if known.quiet_s >= known.lag_s:
        return _end(told(known, end, reason))
    # a result may be on its way; a job that was started twice ends well at once, and the first goes on
    ending = Progress(JobState.RUNNING if known.claimed else JobState.QUEUED, None, "ending")
    return ending if end is JobEnd.COMPLETED else Asked(ending)


def _listed(known: Evidence, seen: JobSeen) -> Verdict:
    if seen.never and not known.claimed:
        return Void(RawResult(JobState.FAILED, error=f"refused: it would wait for ever, {seen.reason}"))
    if known.claimed:
        return Progress(JobState.RUNNING, None, "" if known.begun else "starting")
    waits = f"job {seen.job_id} waits: {seen.reason}" if seen.reason else f"job {seen.job_id}"
    return Progress(JobState.RUNNING if seen.running else JobState.QUEUED, None, waits)


def _unknown(known: Evidence) -> Verdict:
    """Nobody lists it."""
    if not known.claimed:
        if not known.sent:
            return Void(RawResult(JobState.FAULT, error="lost before it was sent"))
        if known.missing_s >= known.settle_s:
            settled = f"nobody knew of it for {seconds(known.settle_s)} s"
            return Void(RawResult(JobState.FAULT, error=f"lost: it never started, and {settled}"))
        return Progress(JobState.QUEUED, None, "in doubt: sent, and not listed yet")
    settle_s = known.settle_s if known.guard is None else known.lag_s
    if min(known.missing_s, known.quiet_s) >= settle_s:
        said = "its processes were ended" if known.guard is not None else "it left no result"
        return _end((JobState.FAULT, f"lost: {said}, and nobody knows of its job any more"))
    return Progress(JobState.RUNNING, None, "not listed any more")
