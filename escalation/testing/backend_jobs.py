"""What a backend must do with work that is submitted: results, handles, limits, cancelling, closing."""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import psutil

from escalation.inputs.settings import ROOT
from escalation.model.errors import BackendError
from escalation.model.identity import canonical_json
from escalation.model.job_state import JobState
from escalation.model.metered import CHARGED
from escalation.model.result import RawResult
from escalation.ports.machines import Progress
from escalation.testing.contract import ContractBroken, expect
from escalation.testing.guarded import command_line, living
from escalation.testing.samples import SLEEP
from escalation.testing.work_bench import PATIENCE_S, AnyBackend, Check, WorkBench

GONE_S = 20.0
"""Seconds in which processes on other nodes may learn that their job is over."""


def good_work_gives_the_right_result_twice(bench: WorkBench) -> None:
    """The result is right, reading it again changes nothing, running the work again gives the same bits."""
    for each in bench.samples:
        handle = bench.submit(each.good)
        progress = bench.backend.wait(handle, PATIENCE_S)
        result = bench.backend.result(handle)
        expect(
            progress.state is result.state is JobState.DONE, f"expected DONE, got {progress}: {result.error}"
        )
        faults = each.faults(result, bench.backend.kind)
        expect(not faults, "; ".join(faults))
        expect(bench.backend.result(handle) == result, "expected the same result when it is read again")
        expect(bench.run(each.good).digest == result.digest, "expected the same bits when it is run again")
        expect(result.error is None, f"expected no error beside success, got {result.error!r}")


def usage_and_provenance_are_recorded(bench: WorkBench) -> None:
    """A result says what it used and where it ran; off hardware it cost nothing."""
    for each in bench.samples:
        result = bench.run(each.good)
        canonical_json(result.to_json())
        used = result.usage
        expect(used.wall_s > 0 and used.cpu_s >= 0, f"expected elapsed time above 0 s, got {used}")
        expect(bool(result.provenance), "expected provenance: where and how the work ran")
        if not bench.spends:
            expect(not any(used[each.name] for each in CHARGED), f"expected no cost off hardware, got {used}")


def bad_work_fails_with_one_line(bench: WorkBench) -> None:
    """Work that cannot succeed is refused, or ends FAILED with one line that names the cause."""
    for each in bench.samples:
        try:
            result = bench.run(each.bad)
        except BackendError as refused:
            result = RawResult(JobState.FAILED, error=str(refused))
        expect(result.state is JobState.FAILED, f"expected FAILED, got {result.state}")
        line = result.error or ""
        expect(each.error in line, f"expected an error with {each.error!r}, got {line!r}")
        expect("\n" not in line, f"expected one line, got {line!r}")


def several_works_run_side_by_side(bench: WorkBench) -> None:
    """Two jobs submitted together both end right, whichever is waited for first."""
    for each in bench.samples:
        handles = [bench.submit(each.good) for _ in range(2)]
        for handle in reversed(handles):
            bench.backend.wait(handle, PATIENCE_S)
            faults = each.faults(bench.backend.result(handle), bench.backend.kind)
            expect(not faults, "; ".join(faults))


def handle_works_elsewhere(bench: WorkBench) -> None:
    """Another process reads the same result from the handle alone."""
    for each in bench.samples:
        handle = bench.submit(each.good)
        bench.backend.wait(handle, PATIENCE_S)
        digest = bench.backend.result(handle).digest
        arguments = [
            bench.descriptor.backend,
            str(bench.settings.home),
            bench.device or "",
            json.dumps(handle),
        ]
        command = [sys.executable, "-m", "escalation.testing.elsewhere", *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=PATIENCE_S
        )
        got = done.stdout.strip()
        expect(got == digest, f"expected another process to read {digest}, got {got!r} {done.stderr.strip()}")


def unfinished_work_has_no_result(bench: WorkBench) -> None:
    """Work under way is not final, has no result, tells its progress, and can be cancelled from elsewhere."""
    for endless in filter(None, (each.endless for each in bench.samples)):
        handle, other = bench.submit(endless(PATIENCE_S)), bench.another()
        _expect_no_result(bench.backend, handle)
        progress = until_stalled(other, handle)
        expect(progress.message == "stalled", f"expected to see what the work reports, got {progress}")
        other.cancel(handle)
        for each in (bench.backend, other):
            _expect_ended(each, handle, JobState.CANCELLED)
        expect_nothing_left(bench.backend.result(handle))


def expect_nothing_left(result: RawResult) -> None:
    """Nothing that the endless sample started outlives it: it prints the ids of a child, and of a stray that
    has left its parent and its session. What ran on another machine cannot be seen from here."""
    printed = [
        line for log in result.evidence.values() for line in log.data.decode(errors="replace").split("\n")
    ]
    pids = [int(word) for line in printed if line.replace(" ", "").isdigit() for word in line.split()]
    _, left = psutil.wait_procs([each for each in living(pids) if SLEEP in command_line(each)], GONE_S)
    expect(not left, f"expected nothing to outlive work that ended {result.state}, {left} did")


def _expect_no_result(backend: AnyBackend, handle: Mapping[str, Any]) -> None:
    try:
        result = backend.result(handle)
    except BackendError:
        return
    raise ContractBroken(f"expected BackendError for the result of work under way, got {result}")


def until_stalled(backend: AnyBackend, handle: Mapping[str, Any]) -> Progress:
    """Polls the way a driver does until the endless sample has reported half of its work."""
    progress = Progress(JobState.QUEUED)
    for _ in range(int(PATIENCE_S / 0.1)):
        progress = backend.wait(handle, 0.1)
        expect(not progress.state.final, f"expected work under way, got {progress}")
        if progress.fraction == 0.5:
            break
    return progress


def _expect_ended(backend: AnyBackend, handle: Mapping[str, Any], state: JobState) -> None:
    progress = backend.wait(handle, PATIENCE_S)
    result = backend.result(handle)
    expect(progress.state is result.state is state, f"expected {state}, got {progress} and {result.state}")
    expect(bool(result.error), f"expected one line of error with {state}, got none")


def time_limit_is_kept(bench: WorkBench) -> None:
    """Work that takes longer than it said ends TIMED_OUT, without being asked."""
    for sample, endless in ((each, each.endless) for each in bench.samples if each.endless):
        if not bench.descriptor.durable:
            bench.run(sample.good)  # what has to start first may take longer than that
        handle = bench.submit(endless(1.0))
        _expect_ended(bench.backend, handle, JobState.TIMED_OUT)
        expect_nothing_left(bench.backend.result(handle))


def cancelling_finished_work_does_nothing(bench: WorkBench) -> None:
    """A result that exists survives a late cancel."""
    for each in bench.samples:
        handle = bench.submit(each.good)
        bench.backend.wait(handle, PATIENCE_S)
        result = bench.backend.result(handle)
        bench.backend.cancel(handle)
        expect(bench.backend.result(handle) == result, "expected a finished result to survive a late cancel")


def closing_ends_what_runs(bench: WorkBench) -> None:
    """A backend can be closed twice; what it ran is final afterwards, unless it outlives its submitter."""
    for endless in filter(None, (each.endless for each in bench.samples)):
        mine = bench.another()
        handle = bench.submit_to(mine, endless(PATIENCE_S))
        mine.close()
        state = bench.backend.wait(handle, 0).state
        durable = bench.descriptor.durable
        expect(state.final is not durable, f"expected closing to end what runs: {not durable}, it is {state}")
        mine.close()
        if durable:
            bench.backend.cancel(handle)


RUNNING: tuple[Check, ...] = (
    good_work_gives_the_right_result_twice,
    usage_and_provenance_are_recorded,
    bad_work_fails_with_one_line,
    several_works_run_side_by_side,
    handle_works_elsewhere,
    unfinished_work_has_no_result,
    time_limit_is_kept,
    cancelling_finished_work_does_nothing,
    closing_ends_what_runs,
)
