"""What follows from what is known of a job: a table over everything that faults leave behind."""

from dataclasses import replace
from typing import Any

import pytest

from backends.batch.evidence import Evidence
from backends.batch.jobs import Accounted, JobEnd, JobSeen
from backends.batch.verdict import Asked, End, Void, verdict
from escalation.model.job_state import JobState
from escalation.model.result import RawResult
from escalation.ports.machines import Progress

SETTLE_S, LAG_S = 100.0, 5.0
RUNS = Evidence(
    sent=True,
    claimed=True,
    begun=True,
    cancelled=False,
    guard=None,
    ranks=(),
    failure=None,
    output="",
    answered=True,
    seen=JobSeen("tw-a", "7", running=True),
    accounted=None,
    missing_s=0.0,
    quiet_s=0.0,
    settle_s=SETTLE_S,
    lag_s=LAG_S,
    limit_s=60.0,
    start_s=30.0,
    memory_mb=1000,
    ranked=False,
)
WAITS = replace(RUNS, claimed=False, begun=False, seen=JobSeen("tw-a", "7", reason="Resources"))
UNSEEN = replace(WAITS, seen=None)
UNREACHABLE: dict[str, Any] = {
    "answered": False,
    "seen": None,
    "word": "the batch system does not answer: timed out",
}


def ended(reason: str, returncode: int | None = -9, peak_kb: int = 10_000) -> dict[str, Any]:
    return {"reason": reason, "returncode": returncode, "wall_s": 1.0, "cpu_s": 1.0, "peak_kb": peak_kb}


def told(end: JobEnd, reason: str = "", **known: Any) -> Evidence:
    """A job that the list says has ended, and whose folder has been silent for long."""
    changes: dict[str, Any] = {"seen": JobSeen("tw-a", "7", end, reason=reason), "quiet_s": LAG_S, **known}
    return replace(RUNS, **changes)


@pytest.mark.parametrize(
    ("known", "state", "word"),
    [
        (WAITS, JobState.QUEUED, "job 7 waits: Resources"),
        (RUNS, JobState.RUNNING, ""),
        (replace(RUNS, begun=False), JobState.RUNNING, "starting"),
        # the controller is away: that says nothing of the job
        (replace(WAITS, **UNREACHABLE), JobState.QUEUED, "does not answer"),
        (replace(RUNS, **UNREACHABLE, quiet_s=1e6), JobState.RUNNING, "does not answer"),
        # in doubt, for as long as somebody could still know better
        (replace(UNSEEN, missing_s=SETTLE_S - 1), JobState.QUEUED, "in doubt"),
        # forgotten by the controller, while its guard shows that it lives
        (replace(RUNS, seen=None, missing_s=1e6, quiet_s=1), JobState.RUNNING, "not listed any more"),
        # the same job was started twice: the second ended at once, the first goes on
        (told(JobEnd.COMPLETED, quiet_s=0.0), JobState.RUNNING, "ending"),
        # killed a moment ago: the batch system may say why
        (replace(RUNS, guard=ended("exited")), JobState.RUNNING, "ending"),
    ],
)
def test_it_is_waited_for(known: Evidence, state: JobState, word: str) -> None:
    found = verdict(known)
    assert isinstance(found, Progress)
    assert found.state is state
    assert word in found.message


@pytest.mark.parametrize(
    ("known", "state", "word"),
    [
        (replace(UNSEEN, sent=False), JobState.FAULT, "before it was sent"),
        (replace(UNSEEN, missing_s=SETTLE_S), JobState.FAULT, "never started"),
        (
            replace(WAITS, seen=JobSeen("tw-a", "7", reason="PartitionConfig", never=True)),
            JobState.FAILED,
            "refused: it would wait for ever, PartitionConfig",
        ),
    ],
)
def test_nothing_must_begin_any_more(known: Evidence, state: JobState, word: str) -> None:
    found = verdict(known)
    assert isinstance(found, Void)
    assert found.result.state is state
    assert word in (found.result.error or "")


@pytest.mark.parametrize(
    ("known", "state", "word"),
    [
        # by the job's own guard
        (replace(RUNS, guard=ended("late")), JobState.TIMED_OUT, "after 60 s, its time limit"),
        (replace(RUNS, guard=ended("late"), begun=False), JobState.FAULT, "did not begin within 30 s"),
        (replace(RUNS, guard=ended("stopped"), cancelled=True), JobState.CANCELLED, "cancelled"),
        (replace(RUNS, guard=ended("exited", 3)), JobState.FAILED, "exit code 3"),
        (replace(RUNS, guard=ended("exited"), quiet_s=LAG_S), JobState.FAULT, "killed by SIGKILL"),
        (
            replace(RUNS, guard=ended("exited", peak_kb=990 * 1024), quiet_s=LAG_S),
            JobState.FAILED,
            "out of memory: it needed more than the 1000 MiB",
        ),
        (
            replace(RUNS, guard=ended("exited"), seen=JobSeen("tw-a", "7", JobEnd.OUT_OF_MEMORY)),
            JobState.FAILED,
            "out of memory",
        ),
        # ranks: the first to die says why, not the launcher, nor who waited for it
        (
            replace(
                RUNS,
                ranked=True,
                guard=ended("exited", 137),
                ranks=(ended("exited", -9), ended("orphaned")),
                failure=RawResult(JobState.FAILED, error="rank 1: a message was truncated"),
                quiet_s=LAG_S,
            ),
            JobState.FAULT,
            "a rank was killed by SIGKILL",
        ),
        (
            replace(
                RUNS,
                ranked=True,
                guard=ended("exited", 137),
                ranks=(ended("exited", 1), ended("orphaned")),
                output="srun: error: n1: task 0: Killed",
                failure=RawResult(JobState.FAILED, error="rank 1: ValueError: no"),
            ),
            JobState.FAILED,
            "rank 1: ValueError: no",
        ),
        (
            replace(
                RUNS, ranked=True, guard=ended("exited", 1), begun=False, output="srun: no mpi", quiet_s=LAG_S
            ),
            JobState.FAULT,
            "no rank could be started, exit code 1: srun: no mpi",
        ),
        # by the batch system's word
        (told(JobEnd.TIMEOUT), JobState.TIMED_OUT, "after 60 s, its time limit"),
        (told(JobEnd.TIMEOUT, begun=False), JobState.FAULT, "before the work began"),
        (told(JobEnd.DEADLINE), JobState.TIMED_OUT, "deadline"),
        (told(JobEnd.OUT_OF_MEMORY), JobState.FAILED, "out of memory"),
        (told(JobEnd.NODE_FAIL), JobState.FAULT, "a node of its job failed"),
        (told(JobEnd.BOOT_FAIL), JobState.FAULT, "did not boot"),
        (told(JobEnd.PREEMPTED), JobState.FAULT, "preempted"),
        (told(JobEnd.REVOKED), JobState.FAULT, "another cluster"),
        (told(JobEnd.CANCELLED), JobState.CANCELLED, "by somebody else"),
        (told(JobEnd.CANCELLED, cancelled=True), JobState.CANCELLED, "cancelled"),
        (told(JobEnd.COMPLETED), JobState.FAULT, "left no result"),
        (
            told(JobEnd.FAILED, "NonZeroExitCode", begun=False, output="module: command not found"),
            JobState.FAULT,
            "failed before the work began (NonZeroExitCode): module: command not found",
        ),
        (
            told(JobEnd.FAILED, output="slurmstepd: error: Exceeded job memory limit"),
            JobState.FAILED,
            "out of memory",
        ),
        (told(JobEnd.PREEMPTED, guard=ended("orphaned"), quiet_s=0.0), JobState.FAULT, "preempted"),
        # by the accounting, once the controller has forgotten
        (
            replace(RUNS, seen=None, accounted=Accounted(JobEnd.NODE_FAIL), quiet_s=LAG_S),
            JobState.FAULT,
            "a node of its job failed",
        ),
        # nobody knows anything
        (replace(RUNS, seen=None, missing_s=SETTLE_S, quiet_s=SETTLE_S), JobState.FAULT, "lost: it left no"),
        (
            replace(RUNS, **UNREACHABLE, guard=ended("orphaned"), quiet_s=SETTLE_S),
            JobState.FAULT,
            "nobody says by whom",
        ),
    ],
)
def test_it_is_the_end(known: Evidence, state: JobState, word: str) -> None:
    found = verdict(known)
    assert isinstance(found, End), found
    assert found.result.state is state
    assert word in (found.result.error or "")


@pytest.mark.parametrize("end", [JobEnd.NODE_FAIL, JobEnd.CANCELLED, JobEnd.TIMEOUT, JobEnd.PREEMPTED])
def test_what_still_lives_of_a_job_that_is_over_is_asked_to_end(end: JobEnd) -> None:
    assert isinstance(verdict(told(end, quiet_s=0.0)), Asked)
