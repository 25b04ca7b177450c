"""MPI programs under the real launcher, and under one that belongs to another MPI library."""

import math
import os
import platform
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from backends.mpi import launcher
from backends.mpi.backend import MpiBackend
from backends.mpi.check import check_ranks
from backends.mpi.settings import MpiSettings
from backends.processes.endings import LOST
from backends.processes.guard import segments
from escalation.inputs.settings import Settings
from escalation.model.errors import BackendError, BadInput, WrongWorld
from escalation.model.job_state import JobState
from escalation.model.kinds.mpi_program import MpiProgram
from escalation.model.resources import Resources
from escalation.model.result import RawResult
from escalation.testing.guarded import guarded

SAMPLES = "escalation.testing.samples"
PATIENCE_S = 120.0
Folder = Callable[[], Path]
AssertGone = Callable[[list[psutil.Process]], None]

# what a launcher of another MPI library does: N processes, none of which knows of the others
FOREIGN_MPIEXEC = """#!/bin/sh
[ "$1" = -n ] || exit 64
n=$2; shift 2; codes=0; pids=
for _ in $(seq "$n"); do "$@" & pids="$pids $!"; done
for pid in $pids; do wait "$pid" || codes=$?; done
exit $codes
"""


@pytest.fixture
def mpi() -> Iterator[MpiBackend]:
    backend = MpiBackend(Settings())
    yield backend
    backend.close()


@pytest.fixture
def foreign_mpiexec(tmp_path: Path) -> Path:
    path = tmp_path / "foreign" / "mpiexec"
    path.parent.mkdir()
    path.write_text(FOREIGN_MPIEXEC)
    path.chmod(0o755)
    return path


def program(name: str, ranks: int = 2, wall_s: float = PATIENCE_S, **params: Any) -> MpiProgram:
    return MpiProgram(f"{SAMPLES}:{name}", params, resources=Resources(ranks=ranks, wall_s=wall_s))


def run(backend: MpiBackend, work: MpiProgram, folder: Path) -> RawResult:
    handle = backend.submit(work, folder)
    assert backend.wait(handle, PATIENCE_S).state.final
    return backend.result(handle)


def until_stalled(backend: MpiBackend, handle: dict[str, Any]) -> list[psutil.Process]:
    while (progress := backend.wait(handle, 0.05)).fraction != 0.5:
        assert not progress.state.final, progress
    return guarded("mpiexec")


def test_the_bits_do_not_depend_on_the_ranks(mpi: MpiBackend, job_folder: Folder) -> None:
    terms, blocks = 1000, 8
    # the slow twin: the same blocks, one after the other
    total = 0.0
    for block in range(blocks):
        total += sum(math.sin(k) / k for k in range(1 + block, terms + 1, blocks))
    work = [program("block_sum", ranks, terms=terms, blocks=blocks) for ranks in (1, 2, 4)]
    results = [run(mpi, each, job_folder()) for each in work]
    assert [result.values["sum"].hex() for result in results] == [total.hex()] * 3
    assert len({result.digest for result in results}) == 1


def test_every_rank_says_where_it_ran_and_what_it_printed(mpi: MpiBackend, job_folder: Folder) -> None:
    result = run(mpi, program("block_sum", terms=10, blocks=3), job_folder())
    placement = result.provenance["placement"]
    assert [each["rank"] for each in placement] == [0, 1]
    assert len({each["pid"] for each in placement}) == 2
    if hasattr(os, "sched_getaffinity"):
        assert all(set(each["cpus"]) <= os.sched_getaffinity(0) for each in placement)
    assert result.provenance["ranks"] == 2
    printed = [result.evidence[f"log-rank-{rank}"].data for rank in (0, 1)]
    assert printed == [b"rank 0 summed 2 blocks\n", b"rank 1 summed 1 blocks\n"]


def test_too_few_ranks_are_bad_input_in_one_clear_line(foreign_mpiexec: Path, job_folder: Folder) -> None:
    backend = MpiBackend(Settings().having(MpiSettings(mpiexec=str(foreign_mpiexec))))
    with pytest.raises(WrongWorld) as error:
        run(backend, program("block_sum", 4, terms=10, blocks=3), job_folder())
    backend.close()
    assert error.value.exit_code == 2
    expected = f"asked for 4 ranks, got worlds of size 1: the launcher {foreign_mpiexec} does not belong"
    assert str(error.value).startswith(expected)
    assert "\n" not in str(error.value)


def test_the_check_of_ranks_believes_only_what_answers(foreign_mpiexec: Path) -> None:
    right, message = check_ranks(Settings(), 2)
    assert right, message
    assert message.startswith("2 of 2 ranks answered")
    wrong, message = check_ranks(Settings().having(MpiSettings(mpiexec=str(foreign_mpiexec))), 2)
    assert not wrong
    assert message.startswith("asked for 2 ranks, got worlds of size 1")


def test_an_exception_on_one_rank_ends_the_world(mpi: MpiBackend, job_folder: Folder) -> None:
    result = run(mpi, program("rank_fails", rank=1, message="no"), job_folder())
    assert (result.state, result.error) == (JobState.FAILED, "rank 1: ValueError: no")
    assert "raise ValueError" in result.evidence["log-rank-1"].data.decode()


def test_the_death_of_one_rank_ends_the_world(mpi: MpiBackend, job_folder: Folder) -> None:
    result = run(mpi, program("rank_crashes", rank=1), job_folder())
    assert (result.state, result.error) == (JobState.FAULT, "a rank died: Killed (signal 9)")
    assert result.usage.cpu_s > 0


@pytest.mark.parametrize("code", [3, 9])  # 9 is also how Hydra ends when a rank was killed
def test_a_rank_that_ends_itself_has_failed(mpi: MpiBackend, job_folder: Folder, code: int) -> None:
    result = run(mpi, program("rank_quits", rank=1, code=code), job_folder())
    said = f"a rank ended by itself, with exit code {code} and without a result"
    assert (result.state, result.error) == (JobState.FAILED, said)


@pytest.mark.parametrize(
    ("level", "said"),
    [
        pytest.param(0, LOST, id="first guard"),
        pytest.param(1, LOST, id="second guard"),
        pytest.param(2, "the MPI launcher was killed", id="launcher"),
        pytest.param(3, "the MPI launcher ended with exit code 255", id="proxy"),
        pytest.param(4, "a rank died: Killed (signal 9)", id="rank"),
    ],
)
def test_whichever_process_is_killed_the_machine_is_at_fault_and_nothing_is_left(
    mpi: MpiBackend, job_folder: Folder, assert_gone: AssertGone, level: int, said: str
) -> None:
    handle = mpi.submit(program("ranks_stall"), job_folder())
    workers = until_stalled(mpi, handle)
    shared = {path.removesuffix(" (deleted)") for each in workers for path in segments(each.pid)}
    assert shared  # by the two ranks
    victim = workers[0]
    for _ in range(level):
        victim = victim.children()[0]
    victim.kill()
    assert mpi.wait(handle, PATIENCE_S).state is JobState.FAULT
    result = mpi.result(handle)
    assert result.state is JobState.FAULT
    assert (result.error or "").startswith(said)
    assert result.usage.wall_s > 0
    assert result.usage.cpu_s > 0
    assert_gone(workers)
    assert [path for path in shared if Path(path).exists()] == []


@pytest.mark.parametrize("end", ["cancel", "close"])
def test_stopping_ends_every_process_of_the_program(
    job_folder: Folder, assert_gone: AssertGone, end: str
) -> None:
    mpi = MpiBackend(Settings())
    handle = mpi.submit(program("ranks_stall"), job_folder())
    workers = until_stalled(mpi, handle)
    assert len(workers) >= 6  # the guard, the launcher, two ranks, a child and a stray at least
    if end == "cancel":
        mpi.cancel(handle)
    else:
        mpi.close()
    assert mpi.wait(handle, 0).state is JobState.CANCELLED
    assert mpi.result(handle).error == "cancelled"
    assert_gone(workers)
    mpi.close()


def test_the_time_limit_ends_every_process_of_the_program(
    mpi: MpiBackend, job_folder: Folder, assert_printed_gone: Callable[[bytes], None]
) -> None:
    run(
        mpi, program("block_sum", terms=1, blocks=1), job_folder()
    )  # starting is not in the time that follows
    result = run(mpi, program("ranks_stall", wall_s=2.0), job_folder())
    assert (result.state, result.error) == (JobState.TIMED_OUT, "stopped after 2 s, its time limit")
    for name, log in result.evidence.items():
        if name.startswith("log-rank-"):
            assert_printed_gone(log.data)


def test_when_the_parent_is_killed_nothing_is_left_and_the_program_is_lost(
    start_parent: Callable[..., Any], assert_gone: AssertGone, mpi: MpiBackend
) -> None:
    parent = start_parent("backends.mpi.backend:MpiBackend", "MpiProgram", "ranks_stall", busy=True)
    assert mpi.wait(parent.handle, 0).state is JobState.RUNNING
    parent.process.send_signal(signal.SIGKILL)
    assert_gone(parent.workers)
    progress = mpi.wait(parent.handle, PATIENCE_S)
    assert (progress.state, progress.message) == (JobState.FAULT, LOST)
    result = mpi.result(parent.handle)
    assert (result.state, result.error) == (JobState.FAULT, LOST)
    assert result.usage.cpu_s > 0  # the guard, which outlived its parent, says what was used


def test_a_surrounding_mpi_job_does_not_leak_in(
    mpi: MpiBackend, job_folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("PMI_RANK", "3"), ("PMI_SIZE", "9"), ("PMI_FD", "77")):
        monkeypatch.setenv(name, value)
    result = run(mpi, program("block_sum", terms=10, blocks=3), job_folder())
    assert result.ok, result.error


def test_a_disk_that_is_full_when_the_result_is_written_is_the_machines_fault(
    mpi: MpiBackend, job_folder: Folder
) -> None:
    written = run(mpi, program("block_sum", terms=10, blocks=3), job_folder()).files["sum.hex"]
    folder = job_folder()
    (folder / "outputs").mkdir(parents=True)
    (folder / "outputs" / written.digest).symlink_to("/dev/full")
    result = run(mpi, program("block_sum", terms=10, blocks=3), folder)
    assert (result.state, result.error) == (
        JobState.FAULT, "rank 0: OSError: [Errno 28] No space left on device"
    )  # fmt: skip


NODES = "elsewhere1,elsewhere2"  # no such machines, and no batch system either
JOBS = {
    "Slurm": {
        "SLURM_JOB_ID": "1",
        "SLURM_JOBID": "1",
        "SLURM_NNODES": "2",
        "SLURM_NTASKS": "4",
        "SLURM_NODELIST": NODES,
        "SLURM_JOB_NODELIST": NODES,
        "SLURM_TASKS_PER_NODE": "2(x2)",
        "SLURM_CONF": "/no/such/slurm.conf",
    },
    "PBS": {"PBS_ENVIRONMENT": "PBS_BATCH", "PBS_JOBID": "1.elsewhere", "PBS_NODEFILE": "nodes"},
    "Grid Engine": {"PE_HOSTFILE": "hosts", "JOB_ID": "1", "NSLOTS": "2", "NHOSTS": "2", "SGE_ROOT": "/no"},
    "LSF": {
        "LSB_JOBID": "1",
        "LSB_HOSTS": "elsewhere1 elsewhere1 elsewhere2 elsewhere2",
        "LSB_MCPU_HOSTS": "elsewhere1 2 elsewhere2 2",
    },
    "a launcher that was chosen": {"HYDRA_LAUNCHER": "ssh", "HYDRA_HOST_FILE": "nodes"},
}
"""What batch systems leave in the environment of a job (their manuals' lists of variables)."""


@pytest.mark.parametrize("system", JOBS)
def test_inside_a_batch_job_ranks_start_on_this_machine(
    mpi: MpiBackend, job_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    (tmp_path / "nodes").write_text("elsewhere1\nelsewhere2\n")
    (tmp_path / "hosts").write_text("elsewhere1 1 all.q UNDEFINED\nelsewhere2 1 all.q UNDEFINED\n")
    for name, value in JOBS[system].items():
        monkeypatch.setenv(name, str(tmp_path / value) if value in ("nodes", "hosts") else value)
    result = run(mpi, program("block_sum", terms=10, blocks=3), job_folder())
    assert result.ok, result.error
    assert result.provenance["ranks"] == 2
    assert {each["host"] for each in result.provenance["placement"]} == {platform.node()}


def test_a_batch_systems_own_launcher_keeps_its_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_JOB_ID", "1")
    monkeypatch.setenv("PMI_RANK", "3")
    asked = launcher.clean_environment(["/usr/bin/srun", "--mpi=pmi2"], 1)
    assert asked["SLURM_JOB_ID"] == "1"
    assert "PMI_RANK" not in asked
    assert "SLURM_JOB_ID" not in launcher.clean_environment(["/usr/bin/mpiexec"], 1)


@pytest.mark.parametrize(
    ("then", "wall_s", "said"),
    [
        (
            "exit 1",
            60,
            "no rank could be started, exit code 1: srun: error: Unable to contact the controller",
        ),
        ("exec sleep 60", 1, "no rank was started within 1 s: srun: error: Unable to contact the controller"),
    ],
)
def test_a_launcher_that_starts_nothing_says_why_and_the_method_is_not_blamed(
    tmp_path: Path, job_folder: Folder, then: str, wall_s: float, said: str
) -> None:
    path = tmp_path / "srun"
    path.write_text(f"#!/bin/sh\necho 'srun: error: Unable to contact the controller' >&2; {then}\n")
    path.chmod(0o755)
    backend = MpiBackend(Settings().having(MpiSettings(mpiexec=str(path))))
    result = run(backend, program("block_sum", wall_s=wall_s, terms=1, blocks=1), job_folder())
    assert (result.state, result.error) == (JobState.FAULT, said)
    backend.close()


def test_without_a_launcher_the_error_says_how_to_get_one(job_folder: Folder) -> None:
    backend = MpiBackend(Settings().having(MpiSettings(mpiexec="/no/such/mpiexec")))
    assert backend.available() is False
    with pytest.raises(BackendError, match=r"no MPI launcher.*/no/such/mpiexec.*`make`.*module"):
        backend.submit(program("block_sum", terms=1, blocks=1), job_folder())


def test_the_launcher_set_wins_then_the_one_beside_python_then_path(
    foreign_mpiexec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{foreign_mpiexec.parent}{os.pathsep}{os.environ['PATH']}")
    assert launcher.find("mpiexec --verbose") == [str(foreign_mpiexec), "--verbose"]
    python = tmp_path / "bin" / "python"
    monkeypatch.setattr("sys.executable", str(python))
    assert launcher.find(None) == [str(foreign_mpiexec)]
    python.parent.mkdir()
    beside = python.with_name("mpiexec")
    beside.write_text(FOREIGN_MPIEXEC)
    beside.chmod(0o755)
    assert launcher.find(None) == [str(beside)]


def test_a_folder_serves_one_program_and_there_is_no_device(mpi: MpiBackend, job_folder: Folder) -> None:
    folder = job_folder()
    run(mpi, program("block_sum", 1, terms=1, blocks=1), folder)
    with pytest.raises(BackendError, match="expected an empty folder"):
        mpi.submit(program("block_sum", 1, terms=1, blocks=1), folder)
    with pytest.raises(BadInput, match="no devices"):
        MpiBackend(Settings(), "gpu")
