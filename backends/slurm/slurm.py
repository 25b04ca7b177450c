"""Slurm's commands are built here, and their answers read: sbatch(1), squeue(1), scancel(1), sacct(1)."""

import math
import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from backends.batch.commands import CommandReply
from backends.batch.jobs import Accounted, JobSeen, JobWanted, Partition
from backends.batch.system import BatchSystem
from backends.slurm import accounting, listing, sinfo
from escalation.model.resources import Resources

_SURE = re.compile(
    r"Batch job submission failed: "
    r"(?!.*(?:[Ss]ocket|[Cc]ontact|[Cc]onnect|[Zz]ero [Bb]ytes|[Tt]imed out|standby|[Tt]ransport|temporarily|"
    r"[Uu]nspecified|[Aa]uthentication|credential|[Cc]ommunication))(.+)"
)
"""The controller answered that it does not want the job. All that speaks of the way to it leaves a doubt."""

_OWN = re.compile(
    r"sbatch: (?:error: |fatal: )?"
    r"((?:unrecognized option|invalid option|option .* requires|Invalid|Unable to open file|Batch script|"
    r"This does not look like).*)"
)
"""sbatch did not like what it was given, and sent nothing."""

_NO_CONFIGURATION = re.compile(r"configuration source|slurm\.conf.*No such file")
"""What its commands say where they find none."""


class Slurm(BatchSystem):
    """Slurm's command line."""

    name = "slurm"
    directive = "#SBATCH"
    notes = (
        *("SLURM_JOB_ID", "SLURM_CLUSTER_NAME", "SLURM_JOB_ACCOUNT", "SLURM_JOB_NODELIST"),
        *("SLURM_JOB_PARTITION", "SLURM_JOB_QOS", "SLURM_TASKS_PER_NODE"),
    )
    place_note, nodes_note = "SLURM_JOB_PARTITION", "SLURM_JOB_NODELIST"

    def submit(self, wanted: JobWanted, script: Path) -> list[str]:
        """The sbatch command. With `singleton` a second job of the name waits until the first has ended."""
        site, shown = self.site, str(wanted.log).replace("%", "%%")
        options = {
            "--job-name": wanted.tag,
            "--dependency": "singleton",
            "--comment": wanted.comment,
            "--chdir": str(wanted.folder),
            "--output": shown,
            "--error": shown,
            "--open-mode": "append",
            "--export": "ALL",
            "--time": str(math.ceil(wanted.limit_s / 60)),
            "--partition": wanted.place,
            "--account": site.account,
            "--qos": site.qos,
        }
        stated = [f"{name}={value}" for name, value in options.items() if value is not None]
        return ["sbatch", "--parsable", "--no-requeue", *stated, *asked(wanted.resources), str(script)]

    def rehearse(self, wanted: JobWanted, script: Path) -> list[str]:
        command, *options = self.submit(wanted, script)
        return [command, "--test-only", *options]

    def job_id(self, out: str) -> str:
        """Of `sbatch --parsable`: the id, and behind a semicolon the cluster."""
        return out.strip().splitlines()[-1].partition(";")[0] if out.strip() else ""

    def refused(self, reply: CommandReply) -> str | None:
        """What the controller, or sbatch itself, says against the job."""
        if reply.code in (None, 0):
            return None
        found = _SURE.search(reply.err) or _OWN.search(reply.err)
        return found[1].strip() if found else None

    def list_jobs(self) -> list[str]:
        """This user's jobs, with those that ended up to MinJobAge ago."""
        return ["squeue", "--me", "--all", "--noheader", "--states=all", f"--format={listing.FORMAT}"]

    def listed(self, out: str) -> Sequence[JobSeen]:
        return listing.read(out)

    def cancel(self, tag: str, job_id: str | None) -> list[str]:
        """By name: it takes what a doubtful submission may have left too."""
        return ["scancel", "--me", f"--name={tag}"]

    def account(self, tag: str, job_id: str | None) -> list[str] | None:
        return accounting.command(tag)

    def accounted(self, reply: CommandReply) -> Accounted | None:
        return accounting.read(reply.out) if reply.ok else None

    def no_accounting(self, reply: CommandReply) -> bool:
        return "accounting storage is disabled" in reply.err

    def misconfigured(self, reply: CommandReply) -> bool:
        return not reply.ok and _NO_CONFIGURATION.search(reply.err) is not None

    def stated(self) -> bool:
        """By the user: `SLURM_CONF`, or a setting of Tierwise's."""
        return any(name == "SLURM_CONF" or name.startswith("TIERWISE_SLURM_") for name in os.environ)

    def list_partitions(self) -> list[str]:
        return ["sinfo", "--all", "--noheader", "--exact", f"--format={sinfo.FORMAT}"]

    def partitions(self, out: str) -> tuple[Partition, ...]:
        return sinfo.read(out)

    def launch(self, resources: Resources) -> list[str]:
        """The site's srun, or a launcher that finds the job's nodes by itself."""
        launcher = shlex.split(self.site.launcher)
        if Path(launcher[0]).name != "srun":
            return [*launcher, "-n", str(resources.ranks)]
        spread = [f"--nodes={resources.nodes}"] if resources.nodes is not None else []
        tasks = [f"--ntasks={resources.ranks}", f"--cpus-per-task={resources.threads}", *spread]
        return [*launcher, *tasks, "--input=none", "--kill-on-bad-exit=1", "--export=ALL"]

    def version(self) -> list[str]:
        return ["sinfo", "--version"]


def asked(resources: Resources) -> list[str]:
    """Resources as options of sbatch: memory a node where their number is stated, else a core."""
    found = [f"--ntasks={resources.ranks}", f"--cpus-per-task={resources.threads}"]
    if resources.nodes is not None or resources.ranks_per_node is not None:
        found += [f"--nodes={resources.node_count}", f"--ntasks-per-node={resources.each_node}"]
        found += [f"--mem={math.ceil(resources.memory_mb / resources.node_count)}"]
    elif resources.ranks == 1:
        found += ["--nodes=1", f"--mem={resources.memory_mb}"]
    else:
        cores = resources.ranks * resources.threads
        found += [f"--mem-per-cpu={math.ceil(resources.memory_mb / cores)}"]
    if resources.gpus:
        found.append(f"--gpus-per-task={resources.gpus}")
    return [*found, *(["--exclusive"] if resources.exclusive else [])]
