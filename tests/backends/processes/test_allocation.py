"""How much of a node a batch job has, from what each system tells its jobs and from the kernel's limits."""

import os
from pathlib import Path

import pytest

from backends.processes import control_groups
from backends.processes.allocation import current

HERE = len(os.sched_getaffinity(0))

# as printed by jobs of Slurm 22.05, and as the manuals of the others say
TOLD = {
    "a batch script": ({"SLURM_JOB_ID": "7", "SLURM_CPUS_ON_NODE": "1", "SLURM_TASKS_PER_NODE": "4(x2)"}, 1),
    "the second node": (
        {"SLURM_JOB_ID": "7", "SLURM_NODEID": "1", "SLURM_JOB_CPUS_PER_NODE": f"{HERE},1"},
        1,
    ),
    "the fourth of equals": (
        {"SLURM_JOB_ID": "7", "SLURM_NODEID": "3", "SLURM_JOB_CPUS_PER_NODE": f"{HERE}(x3),1"},
        1,
    ),
    "the shell of salloc": ({"SLURM_JOB_ID": "7", "SLURM_TASKS_PER_NODE": "1(x2)"}, 1),
    "Slurm without a number": ({"SLURM_JOB_ID": "7"}, HERE),
    "more than the machine has": ({"SLURM_JOB_ID": "7", "SLURM_CPUS_ON_NODE": "4096"}, HERE),
    "OpenPBS": ({"PBS_JOBID": "7.head", "NCPUS": "1"}, 1),
    "Torque": ({"PBS_JOBID": "7.head", "PBS_NUM_PPN": "1"}, 1),
    "LSF here": ({"LSB_JOBID": "7", "LSB_MCPU_HOSTS": f"elsewhere {HERE} {os.uname().nodename} 1"}, 1),
    "LSF by another name": ({"LSB_JOBID": "7", "LSB_MCPU_HOSTS": f"elsewhere 1 other {HERE}"}, 1),
    "Grid Engine": ({"JOB_ID": "7", "SGE_TASK_ID": "undefined", "NSLOTS": "1"}, 1),
}


@pytest.mark.parametrize("told", TOLD.values(), ids=TOLD)
def test_the_cores_of_a_job(told: tuple[dict[str, str], int]) -> None:
    environ, cpus = told
    job = current(environ)
    assert job is not None
    assert (job.cpus, job.job.rpartition(" ")[2].partition(".")[0]) == (cpus, "7")


def test_outside_of_a_job_nothing_is_bounded() -> None:
    assert current({"SLURM_CONF": "/etc/slurm/slurm.conf", "JOB_ID": "of something else"}) is None


@pytest.mark.parametrize(
    ("told", "memory_mb"),
    [
        ({"SLURM_MEM_PER_NODE": "100"}, 100),
        ({"SLURM_MEM_PER_CPU": "50", "SLURM_CPUS_ON_NODE": "1"}, 50),
        ({"SLURM_MEM_PER_NODE": "0"}, control_groups.memory_mb()),  # all of the node
    ],
)
def test_the_memory_of_a_job(told: dict[str, str], memory_mb: int | None) -> None:
    job = current({"SLURM_JOB_ID": "7", **told})
    assert job is not None
    assert job.memory_mb == memory_mb


def _group(tmp_path: Path, own: str, files: dict[str, str]) -> tuple[Path, Path]:
    (tmp_path / "cgroup").write_text(own)
    for name, text in files.items():
        path = tmp_path / "fs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "cgroup", tmp_path / "fs"


def test_a_group_has_no_more_than_those_above_it(tmp_path: Path) -> None:
    files = {"job/cpu.max": "150000 100000\n", "job/step/cpu.max": "max 100000\n"}
    files |= {"job/memory.max": "max\n", "job/step/memory.max": f"{512 * 2**20}\n"}
    group = _group(tmp_path, "0::/job/step\n", files)
    assert control_groups.cpus(*group) == 1.5
    assert control_groups.memory_mb(*group) == 512


def test_the_first_version_of_control_groups(tmp_path: Path) -> None:
    files = {"cpu,cpuacct/job/cpu.cfs_quota_us": "200000\n", "cpu,cpuacct/job/cpu.cfs_period_us": "100000\n"}
    files |= {"memory/memory.limit_in_bytes": "9223372036854771712\n", "cpu,cpuacct/cpu.cfs_quota_us": "-1\n"}
    group = _group(tmp_path, "4:cpu,cpuacct:/job\n2:memory:/job\n1:name=systemd:/\n", files)
    assert control_groups.cpus(*group) == 2
    assert control_groups.memory_mb(*group) is None


def test_a_machine_without_control_groups(tmp_path: Path) -> None:
    assert control_groups.cpus(tmp_path / "none", tmp_path) is None
