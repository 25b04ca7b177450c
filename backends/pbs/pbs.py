"""PBS's commands are built here, and their answers read: qsub(1B), qstat(1B), qselect(1B), qdel(1B)."""

import math
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from backends.batch.commands import CommandReply
from backends.batch.jobs import Accounted, JobSeen, JobWanted, Partition
from backends.batch.system import BatchSystem
from backends.pbs import listing, queues
from backends.pbs.values import duration
from escalation.model.resources import Resources

_SURE = re.compile(
    r"qsub: ((?:Unknown queue|Unknown resource|Illegal|illegal|Invalid|invalid|Bad|Unauthorized|Access|Queue|"
    r"Job violates|Job rejected|Job exceeds|job exceeds|would exceed|Script|script|Maximum number|"
    r"Undefined|usage|User|Account|No account|Failed to authorize).*)"
)
"""The server, or qsub itself, does not want the job (error.c of OpenPBS). What speaks of the way to the
server (`cannot connect`, `Communication failure`, `End of File`, …) leaves a doubt."""

_FINISHED = "qstat -x -f -F json"
_LIST = f"{_FINISHED} 2>/dev/null || exec qstat -f -F json"
"""A server that keeps no history refuses `-x`."""

_CANCEL = 'ids=$(qselect -N "$1") || exit; [ -z "$ids" ] || qdel $ids'
_PARTITIONS = "qstat -B -f -F json && qstat -Q -f -F json && pbsnodes -a -F json"


class Pbs(BatchSystem):
    """The command line of OpenPBS and PBS Professional."""

    name = "pbs"
    directive = "#PBS"
    notes = ("PBS_JOBID", "PBS_QUEUE", "PBS_SERVER", "PBS_ACCOUNT", "PBS_O_HOST", "NCPUS", "PBS_NODES")
    place_note, nodes_note = "PBS_QUEUE", "PBS_NODES"
    places = "queues"
    noting = ('export PBS_NODES=$(sort -u "$PBS_NODEFILE" 2>/dev/null | paste -sd , -)',)

    def submit(self, wanted: JobWanted, script: Path) -> list[str]:
        """The qsub command. `-r n`: a job is not started a second time; `-k doe`: output is in its place
        at once, not when the job has ended."""
        options = {
            "-N": wanted.tag,
            "-o": str(wanted.log),
            "-j": "oe",
            "-k": "doe",
            "-r": "n",
            "-S": "/bin/bash",
            "-l": f"walltime={duration(wanted.limit_s)}",
            "-q": wanted.place,
            "-A": self.site.account,
        }
        stated = [part for name, value in options.items() if value is not None for part in (name, value)]
        return ["qsub", "-V", *stated, *asked(wanted.resources), str(script)]

    def job_id(self, out: str) -> str:
        """What qsub prints is the id."""
        return out.strip().splitlines()[-1].strip() if out.strip() else ""

    def refused(self, reply: CommandReply) -> str | None:
        """What the server, or qsub itself, says against the job."""
        found = None if reply.code in (None, 0) else _SURE.search(reply.err)
        return found[1].strip() if found else None

    def list_jobs(self) -> list[str]:
        """All jobs that this user may see, those among them that ended within the server's history."""
        return ["/bin/sh", "-c", _LIST, "qstat"]

    def listed(self, out: str) -> Sequence[JobSeen]:
        return listing.jobs(out)

    def cancel(self, tag: str, job_id: str | None) -> list[str]:
        """By name: it takes what a doubtful submission may have left too."""
        return ["/bin/sh", "-c", _CANCEL, "qdel", tag]

    def account(self, tag: str, job_id: str | None) -> list[str] | None:
        return None if job_id is None else [*_FINISHED.split(), job_id]

    def accounted(self, reply: CommandReply) -> Accounted | None:
        return listing.accounted(reply.out) if reply.ok else None

    def no_accounting(self, reply: CommandReply) -> bool:
        return "not configured to maintain job history" in reply.err

    def list_partitions(self) -> list[str]:
        return ["/bin/sh", "-c", _PARTITIONS, "pbsnodes"]

    def partitions(self, out: str) -> tuple[Partition, ...]:
        return queues.read(out)

    def launch(self, resources: Resources) -> list[str]:
        """The site's launcher, which finds the job's nodes; `mpiexec` is Python's own where it has one."""
        launcher = shlex.split(self.site.launcher)
        beside = Path(self.site.python).with_name(launcher[0])
        if launcher == ["mpiexec"] and beside.exists():
            launcher = [str(beside)]
        spread = ["-ppn", str(resources.each_node)] if resources.nodes is not None else []
        return [*launcher, "-n", str(resources.ranks), *spread]

    def version(self) -> list[str]:
        return ["qstat", "--version"]


def asked(resources: Resources) -> list[str]:
    """Resources as chunks: a node each where nodes are stated, else a rank each."""
    stated = resources.nodes is not None or resources.ranks_per_node is not None
    chunks = resources.node_count if stated else resources.ranks
    ranks = resources.ranks // chunks
    parts = {
        "ncpus": ranks * resources.threads,
        "mpiprocs": ranks,
        "ompthreads": resources.threads,
        "mem": f"{math.ceil(resources.memory_mb / chunks)}mb",
        "ngpus": ranks * resources.gpus or None,
    }
    select = ":".join(
        [str(chunks), *(f"{name}={value}" for name, value in parts.items() if value is not None)]
    )
    place = "scatter" if stated and chunks > 1 else "free"
    return ["-l", f"select={select}", "-l", f"place={place}{':exclhost' if resources.exclusive else ''}"]
