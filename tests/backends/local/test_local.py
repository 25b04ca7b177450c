"""Calls in warm worker processes: what comes back, what fails, and that nothing is left behind."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from backends.local.backend import LocalBackend
from escalation.inputs.settings import Settings
from escalation.model.blob import Blob
from escalation.model.clock import this_process
from escalation.model.errors import BackendError, BadInput, MachineFault
from escalation.model.job_state import JobState
from escalation.model.kinds.local_call import LocalCall
from escalation.model.resources import Resources
from escalation.model.result import RawResult
from escalation.testing.guarded import guarded, living

SAMPLES = "escalation.testing.samples"
BACKEND = "backends.local.backend:LocalBackend"
PATIENCE_S = 60.0
Folder = Callable[[], Path]


@pytest.fixture
def local() -> Iterator[LocalBackend]:
    backend = LocalBackend(Settings())
    yield backend
    backend.close()


def call(name: str, threads: int = 1, wall_s: float = PATIENCE_S, **params: Any) -> LocalCall:
    return LocalCall(f"{SAMPLES}:{name}", params, resources=Resources(threads=threads, wall_s=wall_s))


def run(backend: LocalBackend, work: LocalCall, folder: Path) -> RawResult:
    handle = backend.submit(work, folder)
    assert backend.wait(handle, PATIENCE_S).state.final
    return backend.result(handle)


def until_stalled(backend: LocalBackend, handle: dict[str, Any]) -> list[psutil.Process]:
    """Waits until the endless sample runs; returns the processes under its guard, and the guard."""
    while (progress := backend.wait(handle, 0.05)).fraction != 0.5:
        assert not progress.state.final, progress
    return guarded("backends.local.worker")


def test_what_the_work_prints_is_evidence(local: LocalBackend, job_folder: Folder) -> None:
    assert run(local, call("double", x=3), job_folder()).evidence["log"].data == b"doubling 3\n"


def test_an_exception_fails_with_one_line_and_its_traceback(local: LocalBackend, job_folder: Folder) -> None:
    result = run(local, call("fail", message="first\nsecond"), job_folder())
    assert (result.state, result.error) == (JobState.FAILED, "ValueError: first")
    log = result.evidence["log"].data.decode()
    assert "Traceback (most recent call last)" in log
    assert "raise ValueError" in log


@pytest.mark.parametrize(
    ("work", "error"),
    [
        (call("wrong_type"), "TypeError: expected an escalation.model.output.Output, got dict"),
        (call("double", x=1e308), "ValueError: Out of range float values are not JSON compliant"),
        (call("no_such_function"), f"AttributeError: module '{SAMPLES}' has no attribute 'no_such_function'"),
        (LocalCall("no_such_module:f"), "ModuleNotFoundError: No module named 'no_such_module'"),
        (call("SLEEP"), f"TypeError: expected {SAMPLES}:SLEEP to name a function, it is a str"),
    ],
    ids=["wrong type", "infinity", "no function", "no module", "no callable"],
)
def test_what_cannot_be_a_result_fails(
    local: LocalBackend, job_folder: Folder, work: LocalCall, error: str
) -> None:
    result = run(local, work, job_folder())
    assert result.state is JobState.FAILED
    assert (result.error or "").startswith(error)


def test_a_killed_worker_is_the_machines_fault_and_the_next_call_works(
    local: LocalBackend, job_folder: Folder
) -> None:
    crashed = run(local, call("crash"), job_folder())
    assert (crashed.state, crashed.error) == (JobState.FAULT, "the worker process was killed by SIGKILL")
    assert crashed.usage.wall_s > 0
    assert crashed.usage.cpu_s > 0
    assert run(local, call("double", x=1), job_folder()).values == {"x": 2}


def test_a_worker_is_kept_for_its_thread_count(local: LocalBackend, job_folder: Folder) -> None:
    names = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "PYTHONHASHSEED"]
    results = [run(local, call("surroundings", threads=n, variables=names), job_folder()) for n in (1, 1, 2)]
    pids = [result.values["pid"] for result in results]
    assert pids[0] == pids[1] != pids[2]
    seen = [list(result.values["variables"].values()) for result in results]
    assert seen == [["1", "1", "1", "0"], ["1", "1", "1", "0"], ["2", "2", "2", "0"]]
    assert [result.provenance["threads"] for result in results] == [1, 1, 2]


def test_provenance_tells_what_may_change_a_bit(local: LocalBackend, job_folder: Folder) -> None:
    provenance = run(local, call("double", x=1), job_folder()).provenance
    assert {"host", "machine", "system", "python", "threads", "cpu", "versions"} <= set(provenance)
    if Path("/proc/cpuinfo").exists():
        assert len(provenance["cpu"]["features_sha256"]) == 64


def test_what_a_call_leaves_running_is_ended(
    local: LocalBackend, job_folder: Folder, assert_gone: Callable[[list[psutil.Process]], None]
) -> None:
    pids = run(local, call("leave_behind"), job_folder()).values["pids"]
    assert_gone(living(pids))
    assert run(local, call("double", x=1), job_folder()).values == {"x": 2}


@pytest.mark.parametrize(("end", "params"), [("cancel", {}), ("close", {"busy": True})])
def test_cancelling_ends_every_process_of_the_call(
    job_folder: Folder,
    assert_gone: Callable[[list[psutil.Process]], None],
    end: str,
    params: dict[str, Any],
) -> None:
    local = LocalBackend(Settings())
    handle = local.submit(call("stall", **params), job_folder())
    workers = until_stalled(local, handle)
    assert len(workers) >= 4  # the guard, the worker, its child, its stray
    if end == "cancel":
        local.cancel(handle)
    else:
        local.close()
    assert local.wait(handle, 0).state is JobState.CANCELLED
    assert_gone(workers)
    local.close()


def test_the_time_limit_ends_every_process_of_the_call(
    local: LocalBackend, job_folder: Folder, assert_printed_gone: Callable[[bytes], None]
) -> None:
    result = run(local, call("stall", wall_s=2.0), job_folder())
    assert (result.state, result.error) == (JobState.TIMED_OUT, "stopped after 2 s, its time limit")
    assert result.usage.wall_s >= 2.0
    assert_printed_gone(result.evidence["log"].data)


@pytest.mark.parametrize(("how", "busy"), [("killed", True), ("killed", False), ("exited", False)])
def test_when_the_parent_dies_nothing_is_left_and_the_call_is_lost(
    start_parent: Callable[..., Any],
    assert_gone: Callable[[list[psutil.Process]], None],
    local: LocalBackend,
    how: str,
    busy: bool,
) -> None:
    parent = start_parent(BACKEND, "LocalCall", "stall", busy=busy)
    assert local.wait(parent.handle, 0).state is JobState.RUNNING
    if how == "killed":
        parent.process.send_signal(signal.SIGKILL)
    else:
        parent.process.stdin.close()
    assert_gone(parent.workers)
    parent.process.wait()
    progress = local.wait(parent.handle, PATIENCE_S)
    assert progress.state is JobState.FAULT
    assert progress.message.startswith("lost")
    result = local.result(parent.handle)
    assert (result.state, result.error) == (JobState.FAULT, progress.message)
    assert result.usage.wall_s > 0  # the guard, which outlived its parent, says what was used
    assert result.usage.cpu_s > 0


@pytest.mark.parametrize("level", [0, 1], ids=["first guard", "second guard"])
def test_whichever_guard_is_killed_in_a_call_nothing_is_left(
    local: LocalBackend,
    job_folder: Folder,
    assert_gone: Callable[[list[psutil.Process]], None],
    level: int,
) -> None:
    handle = local.submit(call("stall"), job_folder())
    while local.wait(handle, 0.05).fraction != 0.5:
        pass
    workers = guarded("backends.local.worker")
    assert len(workers) >= 5  # two guards, the worker, its child and its stray
    workers[level].kill()
    assert local.wait(handle, PATIENCE_S).state is JobState.FAULT
    assert_gone(workers)


def test_a_disk_that_is_full_when_the_result_is_written_is_the_machines_fault(
    local: LocalBackend, job_folder: Folder
) -> None:
    folder = job_folder()
    (folder / "outputs").mkdir(parents=True)
    (folder / "outputs" / Blob(b"abab").digest).symlink_to("/dev/full")
    result = run(local, LocalCall(f"{SAMPLES}:double", {"x": 1}, {"a": Blob(b"ab")}), folder)
    said = "the worker process could not write its result"
    assert (result.state, result.error) == (JobState.FAULT, said)


def test_a_program_that_ends_itself_failed_and_one_out_of_memory_did_not(
    local: LocalBackend, job_folder: Folder
) -> None:
    quit_ = run(local, call("quit_at_once", code=3), job_folder())
    said = "the worker process ended by itself with exit code 3, in the middle of the call"
    assert (quit_.state, quit_.error) == (JobState.FAILED, said)
    hungry = run(local, call("want", bytes=10**15), job_folder())
    assert (hungry.state, hungry.error) == (JobState.FAULT, "MemoryError")
    full = run(local, call("fill", path="/dev/full"), job_folder())
    assert (full.state, full.error) == (JobState.FAULT, "OSError: [Errno 28] No space left on device")


def test_a_torn_result_is_the_machines_fault(local: LocalBackend, job_folder: Folder) -> None:
    folder = job_folder()
    handle = local.submit(LocalCall(f"{SAMPLES}:double", {"x": 1}), folder)
    local.wait(handle, PATIENCE_S)
    whole = (folder / "result.json").read_bytes()
    for torn in (b"", whole[: len(whole) // 2], bytes(len(whole)), b"[]"):
        (folder / "result.json").write_bytes(torn)
        with pytest.raises(MachineFault, match=r"torn|damaged"):
            local.wait(handle, 0)


def test_when_the_guard_is_killed_the_worker_dies_with_it(
    local: LocalBackend, job_folder: Folder, assert_gone: Callable[[list[psutil.Process]], None]
) -> None:
    handle = local.submit(call("double", x=1), job_folder())
    local.wait(handle, PATIENCE_S)
    guard, *workers = guarded("backends.local.worker")
    guard.kill()
    assert_gone(workers)
    assert run(local, call("double", x=2), job_folder()).values == {"x": 4}


def test_an_interrupt_is_left_to_the_parent(local: LocalBackend, job_folder: Folder) -> None:
    handle = local.submit(call("stall"), job_folder())
    for process in until_stalled(local, handle):
        if "backends.local.worker" in process.cmdline():
            process.send_signal(signal.SIGINT)
    local.cancel(handle)
    assert local.wait(handle, 0).state is JobState.CANCELLED


def test_calls_run_side_by_side_and_the_rest_wait_their_turn(local: LocalBackend, job_folder: Folder) -> None:
    places = max(2, os.cpu_count() or 1)
    running = [local.submit(call("stall"), job_folder()) for _ in range(places)]
    for handle in running:
        until_stalled(local, handle)
    waiting = [local.submit(call("double", x=n), job_folder()) for n in range(2)]
    assert [local.wait(handle, 0).state for handle in waiting] == [JobState.QUEUED, JobState.QUEUED]
    local.cancel(waiting[0])
    assert local.wait(waiting[0], 0).state is JobState.CANCELLED
    local.cancel(running[0])
    assert local.wait(waiting[1], PATIENCE_S).state is JobState.DONE


def test_a_folder_serves_one_job(local: LocalBackend, job_folder: Folder) -> None:
    folder = job_folder()
    run(local, call("double", x=1), folder)
    with pytest.raises(BackendError, match="expected an empty folder"):
        local.submit(call("double", x=1), folder)


def test_damaged_output_is_noticed(local: LocalBackend, job_folder: Folder) -> None:
    folder = job_folder()
    work = LocalCall(f"{SAMPLES}:double", {"x": 1}, {"a": Blob(b"ab")})
    handle = local.submit(work, folder)
    local.wait(handle, PATIENCE_S)
    for path in (folder / "outputs").iterdir():
        path.write_bytes(b"other")
    with pytest.raises(BackendError, match="damaged"):
        local.result(handle)


def test_work_whose_files_are_not_here_is_lost_and_not_waited_for(
    local: LocalBackend, tmp_path: Path
) -> None:
    handle = {"folder": str(tmp_path / "none"), "submitter": this_process().to_json()}
    assert local.wait(handle, PATIENCE_S).state is JobState.FAULT
    assert local.result(handle).error == "lost: its files are not here"


def test_there_is_no_device_to_choose() -> None:
    with pytest.raises(BadInput, match="no devices"):
        LocalBackend(Settings(), "gpu")
