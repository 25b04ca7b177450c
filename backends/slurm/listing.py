"""Reads squeue's list: a line a job."""

import re
from collections.abc import Sequence

from backends.batch.jobs import JobEnd, JobSeen

FORMAT = "%i|%j|%T|%P|%N|%Z|%r"
"""Id, name, state, partition, nodes, working directory, reason."""

_NONE = ("", "(null)", "None", "N/A")

ENDS = {
    "COMPLETED": JobEnd.COMPLETED,
    "FAILED": JobEnd.FAILED,
    "TIMEOUT": JobEnd.TIMEOUT,
    "OUT_OF_MEMORY": JobEnd.OUT_OF_MEMORY,
    "NODE_FAIL": JobEnd.NODE_FAIL,
    "PREEMPTED": JobEnd.PREEMPTED,
    "CANCELLED": JobEnd.CANCELLED,
    "BOOT_FAIL": JobEnd.BOOT_FAIL,
    "DEADLINE": JobEnd.DEADLINE,
    "REVOKED": JobEnd.REVOKED,
    "SPECIAL_EXIT": JobEnd.FAILED,
    "LAUNCH_FAILED": JobEnd.BOOT_FAIL,
    "RECONFIG_FAIL": JobEnd.BOOT_FAIL,
}
"""squeue(1), JOB STATE CODES."""

_WITH_NODES = (
    *("RUNNING", "COMPLETING", "CONFIGURING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT"),
    *("RESIZING", "RESV_DEL_HOLD"),
)

_NEVER = re.compile(
    r"(?:PartitionConfig|PartitionNodeLimit|PartitionTimeLimit|BadConstraints|AccountNotAllowed|QOSNotAllowed|"
    r"InvalidAccount|InvalidQOS|DependencyNeverSatisfied|DeadLine|(?:Assoc|QOS)Max\w*Per(?:Job|Node)\w*)"
)
"""Reasons that no waiting ends (squeue(1), JOB REASON CODES): the job asks for what the partition, the
account, or a limit on each job, never gives it."""


def read(out: str) -> Sequence[JobSeen]:
    """The jobs in what `squeue` prints; lines that cannot be read are left out."""
    return [found for line in out.splitlines() if (found := _job(line)) is not None]


def _job(line: str) -> JobSeen | None:
    fields = line.rstrip("\n").split("|", 5)
    if len(fields) != 6:
        return None
    job_id, name, state, partition, nodes, rest = fields
    folder, _, reason = rest.rpartition("|")  # a folder's name may hold a bar
    reason = "" if reason in _NONE else reason.strip("()")
    return JobSeen(
        tag=name,
        job_id=job_id,
        end=ENDS.get(state),
        running=state in _WITH_NODES,
        reason=reason,
        folder=folder or None,
        place=partition,
        nodes="" if nodes in _NONE else nodes,
        never=state == "PENDING" and _NEVER.fullmatch(reason) is not None,
    )
