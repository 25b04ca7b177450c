"""Programs share a world one after the other, and none is handed on that could spoil the next."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from backends.mpi.backend import MpiBackend
from backends.processes import endings
from escalation.inputs.settings import ROOT, Settings
from escalation.model.job_state import JobState
from escalation.model.kinds.mpi_program import MpiProgram
from escalation.model.resources import Resources
from escalation.model.result import RawResult
from escalation.testing.guarded import guarded, living

PATIENCE_S = 120.0
Folder = Callable[[], Path]
Run = Callable[..., RawResult]
AssertGone = Callable[[list[psutil.Process]], None]


@pytest.fixture
def mpi() -> Iterator[MpiBackend]:
    backend = MpiBackend(Settings())
    yield backend
    backend.close()


@pytest.fixture
def run(mpi: MpiBackend, job_folder: Folder) -> Run:
    def run_(
        name: str, backend: MpiBackend = mpi, ranks: int = 2, threads: int = 1, **params: Any
    ) -> RawResult:
        limits = Resources(ranks=ranks, threads=threads, wall_s=PATIENCE_S)
        work = MpiProgram(f"escalation.testing.samples:{name}", params, resources=limits)
        handle = backend.submit(work, job_folder())
        assert backend.wait(handle, PATIENCE_S).state.final
        return backend.result(handle)

    return run_


SUM = {"terms": 1000, "blocks": 8}


def pids(result: RawResult) -> list[int]:
    assert result.ok, result.error
    return [each["pid"] for each in result.provenance["placement"]]


def test_two_programs_share_a_world_and_give_the_same_bits_as_in_two(run: Run, mpi: MpiBackend) -> None:
    first, second = run("block_sum", **SUM), run("block_sum", **SUM)
    assert pids(first) == pids(second)
    assert first.digest == second.digest
    assert first.evidence["log-rank-0"] == second.evidence["log-rank-0"]
    assert (
        second.usage.cpu_s < first.usage.cpu_s
    )  # imports are counted once, to the program that had them made
    mpi._pool.close()
    third = run("block_sum", **SUM)
    assert not set(pids(third)) & set(pids(first))
    assert third.digest == first.digest


def test_another_layout_or_environment_has_a_world_of_its_own(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = pids(run("block_sum", **SUM))
    for other in ({"ranks": 3}, {"threads": 2}):
        assert not set(first) & set(pids(run("block_sum", **SUM, **other)))
    first = pids(run("block_sum", **SUM))
    monkeypatch.setenv("SITE_MODULE", "2")
    assert not set(first) & set(pids(run("block_sum", **SUM)))


def test_what_a_program_changes_of_its_process_is_not_there_for_the_next(run: Run) -> None:
    first, second = run("ranks_litter", child=False), run("ranks_litter", child=False)
    assert pids(first) == pids(second)
    assert (second.values["folder"], second.values["LITTER"]) == (str(ROOT), None)
    assert first.values["temporary"] != second.values["temporary"]


def test_a_program_that_leaves_a_process_behind_ends_its_world(run: Run, assert_gone: AssertGone) -> None:
    first = run("ranks_litter", child=True)
    second = run("ranks_litter", child=False)
    assert not set(pids(first)) & set(pids(second))
    assert_gone(living([*pids(first), *first.values["pids"]]))


@pytest.mark.parametrize(
    ("program", "params", "state"),
    [("rank_crashes", {}, JobState.FAULT), ("rank_fails", {"message": "no"}, JobState.FAILED)],
)
def test_after_a_rank_died_or_failed_the_next_program_has_a_fresh_world(
    run: Run, assert_gone: AssertGone, program: str, params: dict[str, Any], state: JobState
) -> None:
    before = pids(run("block_sum", **SUM))
    workers = living(before)
    broken = run(program, rank=1, **params)
    assert broken.state is state
    after = pids(run("block_sum", **SUM))
    assert not set(before) & set(after)
    assert_gone(workers)


def test_a_world_that_died_without_work_is_not_used(run: Run, assert_gone: AssertGone) -> None:
    before = pids(run("block_sum", **SUM))
    everyone = guarded("backends.mpi.rank")
    living(before)[1].kill()
    assert_gone(everyone)
    assert not set(before) & set(pids(run("block_sum", **SUM)))


def test_ranks_without_work_sleep_and_are_let_go_of_when_idle(run: Run, assert_gone: AssertGone) -> None:
    backend = MpiBackend(Settings(), idle_s=3.0)
    ranks = living(pids(run("block_sum", backend, **SUM)))
    while not all(rank.status() == psutil.STATUS_SLEEPING for rank in ranks):  # one that turned never would
        pass
    everyone = guarded("backends.mpi.rank")
    assert_gone(everyone)
    backend.close()


PARENT = """
import json, sys
from pathlib import Path
from backends.mpi.backend import MpiBackend
from escalation.inputs.settings import Settings
from escalation.model.kinds.mpi_program import MpiProgram
from escalation.model.resources import Resources
backend = MpiBackend(Settings())
limits = Resources(ranks=2, wall_s=120)
program = MpiProgram("escalation.testing.samples:block_sum", {"terms": 10, "blocks": 2}, resources=limits)
handle = backend.submit(program, Path(sys.argv[1]))
assert backend.wait(handle, 120).state.final
print(json.dumps(backend.result(handle).provenance["placement"]), flush=True)
sys.stdin.read()
"""


def test_when_the_parent_is_killed_a_world_without_work_goes_too(
    job_folder: Folder, assert_gone: AssertGone
) -> None:
    command = [sys.executable, "-c", PARENT, str(job_folder())]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, cwd=ROOT) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        everyone = psutil.Process(parent.pid).children(recursive=True)
        parent.kill()
    assert len(everyone) >= 5  # the two guards, the launcher, two ranks
    assert_gone(everyone)


def exited(code: int | None, reason: str = "exited") -> dict[str, Any]:
    return {"reason": reason, "returncode": code}


KILLED = "=   BAD TERMINATION\nYOUR APPLICATION TERMINATED WITH THE EXIT STRING: Killed (signal 9)\n"


@pytest.mark.parametrize(
    ("ended", "said", "begun", "state", "line"),
    [
        (None, "", True, JobState.FAULT, endings.LOST),
        (exited(None, "guard killed"), KILLED, True, JobState.FAULT, endings.LOST),
        (exited(9), KILLED, True, JobState.FAULT, "a rank died: Killed (signal 9)"),
        (exited(-9), "", True, JobState.FAULT, "the MPI launcher was killed"),
        (exited(255), "a\nb\n\n", True, JobState.FAULT, "the MPI launcher ended with exit code 255: b"),
        (exited(1), "no host", False, JobState.FAULT, "no rank could be started, exit code 1: no host"),
        (exited(74), "", True, JobState.FAULT, "a rank could not write its result"),
        (exited(3), "", True, JobState.FAILED,
         "a rank ended by itself, with exit code 3 and without a result"),
    ],
)  # fmt: skip
def test_whose_doing_the_end_of_a_world_was(
    ended: dict[str, Any] | None, said: str, begun: bool, state: JobState, line: str
) -> None:
    assert endings.exited(ended, said, begun) == (state, line)
