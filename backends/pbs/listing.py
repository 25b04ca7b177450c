"""Reads qstat's jobs: pbs_job_attributes(7B), qstat(1B), and the exit codes of the PBS reference guide."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from backends.batch.jobs import Accounted, JobEnd, JobSeen
from backends.pbs.values import documents, seconds, section, whole
from escalation.model.amounts import Amounts

_FINISHED = ("F", "X", "M")
_RUNNING = ("R", "E", "S", "U", "B")
_NEVER = re.compile(r"Can Never Run")
HOLDS = {
    "u": "by its user: `qrls {job}` lets it go",
    "o": "by an operator, who can release it",
    "s": "by the system: by an administrator, who alone can release it, or until another job has ended",
    "p": "because its user's password is not valid",
}
"""Whose hold a letter of `Hold_Types` is (pbs_job_attributes(7B))."""
_TERMINATED = 91
"""Substate of a job that somebody deleted."""

_CODES = {
    -1: JobEnd.BOOT_FAIL,
    -2: JobEnd.BOOT_FAIL,
    -3: JobEnd.BOOT_FAIL,
    -10: JobEnd.NODE_FAIL,
    -26: JobEnd.OUT_OF_MEMORY,
    -27: JobEnd.OUT_OF_MEMORY,
    -28: JobEnd.TIMEOUT,
    -29: JobEnd.TIMEOUT,
}
"""JOB_EXEC_FAIL1, _FAIL2, _RETRY, _RERUN_MS_FAIL; what exceeded virtual memory, memory, CPU and wall time."""

_WORDS = (
    (re.compile(r"exceeded (?:resource )?(?:walltime|cput)|walltime .*exceeded", re.I), JobEnd.TIMEOUT),
    (re.compile(r"exceeded (?:resource )?v?mem|out of memory|oom", re.I), JobEnd.OUT_OF_MEMORY),
    (re.compile(r"preempt", re.I), JobEnd.PREEMPTED),
    (
        re.compile(r"node.*(?:down|fail|lost)|(?:down|failed) node|execution host.*down", re.I),
        JobEnd.NODE_FAIL,
    ),
)
"""What a job's comment says of an end that its exit code leaves open."""


def jobs(out: str) -> Sequence[JobSeen]:
    """The jobs in what `qstat` prints, in the order of their numbers."""
    found = {name: each for document in documents(out) for name, each in section(document, "Jobs").items()}
    return [_job(name, found[name]) for name in sorted(found, key=_number)]


def _number(name: str) -> int:
    return whole(re.sub(r"\D.*", "", name))


def _job(job_id: str, said: Mapping[str, Any]) -> JobSeen:
    state, reason = str(said.get("job_state", "")), str(said.get("comment", ""))
    never = state not in (*_FINISHED, *_RUNNING) and _NEVER.search(reason) is not None
    return JobSeen(
        tag=str(said.get("Job_Name", "")),
        job_id=job_id,
        end=_end(said) if state in _FINISHED else None,
        running=state in _RUNNING,
        reason=_held(said, job_id) or reason,
        folder=_folder(said),
        place=str(said.get("queue", "")),
        nodes=str(said.get("exec_host", "")),
        never=never,
    )


def _held(said: Mapping[str, Any], job_id: str) -> str:
    """Who holds a job, in words, the batch system's behind them; empty where it is not held."""
    if str(said.get("job_state")) != "H":
        return ""
    letters = str(said.get("Hold_Types", ""))
    by = [HOLDS[letter].format(job=job_id) for letter in letters if letter in HOLDS]
    comment = f"; {said['comment']}" if said.get("comment") else ""
    return f"held {', and '.join(by)} (Hold_Types {letters}{comment})" if by else ""


def _folder(said: Mapping[str, Any]) -> str | None:
    """Where its output goes, as `host:/folder/log`, is the folder of its work."""
    path = str(said.get("Output_Path", "")).partition(":")[2]
    return str(Path(path).parent) if path.startswith("/") else None


def _end(said: Mapping[str, Any]) -> JobEnd:
    """By its exit code: of a signal 128 or 256 more; where that says little, by the comment."""
    code = said.get("Exit_status")
    if code is not None and whole(code) in _CODES:
        return _CODES[whole(code)]
    if code is not None and whole(code) == 0:
        return JobEnd.COMPLETED
    for words, end in _WORDS:
        if words.search(str(said.get("comment", ""))):
            return end
    if code is None or whole(said.get("substate")) == _TERMINATED:
        return JobEnd.CANCELLED
    return JobEnd.FAILED


def accounted(out: str) -> Accounted | None:
    """What the history says of one job that ended; None where it knows none, or one that has not."""
    for document in documents(out):
        for each in section(document, "Jobs").values():
            if str(each.get("job_state")) in _FINISHED:
                used = each.get("resources_used", {})
                usage = Amounts(
                    wall_s=seconds(used.get("walltime", 0)) or 0.0, cpu_s=seconds(used.get("cput", 0)) or 0.0
                )
                return Accounted(_end(each), str(each.get("comment", "")), usage)
    return None
