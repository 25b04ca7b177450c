"""Carrying steps out on a real ledger and store; a hardware backend is played, as none is to be had."""

from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from escalation.engine.case import Case
from escalation.engine.certifying import certify
from escalation.engine.deciding import decide
from escalation.engine.drive import solve
from escalation.engine.performing import perform
from escalation.engine.running import Running
from escalation.engine.runtime import Runtime
from escalation.engine.steps import Certify, Decide, Item
from escalation.inputs.settings import Settings
from escalation.model.amounts import Amounts, Bounds, Caps
from escalation.model.attempt import Attempt, AttemptStatus, Candidate, Done
from escalation.model.calibration import DeviceKind
from escalation.model.case import CaseStatus
from escalation.model.certificate import CertificateStatus
from escalation.model.decision import Action
from escalation.model.errors import BackendError, Faulted
from escalation.model.problem import Tier
from escalation.model.quote import Quote
from escalation.model.result import Lost
from escalation.model.work import Work
from escalation.policy.ladder_state import LadderState
from escalation.policy.rules import Policy
from problems.toy.family import Toy
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore
from tests.escalation.engine.played import FAULT, GOOD, STOPPED, WORK, Played


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


def test_work_gets_no_more_time_than_the_budget_leaves_and_keeps_its_identity(
    runtime: Runtime, case: Case, item: Callable[[Played], Item]
) -> None:
    backend = Played(DeviceKind.CLASSICAL, None, GOOD)
    asked = item(backend)
    perform(Running(runtime, case), asked)
    assert WORK.resources.wall_s > 40
    assert [work.resources.wall_s for work in backend.submitted] == [40.0]
    assert runtime.ledger.find_result(asked.key, WORK) is not None


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
