"""Carrying steps out on a real ledger and store; a hardware backend is played, as none is to be had."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from escalation.engine.case import Case
from escalation.engine.certifying import certify
from escalation.engine.deciding import decide
from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.engine.performing import perform
from escalation.engine.running import Running
from escalation.engine.runtime import Runtime, scratch_of
from escalation.engine.steps import Certify, Decide, Item
from escalation.inputs.settings import Settings
from escalation.model.amounts import Amounts, Bounds, Caps
from escalation.model.attempt import Attempt, AttemptStatus, Candidate, Done
from escalation.model.calibration import Calibration, DeviceKind
from escalation.model.case import CaseStatus, WorkKey
from escalation.model.certificate import CertificateStatus
from escalation.model.decision import Action
from escalation.model.elapsed import Elapsed
from escalation.model.errors import BackendError, CaseConflict, Faulted, Interrupted
from escalation.model.job_state import JobState
from escalation.model.kinds.local_call import LocalCall
from escalation.model.problem import Problem, Target, Tier
from escalation.model.quote import Quote
from escalation.model.result import Lost, RawResult
from escalation.model.work import Work
from escalation.policy.ladder_state import LadderState
from escalation.policy.policy import parse_policy
from escalation.policy.rules import Policy
from escalation.ports.machines import Progress
from problems.toy.family import Toy
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore


class Played:
    """A backend that answers from a script and counts what it is asked."""

    name = "played"

    def __init__(
        self, kind: DeviceKind, estimate: Quote | None = None, *results: RawResult | Exception
    ) -> None:
        self.kind, self._estimate = kind, estimate or Quote()
        self.results = list(results)
        self.submitted: list[Work] = []
        self.cancelled = 0

    def estimate(self, work: Work) -> Quote:
        return self._estimate

    def calibration(self) -> Calibration | None:
        return None

    def available(self) -> bool:
        return True

    def queue_s(self) -> float:
        return 0.0

    def submit(self, work: Work, folder: Path) -> dict[str, Any]:
        self.submitted.append(work)
        return {"job": len(self.submitted)}

    def wait(self, handle: Mapping[str, Any], timeout_s: float) -> Progress:
        if self.results and isinstance(self.results[0], Exception):
            raise self.results.pop(0)  # type: ignore[misc]
        return Progress(JobState.DONE)

    def result(self, handle: Mapping[str, Any]) -> RawResult:
        found = self.results.pop(0)
        assert isinstance(found, RawResult)
        return found

    def cancel(self, handle: Mapping[str, Any]) -> None:
        self.cancelled += 1

    def close(self) -> None: ...


GOOD = RawResult(
    JobState.DONE, {"position": 5, "number": 9.0}, usage=Amounts(wall_s=1.0, cpu_s=1.0, qpu_s=2.0, usd=3.0)
)
STOPPED = RawResult(JobState.CANCELLED, error="stopped")
WORK = LocalCall("problems.toy.work:look", {"numbers": [1, 2], "seed": 1, "pause_s": 0})


@pytest.fixture
def case(policy_text: str) -> Case:
    problem = Problem(
        family="toy",
        instance={"numbers": [3, 1, 4, 1, 5, 9, 2, 6], "reach": 3},
        target=Target(metric="number", at_least=9),
        budget=Caps(wall_s=100, qpu_s=10, usd=20),
    )
    return prepare(problem, parse_policy(policy_text), case_id="c")


@pytest.fixture
def item(runtime: Runtime, case: Case) -> Callable[[Played], Item]:
    runtime.ledger.open_case(case.info)

    def make(backend: Played) -> Item:
        runtime._backends["local"] = backend
        quote = Quote(amounts=Bounds(qpu_s=10, usd=20))
        return Item(WorkKey("c", 0, 0), WORK, "local", quote, 40.0, "quantum/dice")

    return make


def test_a_result_that_is_recorded_is_returned_and_nothing_is_sent(
    runtime: Runtime, case: Case, item: Callable[[Played], Item]
) -> None:
    backend = Played(DeviceKind.CLASSICAL, None, GOOD)
    first = perform(Running(runtime, case), item(backend))
    again = perform(Running(runtime, case), item(backend))
    assert first.digest == again.digest == GOOD.digest
    assert len(backend.submitted) == 1


def test_work_that_was_stopped_with_its_process_is_sent_again(
    runtime: Runtime, case: Case, item: Callable[[Played], Item]
) -> None:
    backend = Played(DeviceKind.CLASSICAL, None, STOPPED, GOOD)
    asked = item(backend)
    runtime.ledger.intend(asked.key, asked.work, asked.backend)
    runtime.ledger.submitted(asked.key, {"job": 0})
    assert perform(Running(runtime, case), asked).ok
    assert len(backend.submitted) == 1


def test_free_work_whose_result_is_lost_is_sent_again(
    runtime: Runtime, case: Case, item: Callable[[Played], Item]
) -> None:
    backend = Played(DeviceKind.REHEARSAL, None, BackendError("lost"), GOOD)
    asked = item(backend)
    runtime.ledger.intend(asked.key, asked.work, asked.backend)
    runtime.ledger.submitted(asked.key, {"job": 0})
    assert perform(Running(runtime, case), asked).ok
    assert len(backend.submitted) == 1


def test_work_that_was_sent_is_taken_up_whatever_it_would_cost_now(
    runtime: Runtime, case: Case, item: Callable[[Played], Item]
) -> None:
    backend = Played(DeviceKind.REHEARSAL, Quote(amounts=Bounds(qpu_s=None, usd=None)), GOOD)
    asked = item(backend)
    runtime.ledger.intend(asked.key, asked.work, asked.backend)
    runtime.ledger.submitted(asked.key, {"job": 0})
    assert perform(Running(runtime, case), asked).ok
    assert backend.submitted == []


def test_hardware_that_does_not_go_through_the_submission_gets_no_work(
    runtime: Runtime, case: Case, item: Callable[[Played], Item]
) -> None:
    backend = Played(DeviceKind.HARDWARE, Quote(amounts=Bounds(qpu_s=None, usd=None)), GOOD)
    result = perform(Running(runtime, case), item(backend))
    assert (result.ok, backend.submitted) == (False, [])
    assert "has nothing by which work is paid for" in (result.error or "")


def test_a_backend_that_fails_to_close_keeps_nothing_else_open(runtime: Runtime, case: Case) -> None:
    class Stuck(Played):
        def close(self) -> None:
            raise BackendError("stuck")

    runtime.ledger.open_case(case.info)
    runtime._backends["stuck"] = Stuck(DeviceKind.CLASSICAL)
    with pytest.raises(BackendError, match="stuck"):
        runtime.close()
    settings = runtime.settings
    later = SqlLedger(settings.ledger, FileStore(settings.store))
    assert later.case("c").status is CaseStatus.INTERRUPTED  # its lease was given back
    later.close()


def test_a_database_that_is_away_for_a_beat_does_not_end_the_beating(
    runtime: Runtime, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats, seen = iter([OSError("busy")]), Event()

    def beat(_: str, __: object) -> None:
        for error in beats:
            raise error
        seen.set()

    monkeypatch.setattr(runtime.ledger, "heartbeat", beat)
    runtime.settings = Settings(home=runtime.settings.home, case_lease_s=0.03)
    with runtime.heartbeat(case.case_id):
        assert seen.wait(20)
    assert not runtime.stop.is_set()


FAULT = RawResult(JobState.FAULT, error="a rank was killed", usage=Amounts(wall_s=5.0, cpu_s=7.0))


def test_a_try_that_the_machine_ended_is_made_anew_and_its_cost_counts(
    runtime: Runtime, case: Case, item: Callable[[Played], Item]
) -> None:
    backend = Played(DeviceKind.CLASSICAL, None, FAULT, FAULT, GOOD)
    asked = item(backend)
    result = perform(Running(runtime, case), asked)
    assert (result.ok, result.digest) == (True, GOOD.digest)
    assert result.usage == GOOD.usage
    assert result.lost == (Lost("a rank was killed", Amounts(wall_s=5.0, cpu_s=7.0)),) * 2
    assert result.spent == Amounts(wall_s=11.0, cpu_s=15.0, qpu_s=2.0, usd=3.0)
    kinds = [event["kind"] for event in runtime.ledger.events("c")]
    assert [kind for kind in kinds if kind.startswith("work.")] == [
        "work.wanted",
        *("work.submitted", "work.lost") * 2,
        *("work.submitted", "work.settled"),
    ]
    # what is left of the 40 s after each lost try
    assert [work.resources.wall_s for work in backend.submitted] == [40.0, 35.0, 30.0]
    assert perform(Running(runtime, case), asked) == result  # as it is recorded


def test_a_machine_that_ends_every_try_settles_nothing_and_can_be_gone_on_with(
    runtime: Runtime, case: Case, item: Callable[[Played], Item]
) -> None:
    backend = Played(DeviceKind.CLASSICAL, None, FAULT, FAULT, FAULT, GOOD)
    asked = item(backend)
    with pytest.raises(Faulted, match=r"work 0, was ended 3 times on local: a rank was killed.*--case c"):
        perform(Running(runtime, case), asked)
    assert runtime.ledger.find_result(asked.key, WORK) is None
    assert runtime.ledger.used("c", 0) == Amounts(wall_s=15.0, cpu_s=21.0)
    assert perform(Running(runtime, case), asked).spent == Amounts(
        wall_s=16.0, cpu_s=22.0, qpu_s=2.0, usd=3.0
    )


def test_work_that_died_with_its_driver_costs_and_is_no_try(
    runtime: Runtime, case: Case, item: Callable[[Played], Item]
) -> None:
    backend = Played(DeviceKind.CLASSICAL, None, FAULT, FAULT, FAULT, GOOD)
    asked = item(backend)
    runtime.ledger.intend(asked.key, asked.work, asked.backend)
    runtime.ledger.submitted(asked.key, {"job": 0})
    assert len(perform(Running(runtime, case), asked).lost) == 3
    assert len(backend.submitted) == 3


@pytest.mark.parametrize("error", [BackendError("busy", retry=True), OSError(28, "No space left on device")])
def test_a_machine_that_takes_no_work_is_asked_a_bounded_number_of_times(
    runtime: Runtime, case: Case, item: Callable[[Played], Item], error: Exception
) -> None:
    class Busy(Played):
        def submit(self, work: Work, folder: Path) -> dict[str, Any]:
            super().submit(work, folder)
            raise error

    backend = Busy(DeviceKind.CLASSICAL)
    with pytest.raises(Faulted, match=r"busy|No space left"):
        perform(Running(runtime, case), item(backend))
    assert len(backend.submitted) == 3


def test_a_machine_that_fails_ends_no_attempt_and_climbs_no_tier(
    runtime: Runtime, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = Played(DeviceKind.CLASSICAL, None, FAULT, FAULT, FAULT)
    monkeypatch.setattr(Runtime, "backend", lambda *_: backend)
    first = solve(runtime, case)
    assert (first.status, first.attempts, len(first.decisions)) == (CaseStatus.INTERRUPTED, (), 1)
    assert "says nothing about the method" in first.paused
    assert first.cost.cpu_s == 21.0
    assert runtime.ledger.case("c").status is CaseStatus.INTERRUPTED
    backend.results = [GOOD]
    second = solve(runtime, case)
    assert second.status is CaseStatus.ACCEPTED
    assert second.cost.cpu_s == 22.0
    assert [attempt.number for attempt in second.attempts] == [0]


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


def test_work_gets_no_more_time_than_the_budget_leaves_and_keeps_its_identity(
    runtime: Runtime, case: Case, item: Callable[[Played], Item]
) -> None:
    backend = Played(DeviceKind.CLASSICAL, None, GOOD)
    asked = item(backend)
    perform(Running(runtime, case), asked)
    assert WORK.resources.wall_s > 40
    assert [work.resources.wall_s for work in backend.submitted] == [40.0]
    assert runtime.ledger.find_result(asked.key, WORK) is not None


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


def test_a_verifier_that_breaks_has_certified_nothing(
    runtime: Runtime, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(Toy, "certify", broken)
    runtime.ledger.open_case(case.info)
    draft = Attempt(
        number=0,
        tier=Tier.HPC,
        method="scan",
        backend="mpi",
        device_kind="classical",
        seed=1,
        quote=Quote(),
        status=AttemptStatus.NOT_CERTIFIED,
    )
    done = (Done(WORK, GOOD),)
    judged = certify(Running(runtime, case), Certify(draft, Candidate({"position": 5}), done, 0.05))
    assert judged.status is AttemptStatus.NOT_CERTIFIED
    assert judged.certificate is not None
    assert judged.certificate.status is CertificateStatus.INVALID
    assert "by zero" in judged.certificate.reasons[0]


def test_a_decision_is_made_once_and_then_read_from_the_ledger(
    runtime: Runtime, case: Case, policy: Policy
) -> None:
    runtime.ledger.open_case(case.info)
    state = LadderState(0, "toy", case.problem.target, case.rungs()[2:])
    runtime.clock = lambda: 0.0
    first = decide(Running(runtime, case), Decide(state, Amounts()))
    runtime.clock = lambda: 1e9
    again = decide(Running(runtime, case), Decide(state, Amounts()))
    assert first == again
    assert first.action is Action.REFUSE
    assert {fact.provider for fact in first.facts} >= {"escalation.policy.core_facts:calibration_age_h"}


def test_a_rung_that_cannot_be_quoted_keeps_its_gates_closed_and_says_why(
    runtime: Runtime, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("no\nprice list")

    monkeypatch.setattr("problems.toy.methods.Dice.quote", broken)
    runtime.ledger.open_case(case.info)
    state = LadderState(0, "toy", case.problem.target, case.rungs()[2:])
    decision = decide(Running(runtime, case), Decide(state, Amounts()))
    price = next(fact for fact in decision.facts if fact.name == "quote.usd")
    assert (price.value, price.note) == (None, "no quote: no price list")


def test_what_is_left_of_a_budget_is_never_negative() -> None:
    budget = Caps(wall_s=5, usd=3)
    rest = budget.left(Amounts(wall_s=9, usd=9))
    assert rest.usd == 0.0
    assert rest.wall_s is not None
    assert 0 < rest.wall_s < 0.01


def test_a_final_case_is_returned_as_it_is(runtime: Runtime, case: Case) -> None:
    for spec in ("mpi", "local"):
        runtime._backends[spec] = Played(DeviceKind.CLASSICAL, None, GOOD, GOOD)
    first = solve(runtime, case)
    again = solve(runtime, case)
    assert first.status is CaseStatus.ACCEPTED
    assert again == first
    assert not scratch_of(runtime.settings.scratch, runtime.ledger.name(), "c").exists()


def test_a_case_that_breaks_is_closed_as_failed_and_can_be_taken_up_again(
    runtime: Runtime, case: Case
) -> None:
    runtime._backends["mpi"] = Played(DeviceKind.CLASSICAL, None, BackendError("broke"))
    with pytest.raises(BackendError, match="broke"):
        solve(runtime, case)
    assert runtime.ledger.case("c").status is CaseStatus.FAILED
    runtime._backends["mpi"] = Played(DeviceKind.CLASSICAL, None, GOOD)
    assert solve(runtime, case).status is CaseStatus.ACCEPTED
