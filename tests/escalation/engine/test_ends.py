"""However a case or the process that drives it ends, it is left to be gone on with, or read as it is."""

from collections.abc import Callable
from dataclasses import replace
from threading import Event
from typing import Any

import pytest

from escalation.engine.case import Case
from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.engine.performing import perform
from escalation.engine.running import Running
from escalation.engine.runtime import Runtime, scratch_of
from escalation.engine.steps import Item
from escalation.inputs.settings import Settings
from escalation.model.attempt import Attempt
from escalation.model.calibration import DeviceKind
from escalation.model.case import CaseStatus
from escalation.model.elapsed import Elapsed
from escalation.model.errors import BackendError, CaseConflict, Interrupted
from escalation.model.job_state import JobState
from escalation.model.problem import Problem, Target
from escalation.model.result import RawResult
from escalation.ports.families import Section
from problems.toy.family import Toy
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore
from tests.escalation.engine.played import GOOD, Played


def test_a_heartbeat_after_the_end_of_a_case_stops_no_other(
    runtime: Runtime, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The case is closed inside the block that renews its lease; a beat may come in between."""
    monkeypatch.setattr(Runtime, "backend", lambda *_: Played(DeviceKind.CLASSICAL, None, GOOD))
    runtime.settings = Settings(home=runtime.settings.home, case_lease_s=0.03)
    beat, refused = runtime.ledger.heartbeat, Event()

    def watched(case_id: str, elapsed: Elapsed | None) -> None:
        try:
            beat(case_id, elapsed)
        except CaseConflict:
            refused.set()
            raise

    def closed(*_: Any) -> None:
        assert refused.wait(20)  # the beat between the closing of the case and the end of its block

    monkeypatch.setattr(runtime.ledger, "heartbeat", watched)
    monkeypatch.setattr(runtime.tracker, "case_closed", closed)
    assert solve(runtime, case).status is CaseStatus.ACCEPTED
    monkeypatch.undo()
    monkeypatch.setattr(Runtime, "backend", lambda *_: Played(DeviceKind.CLASSICAL, None, GOOD))
    later = replace(case, info=case.info.model_copy(update={"case_id": "later"}))
    assert solve(runtime, later).status is CaseStatus.ACCEPTED
    assert not runtime.stop.is_set()


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, RuntimeError])
@pytest.mark.parametrize("where", ["case_opened", "decided", "attempt_finished", "case_closed"])
def test_whatever_ends_a_driver_leaves_no_case_to_a_process_that_lives(
    runtime: Runtime, case: Case, monkeypatch: pytest.MonkeyPatch, stop: type[BaseException], where: str
) -> None:
    """Prefect cancels by an exception of its own; a worker that goes away raises SystemExit."""
    monkeypatch.setattr(Runtime, "backend", lambda *_: Played(DeviceKind.CLASSICAL, None, GOOD))
    calls = []

    def ended(*arguments: Any) -> None:
        calls.append(arguments)
        if len(calls) == 1:
            raise stop("cancelled")

    with monkeypatch.context() as patch:
        patch.setattr(runtime.tracker, where, ended)
        with pytest.raises(stop):
            solve(runtime, case)
    if where == "case_closed":  # it had ended before: its run in MLflow is ended as what it is
        assert calls[1][1] is CaseStatus.ACCEPTED
    else:
        status = CaseStatus.FAILED if stop is RuntimeError else CaseStatus.INTERRUPTED
        assert runtime.ledger.case("c").status is status
    other = SqlLedger(runtime.settings.ledger, FileStore(runtime.settings.store))
    monkeypatch.setattr(runtime, "ledger", other)
    assert solve(runtime, case).status is CaseStatus.ACCEPTED


@pytest.mark.parametrize("error", [MemoryError(), OSError(28, "No space left on device")])
def test_a_machine_at_its_end_under_the_driver_itself_interrupts_the_case(
    runtime: Runtime, case: Case, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(Runtime, "backend", lambda *_: Played(DeviceKind.CLASSICAL, None, GOOD))

    def raises(*_: Any) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(Toy, "certify", raises)
        assert solve(runtime, case).status is CaseStatus.INTERRUPTED  # nothing was found invalid
    with monkeypatch.context() as patch:
        patch.setattr(runtime.ledger, "add_attempt", raises)
        with pytest.raises(type(error)):
            solve(runtime, case)
    assert runtime.ledger.case("c").status is CaseStatus.INTERRUPTED
    assert solve(runtime, case).status is CaseStatus.ACCEPTED


def test_a_case_that_could_not_be_closed_is_free_and_the_first_error_is_told(
    runtime: Runtime, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = Played(DeviceKind.CLASSICAL, None, ZeroDivisionError("the driver's own"))
    monkeypatch.setattr(Runtime, "backend", lambda *_: backend)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(runtime.ledger, "close_case", full)
        with pytest.raises(ZeroDivisionError, match="the driver's own"):
            solve(runtime, case)
    assert runtime.ledger.case("c").status is CaseStatus.INTERRUPTED
    backend.results = [GOOD]
    assert solve(runtime, case).status is CaseStatus.ACCEPTED


def test_a_stop_cancels_the_work_and_settles_nothing(
    runtime: Runtime, case: Case, item: Callable[[Played], Item]
) -> None:
    backend = Played(DeviceKind.CLASSICAL, None, GOOD)
    asked = item(backend)
    runtime.stop.set()
    with pytest.raises(Interrupted):
        perform(Running(runtime, case), asked)
    assert backend.cancelled == 1
    assert runtime.ledger.find_result(asked.key, asked.work) is None


def test_a_final_case_is_returned_as_it_is(runtime: Runtime, case: Case) -> None:
    for spec in ("mpi", "local"):
        runtime._backends[spec] = Played(DeviceKind.CLASSICAL, None, GOOD, GOOD)
    first = solve(runtime, case)
    again = solve(runtime, case)
    assert first.status is CaseStatus.ACCEPTED
    assert again == first
    assert not scratch_of(runtime.settings.scratch, runtime.ledger.name(), "c").exists()


def test_the_report_is_about_the_attempt_whose_answer_is_the_case_s_though_it_was_not_the_last(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Attempt | None] = []

    def found(_: Any, step: Item) -> RawResult:
        number, position = (5.0, 4) if step.key.attempt == 0 else (3.0, 0)
        return RawResult(JobState.DONE, {"position": position, "number": number})

    def report(*given: Any) -> tuple[Section, ...]:
        asked.append(given[-1])
        return ()

    monkeypatch.setattr("escalation.engine.drive.perform", found)
    monkeypatch.setattr(Toy, "report", report)
    numbers = {"numbers": [3, 1, 4, 1, 5], "reach": 1}
    outcome = solve(
        runtime, prepare(Problem(family="toy", instance=numbers, target=Target(metric="number", at_least=9)))
    )
    assert (outcome.status, outcome.value, len(outcome.attempts)) == (CaseStatus.ABSTAINED, 5.0, 2)
    assert asked == [outcome.attempts[0]]


def test_a_case_that_breaks_is_closed_as_failed_and_can_be_taken_up_again(
    runtime: Runtime, case: Case
) -> None:
    runtime._backends["mpi"] = Played(DeviceKind.CLASSICAL, None, BackendError("broke"))
    with pytest.raises(BackendError, match="broke"):
        solve(runtime, case)
    assert runtime.ledger.case("c").status is CaseStatus.FAILED
    runtime._backends["mpi"] = Played(DeviceKind.CLASSICAL, None, GOOD)
    assert solve(runtime, case).status is CaseStatus.ACCEPTED
