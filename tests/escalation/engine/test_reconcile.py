"""What a dead process left is found out, adopted, fetched, settled, billed; nothing is sent twice or lost."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from escalation.engine.pending import expired, open_cases, ready
from escalation.engine.reconcile import reconcile
from escalation.engine.runtime import Runtime
from escalation.engine.visit import ReconcileReport
from escalation.engine.visiting import visit
from escalation.model.case import CaseStatus, Outcome
from escalation.model.errors import Held, PolicyError, Waiting
from escalation.model.submission import Period
from escalation.model.submission_states import SubmissionState as S
from escalation.model.submission_states import Who
from escalation.policy.rules import SubmissionRules
from escalation.testing.model_backend import ModelBackend
from escalation.testing.model_service import CHARGE_S
from records.ledger.ledger import SqlLedger

World = Any
Make = Callable[..., Any]


class Killed(BaseException):
    """Ends a process in the middle of a call, as SIGKILL does: nothing is tidied up."""


class Later:
    """Another process, later: a runtime on the same records and service, which opened no case."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.swept = 0
        self.ledger = SqlLedger(world.settings.ledger, world.store)
        self.runtime = Runtime(
            settings=world.settings,
            ledger=self.ledger,
            store=world.store,
            tracker=self,  # type: ignore[arg-type]  # of all that a tracker does, only this is asked
            render=None,  # type: ignore[arg-type]
            clock=world.clock,
            instant=world.clock.instant,
            _backends={"model": ModelBackend(world.service)},
        )

    def reconcile(self) -> ReconcileReport:
        return reconcile(self.runtime)

    def sweep(self) -> None:
        self.swept += 1

    def close_case(self, status: CaseStatus, paused: str = "") -> None:
        """Takes the case up and leaves it in a status, as a driver does."""
        self.ledger.open_case(self.world.info)
        self.ledger.close_case("c", status, Outcome(case_id="c", status=status, paused=paused))


@pytest.fixture
def later() -> Iterator[Callable[[World], Later]]:
    made: list[Later] = []

    def make(world: World) -> Later:
        world.crash()
        made.append(Later(world))
        return made[-1]

    yield make
    for each in made:
        each.ledger.close()


@pytest.fixture(autouse=True)
def _no_naps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("escalation.engine.visiting.LONGEST_NAP_S", 0.0)


def killed_in(world: World, verb: str, *, after: bool) -> None:
    """Runs the submission until its process dies in a call of the service, before or after its effect."""
    original = getattr(world.backend, verb)

    def dying(*args: Any) -> Any:
        if after:
            original(*args)
        raise Killed

    setattr(world.backend, verb, dying)
    with pytest.raises(Killed):
        world.run()


def row_of(report: ReconcileReport) -> Any:
    (seen,) = report.seen
    return seen.row


def test_a_job_that_was_accepted_before_its_sender_died_is_adopted_settled_and_billed(
    world: World, later: Callable[[World], Later]
) -> None:
    killed_in(world, "send", after=True)
    process = later(world)
    assert process.ledger.submissions()[0].state is S.SENDING
    first = process.reconcile()
    assert row_of(first).state in (S.SUBMITTED, S.DONE)
    (seen,) = process.reconcile().seen
    assert (seen.row.state, seen.row.sends, seen.row.round) == (S.DONE, 1, 0)
    assert world.service.paid == ["job-0"]
    assert process.ledger.spent("c").qpu_s == CHARGE_S
    swept = process.swept
    assert swept > 0  # a bill that came late reaches MLflow
    assert process.reconcile() == ReconcileReport(
        ready=("c",)
    )  # whose driver is gone, and which is not ended
    assert process.swept == swept


def test_what_was_done_is_said_step_by_step(world: World, later: Callable[[World], Later]) -> None:
    world.service.polls_to_run = 0
    killed_in(world, "send", after=True)
    (seen,) = later(world).reconcile().seen
    assert seen.before is S.SENDING
    went = ["doubt: doubted", "find out: submitted", "wait: submitted", "fetch: fetched"]
    assert seen.did == (*went, "settle: settled", "bill: done")
    assert (seen.error, seen.incidents) == ("", ())


def test_a_post_that_never_arrived_is_left_to_its_case_after_the_settling_time(
    world: World, later: Callable[[World], Later]
) -> None:
    killed_in(world, "send", after=False)
    process = later(world)
    assert row_of(process.reconcile()).state is S.DOUBTED  # closed, listed, but not for long enough
    world.clock.now += world.settings.settle_s
    assert row_of(process.reconcile()).state is S.AUTHORISED
    assert world.service.calls.count("send") == 0
    world.start()
    world.run()
    assert (world.row.state, world.row.round, len(world.service.paid)) == (S.DONE, 1, 1)


@pytest.mark.parametrize("verb", ["price", "freeze", "quota_left", "open_batch"])
def test_what_was_never_sent_is_not_touched(world: World, later: Callable[[World], Later], verb: str) -> None:
    killed_in(world, verb, after=True)
    process = later(world)
    before = process.ledger.submissions()
    asked = len(world.service.calls)
    assert process.reconcile().seen[0].did == ()
    assert process.ledger.submissions() == before
    assert len(world.service.calls) == asked


def test_what_was_never_sent_and_is_not_wanted_any_more_is_cancelled(
    world: World, later: Callable[[World], Later]
) -> None:
    killed_in(world, "open_batch", after=True)
    process = later(world)
    (row,) = process.ledger.submissions()
    assert row.state is S.AUTHORISED
    process.ledger.amend(row, cancel_wanted=True)
    assert row_of(process.reconcile()).state is S.CANCELLED
    assert process.ledger.spending("*", Period.TOTAL, world.clock())[0].usd == 0


def test_a_job_that_is_not_wanted_any_more_is_cancelled_at_the_service(
    make_world: Make, later: Callable[[World], Later]
) -> None:
    world = make_world(rules=SubmissionRules(wait_s=0.001))
    world.service.polls_to_run = 100
    with pytest.raises(Waiting):
        world.run()
    process = later(world)
    (row,) = process.ledger.submissions()
    process.ledger.amend(row, cancel_wanted=True)
    (seen,) = process.reconcile().seen
    assert (seen.row.state, world.service.paid) == (S.DONE, [])
    assert process.ledger.spent("c").usd == 0


def test_a_case_that_a_living_process_runs_is_left_alone(world: World) -> None:
    killed_in(world, "send", after=True)  # this process lives on, and so does its lease
    process = Later(world)
    report = process.reconcile()
    assert "is being run by" in report.visits[0].busy
    assert report.seen == ()
    assert process.ledger.submissions()[0].state is S.SENDING
    process.ledger.close()


def test_a_lease_is_given_back_whatever_happens(world: World, later: Callable[[World], Later]) -> None:
    killed_in(world, "send", after=True)
    process = later(world)

    def stopped(*_: Any) -> Any:
        raise KeyboardInterrupt

    process.runtime._backends["model"].find = stopped  # type: ignore[attr-defined]
    with pytest.raises(KeyboardInterrupt):
        process.reconcile()
    other = Later(world)
    assert row_of(other.reconcile()).state in (S.SUBMITTED, S.DONE)
    other.ledger.close()


def test_one_service_that_fails_is_named_and_the_lease_is_free(
    world: World, later: Callable[[World], Later]
) -> None:
    world.service.polls_to_run = 0
    killed_in(world, "look", after=False)
    world.service.faults["look"] = ["down"]
    process = later(world)
    report = process.reconcile()
    assert report.errors == ("c/0/0: look: connection reset",)
    assert row_of(report).state is S.SUBMITTED
    world.service.faults.clear()
    assert row_of(process.reconcile()).state is S.DONE


def test_a_failure_that_passes_in_a_moment_is_not_even_reported(
    world: World, later: Callable[[World], Later]
) -> None:
    world.service.polls_to_run = 0
    killed_in(world, "look", after=False)
    world.service.faults |= {"look": ["before"], "fetch": ["before"], "usage": ["before"]}
    (seen,) = later(world).reconcile().seen
    assert (seen.row.state, seen.error) == (S.DONE, "")


def test_a_foreign_error_is_reported_by_its_kind_alone(world: World, later: Callable[[World], Later]) -> None:
    killed_in(world, "look", after=False)
    process = later(world)

    def broken(*_: Any) -> Any:
        raise RuntimeError("a text that may hold a token")

    process.runtime._backends["model"].look = broken  # type: ignore[attr-defined]
    assert process.reconcile().errors == ("c/0/0: RuntimeError",)


def test_a_case_whose_policy_cannot_be_used_any_more_gets_its_job_fetched_and_billed(
    world: World, later: Callable[[World], Later], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The policy may name a family or a backend that is gone; the job is there, and is paid for."""
    killed_in(world, "fetch", after=False)
    process = later(world)

    def gone(text: str, name: str) -> Any:
        raise PolicyError("unknown fact")

    monkeypatch.setattr("escalation.engine.visiting.parse_policy", gone)
    report = process.reconcile()
    assert (report.errors, row_of(report).state) == ((), S.DONE)
    assert process.ledger.spent("c").qpu_s == CHARGE_S


def test_a_case_that_cannot_be_looked_after_does_not_hide_the_others(
    world: World, later: Callable[[World], Later], monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_in(world, "fetch", after=False)
    process = later(world)
    monkeypatch.setattr("escalation.engine.reconcile.open_cases", lambda _: ("of nobody", "c"))
    rows = process.ledger.submissions()
    monkeypatch.setattr(process.ledger, "submissions", lambda case_id=None, states=None: rows)
    report = process.reconcile()
    assert "of nobody" in report.errors[0]
    assert row_of(report).state is S.DONE


def test_a_case_with_nothing_to_do_is_told_of_and_not_kept_busy(make_world: Make) -> None:
    world = make_world(approval=True)
    with pytest.raises(Held):
        world.run()  # this process lives on, and keeps its lease
    process = Later(world)
    (told,) = process.reconcile().visits
    assert (told.busy, [each.row.state for each in told.seen]) == ("", [S.ASKED])
    process.ledger.close()


def test_a_result_that_stays_unreadable_is_parked_with_its_text_kept(
    world: World, later: Callable[[World], Later]
) -> None:
    killed_in(world, "fetch", after=False)
    world.service.faults["fetch"] = ["garbage"] * 9
    process = later(world)
    (seen,) = process.reconcile().seen
    assert seen.parked
    assert "cannot be read" in seen.row.reason
    assert process.reconcile().seen[0].did == ()  # a person's now


@pytest.mark.parametrize("unknown", [1, 2])
def test_a_job_unknown_for_a_moment_is_asked_after_again(
    world: World, later: Callable[[World], Later], unknown: int
) -> None:
    killed_in(world, "fetch", after=False)
    world.clock.now += world.settings.settle_s
    world.service.faults["look"] = ["never"] * unknown
    assert row_of(later(world).reconcile()).state is S.DONE


def test_a_job_unknown_long_after_it_was_accepted_is_parked(
    world: World, later: Callable[[World], Later]
) -> None:
    killed_in(world, "look", after=False)
    world.service.faults["look"] = ["never"] * 9
    process = later(world)
    assert row_of(process.reconcile()).state is S.SUBMITTED  # it may only be new
    world.clock.now += world.settings.settle_s
    assert "does not know job" in row_of(process.reconcile()).reason


def test_a_doubt_that_no_process_could_settle_in_time_is_parked(
    world: World, later: Callable[[World], Later]
) -> None:
    killed_in(world, "send", after=True)
    world.service.faults["find"] = ["down"]
    process = later(world)
    assert row_of(process.reconcile()).state is S.DOUBTED
    world.clock.now += world.settings.doubt_s + 1
    assert row_of(process.reconcile()).state is S.PARKED


def test_a_waiting_case_is_ready_once_its_job_is_settled(
    make_world: Make, later: Callable[[World], Later]
) -> None:
    world = make_world(rules=SubmissionRules(wait_s=0.001))
    world.service.polls_to_run = 2
    with pytest.raises(Waiting):
        world.run()
    process = later(world)
    process.close_case(CaseStatus.WAITING, "c/0/0 is still submitted")
    assert ready(process.ledger, world.clock()) == ()
    assert process.reconcile().ready == ()
    world.service.polls_to_run = 0
    report = process.reconcile()
    assert (row_of(report).state, report.ready) == (S.DONE, ("c",))
    process.close_case(CaseStatus.ABSTAINED)
    assert process.reconcile().ready == ()


def test_a_held_case_is_ready_when_a_person_has_answered_or_the_time_is_over(
    make_world: Make, later: Callable[[World], Later]
) -> None:
    world = make_world(approval=True)
    with pytest.raises(Held):
        world.run()
    process = later(world)
    process.close_case(CaseStatus.HELD, "a person must approve c/0/0 first")
    (question,) = process.ledger.approvals("c")
    now = question.asked_at
    assert (ready(process.ledger, now), expired(process.ledger, now)) == ((), ())
    late = question.expires_at
    assert (ready(process.ledger, late), expired(process.ledger, late)) == (("c",), (question,))
    process.ledger.answer(question.approval_id, granted=True, by="Ada", reason="go", now=now)
    assert (ready(process.ledger, now), expired(process.ledger, late)) == (("c",), ())
    assert world.service.calls.count("send") == 0


def test_a_case_held_by_a_decision_or_by_a_parked_job_is_not_ready(
    world: World, later: Callable[[World], Later]
) -> None:
    killed_in(world, "fetch", after=False)
    process = later(world)
    (row,) = process.ledger.submissions()
    process.close_case(CaseStatus.HELD)
    process.ledger.move(row, S.PARKED, world.clock(), Who.PERSON, reason="to be looked at")
    assert process.reconcile().ready == ()
    process.close_case(CaseStatus.HELD, "c/0/0 is parked")
    report = process.reconcile()
    assert report.ready == ()
    assert report.seen[0].parked


def test_a_visit_ends_where_its_lease_was_lost(world: World, later: Callable[[World], Later]) -> None:
    world.service.polls_to_run = 0
    killed_in(world, "look", after=False)
    process, thief = later(world), SqlLedger(world.settings.ledger, world.store)
    backend: Any = process.runtime._backends["model"]
    look = backend.look

    def stolen(job_id: str) -> Any:
        process.ledger.let_go("c")
        thief.take_over("c")
        return look(job_id)

    backend.look = stolen
    (seen,) = visit(process.runtime, "c").seen
    assert seen.row.state is S.SUBMITTED
    assert seen.error
    assert not process.runtime.stop.is_set()
    thief.close()


def test_cases_are_visited_in_the_order_of_their_submissions_until_told_to_stop(world: World) -> None:
    killed_in(world, "fetch", after=False)
    assert open_cases(world.ledger) == ("c",)
    process = Later(world)
    process.runtime.stop.set()
    assert process.reconcile().visits == ()
    process.ledger.close()


def test_a_free_backend_under_a_submission_is_an_error_of_that_submission(
    world: World, later: Callable[[World], Later]
) -> None:
    killed_in(world, "fetch", after=False)
    process = later(world)
    process.runtime._backends["model"] = object()  # type: ignore[assignment]
    assert "expected a backend that charges" in process.reconcile().errors[0]
