"""Carrying steps out on a real ledger and store; a hardware backend is played, as none is to be had."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from escalation.attempt import Attempt, AttemptStatus, Candidate, Cost, Done
from escalation.calibration import Calibration, DeviceKind
from escalation.case import CaseStatus, WorkKey
from escalation.certificate import CertificateStatus
from escalation.deciding import carry_out_decide, left
from escalation.decision import Action
from escalation.drive import solve
from escalation.errors import BackendError, Interrupted
from escalation.judging import carry_out_judge
from escalation.ladder import Case, Decide, Item, Judge
from escalation.opening import prepare
from escalation.performing import carry_out_item
from escalation.policy import Policy, parse_policy
from escalation.problem import Budget, Problem, Target, Tier
from escalation.protocols import Progress
from escalation.quote import Quote
from escalation.router import State
from escalation.runtime import Runtime, Silent
from escalation.settings import Settings
from escalation.work import JobState, LocalCall, RawResult, Usage, Work
from problems.toy.family import Toy
from records.ledger import SqlLedger
from records.report import render
from records.store import FileStore


class Untracked:
    """No tracking: what MLflow would be told is nobody's business here."""

    def case_opened(self, *_: Any) -> None: ...

    def run_id(self, *_: Any) -> None: ...

    def decided(self, *_: Any) -> None: ...

    def attempt_finished(self, *_: Any) -> None: ...

    def case_closed(self, *_: Any) -> None: ...

    def sweep(self) -> None: ...

    def close(self) -> None: ...


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


GOOD = RawResult(JobState.DONE, {"position": 5, "number": 9.0}, usage=Usage(1.0, 1.0, 2.0, 3.0))
STOPPED = RawResult(JobState.CANCELLED, error="stopped")
WORK = LocalCall("problems.toy.work:look", {"numbers": [1, 2], "seed": 1, "pause_s": 0})


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    settings = Settings(home=tmp_path)
    store = FileStore(settings.store)
    made = Runtime(settings, SqlLedger(settings.ledger, store), store, Untracked(), render)
    yield made
    made.close()


@pytest.fixture
def case(policy_text: str) -> Case:
    problem = Problem(
        family="toy",
        instance={"numbers": [3, 1, 4, 1, 5, 9, 2, 6], "reach": 3},
        target=Target(metric="number", at_least=9),
        budget=Budget(wall_s=100, qpu_s=10, usd=20),
    )
    return prepare(problem, parse_policy(policy_text), case_id="c")


@pytest.fixture
def item(runtime: Runtime, case: Case) -> Callable[[Played], Item]:
    runtime.ledger.open_case(case.info)

    def make(backend: Played) -> Item:
        runtime._backends["played"] = backend
        quote = Quote(qpu_s=10, usd=20)
        return Item(WorkKey("c", 0, 0), WORK, "played", quote, 40.0, "quantum/dice")

    return make


def test_a_result_that_is_recorded_is_returned_and_nothing_is_sent(
    runtime: Runtime, case: Case, item: Callable[[Played], Item]
) -> None:
    backend = Played(DeviceKind.CLASSICAL, None, GOOD)
    first = carry_out_item(runtime, case, item(backend), Silent())
    again = carry_out_item(runtime, case, item(backend), Silent())
    assert first.digest == again.digest == GOOD.digest
    assert len(backend.submitted) == 1


def test_work_that_was_stopped_with_its_process_is_sent_again(
    runtime: Runtime, case: Case, item: Callable[[Played], Item]
) -> None:
    backend = Played(DeviceKind.CLASSICAL, None, STOPPED, GOOD)
    asked = item(backend)
    runtime.ledger.intend(asked.key, asked.work, "played")
    runtime.ledger.submitted(asked.key, {"job": 0})
    assert carry_out_item(runtime, case, asked, Silent()).ok
    assert len(backend.submitted) == 1


def test_free_work_whose_result_is_lost_is_sent_again(
    runtime: Runtime, case: Case, item: Callable[[Played], Item]
) -> None:
    backend = Played(DeviceKind.REHEARSAL, None, BackendError("lost"), GOOD)
    asked = item(backend)
    runtime.ledger.intend(asked.key, asked.work, "played")
    runtime.ledger.submitted(asked.key, {"job": 0})
    assert carry_out_item(runtime, case, asked, Silent()).ok
    assert len(backend.submitted) == 1


def test_work_that_was_sent_is_taken_up_whatever_it_would_cost_now(
    runtime: Runtime, case: Case, item: Callable[[Played], Item]
) -> None:
    backend = Played(DeviceKind.REHEARSAL, Quote(qpu_s=None, usd=None), GOOD)
    asked = item(backend)
    runtime.ledger.intend(asked.key, asked.work, "played")
    runtime.ledger.submitted(asked.key, {"job": 0})
    assert carry_out_item(runtime, case, asked, Silent()).ok
    assert backend.submitted == []


def test_hardware_that_does_not_go_through_the_hand_off_gets_no_work(
    runtime: Runtime, case: Case, item: Callable[[Played], Item]
) -> None:
    backend = Played(DeviceKind.HARDWARE, Quote(qpu_s=None, usd=None), GOOD)
    result = carry_out_item(runtime, case, item(backend), Silent())
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

    def beat(_: str) -> None:
        for error in beats:
            raise error
        seen.set()

    monkeypatch.setattr(runtime.ledger, "heartbeat", beat)
    runtime.settings = Settings(home=runtime.settings.home, case_lease_s=0.03)
    with runtime.heartbeat(case.case_id):
        assert seen.wait(20)
    assert not runtime.stop.is_set()


def test_a_submission_that_may_succeed_later_is_tried_again_a_bounded_number_of_times(
    runtime: Runtime, case: Case, item: Callable[[Played], Item]
) -> None:
    class Busy(Played):
        def submit(self, work: Work, folder: Path) -> dict[str, Any]:
            super().submit(work, folder)
            raise BackendError("busy", retry=True)

    backend = Busy(DeviceKind.CLASSICAL)
    with pytest.raises(BackendError, match="busy"):
        carry_out_item(runtime, case, item(backend), Silent())
    assert len(backend.submitted) == 3


def test_work_gets_no_more_time_than_the_budget_leaves_and_keeps_its_identity(
    runtime: Runtime, case: Case, item: Callable[[Played], Item]
) -> None:
    backend = Played(DeviceKind.CLASSICAL, None, GOOD)
    asked = item(backend)
    carry_out_item(runtime, case, asked, Silent())
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
        carry_out_item(runtime, case, asked, Silent())
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
    judged = carry_out_judge(runtime, case, Judge(draft, Candidate({"position": 5}), done, 0.05))
    assert judged.status is AttemptStatus.NOT_CERTIFIED
    assert judged.certificate is not None
    assert judged.certificate.status is CertificateStatus.INVALID
    assert "by zero" in judged.certificate.reasons[0]


def test_a_decision_is_made_once_and_then_read_from_the_ledger(
    runtime: Runtime, case: Case, policy: Policy
) -> None:
    runtime.ledger.open_case(case.info)
    state = State(0, "toy", case.problem.target, case.rungs()[2:])
    runtime.clock = lambda: 0.0
    first = carry_out_decide(runtime, case, Decide(state, Cost())).decision
    runtime.clock = lambda: 1e9
    again = carry_out_decide(runtime, case, Decide(state, Cost())).decision
    assert first == again
    assert first.action is Action.REFUSE
    assert {fact.provider for fact in first.facts} >= {"escalation.core_facts:calibration_age_h"}


def test_a_rung_that_cannot_be_quoted_keeps_its_gates_closed_and_says_why(
    runtime: Runtime, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("no\nprice list")

    monkeypatch.setattr("problems.toy.methods.Dice.quote", broken)
    runtime.ledger.open_case(case.info)
    state = State(0, "toy", case.problem.target, case.rungs()[2:])
    decision = carry_out_decide(runtime, case, Decide(state, Cost())).decision
    price = next(fact for fact in decision.facts if fact.name == "quote.usd")
    assert (price.value, price.note) == (None, "no quote: no price list")


def test_what_is_left_of_a_budget_is_never_negative() -> None:
    budget = Budget(wall_s=5, usd=3)
    rest = left(budget, Cost(wall_s=9, usd=9))
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
    assert not (runtime.settings.scratch / "c").exists()


def test_a_case_that_breaks_is_closed_as_failed_and_can_be_taken_up_again(
    runtime: Runtime, case: Case
) -> None:
    runtime._backends["mpi"] = Played(DeviceKind.CLASSICAL, None, BackendError("broke"))
    with pytest.raises(BackendError, match="broke"):
        solve(runtime, case)
    assert runtime.ledger.case("c").status is CaseStatus.FAILED
    runtime._backends["mpi"] = Played(DeviceKind.CLASSICAL, None, GOOD)
    assert solve(runtime, case).status is CaseStatus.ACCEPTED
