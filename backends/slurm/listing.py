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

WAITS = {
    "JobHeldAdmin": "held by an administrator, who alone can release it",
    "JobHeldUser": "held by its user: `scontrol release {job}` lets it go",
    "JobHoldMaxRequeue": "held, because it was started again too often",
    "launch failed requeued held": "held, because it could not be started: an administrator can release it",
    "Resources": "for nodes to be free",
    "Priority": "behind jobs of higher priority",
    "Dependency": "for another job to end",
    "BeginTime": "for the time at which it may begin",
    "Licenses": "for a licence to be free",
    "Reservation": "for its reservation to begin",
    "ReqNodeNotAvail": "for nodes that are down, drained or reserved",
    "PartitionDown": "for its partition to be up",
    "PartitionInactive": "for its partition to be up",
    "NodeDown": "for a node that is down",
    "Cleaning": "for what it was before to be cleared away",
    "Prolog": "for its prologue",
    "SystemFailure": "for Slurm to recover",
}
"""What a job waits for, in words (squeue(1), JOB REASON CODES)."""


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
    waits = state == "PENDING"
    return JobSeen(
        tag=name,
        job_id=job_id,
        end=ENDS.get(state),
        running=state in _WITH_NODES,
        reason=_in_words(reason, job_id) if waits else reason,
        folder=folder or None,
        place=partition,
        nodes="" if nodes in _NONE else nodes,
        never=waits and _NEVER.fullmatch(reason) is not None,
    )


def _in_words(reason: str, job_id: str) -> str:
    """A reason for waiting, its code behind it; as it is where it has no words here."""
    said = WAITS.get(reason.partition(",")[0])  # some are followed by names, as of nodes
    return f"{said.format(job=job_id)} ({reason})" if said else reason
