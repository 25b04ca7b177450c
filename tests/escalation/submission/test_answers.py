"""Answers that are not to be believed: what was sent is looked for before anything is sent again."""

from collections.abc import Callable
from typing import Any

import pytest

from escalation.engine.reconcile import reconcile
from escalation.engine.runtime import Runtime
from escalation.model.errors import Held, Waiting
from escalation.model.job_state import JobState
from escalation.model.submission import Period, RemoteJob
from escalation.model.submission_states import SubmissionState as S
from escalation.policy.rules import SubmissionRules
from escalation.submission.doubt import ROUNDS
from escalation.submission.posting import LONGEST_HELD_S
from escalation.testing.model_backend import ModelBackend
from escalation.testing.model_service import CHARGE_S
from records.ledger.ledger import SqlLedger

World = Any
Make = Callable[..., Any]
ANSWERS = ("later", "never", "taken later", "taken never", "after", "before", "late")


@pytest.mark.parametrize("word", ["taken later", "taken never", "after"])
def test_a_job_behind_a_refusal_is_found_and_adopted_and_nothing_is_sent_again(
    world: World, word: str
) -> None:
    """429, 401, 404 or 400 after the service accepted: the answer is not what happened."""
    world.service.faults["send"] = [word] * 9
    world.service.lag = 3
    result = world.run()
    assert result.values == {"job": "job-0"}
    assert (world.row.state, world.row.sends, world.service.paid) == (S.DONE, 1, ["job-0"])
    assert world.spent.qpu_s == CHARGE_S


@pytest.mark.parametrize("word", ANSWERS)
def test_before_a_second_post_the_batch_is_closed_and_listed_whatever_the_answer_was(
    world: World, word: str
) -> None:
    world.service.faults["send"] = [word]
    world.run()
    calls = [call for call in world.service.calls if call in ("send", "close_batch", "find")]
    again = [number for number, call in enumerate(calls) if call == "send"][1:]
    for number in again:
        before = calls[:number]
        assert before.index("close_batch") < len(before) - 1 - before[::-1].index("find")
    assert len(world.service.paid) <= 1


@pytest.mark.parametrize("word", ["later", "before"])
def test_no_more_posts_than_the_bound_leave_under_one_approval(world: World, word: str) -> None:
    world.service.faults["send"] = [word] * 99
    with pytest.raises(Held, match=f"{ROUNDS} POSTs were lost one after the other"):
        world.run()
    assert world.service.calls.count("send") == ROUNDS == world.row.sends


def test_a_refusal_for_good_is_one_only_when_nothing_is_listed_after_the_settling_time(world: World) -> None:
    world.service.faults["send"] = ["never"]
    began = world.clock.now
    result = world.run()
    assert (result.state, result.error, world.row.state) == (JobState.FAILED, "bad request", S.REFUSED)
    assert world.clock.now - began >= world.settings.settle_s
    assert world.ledger.spending("*", Period.TOTAL, world.clock())[0].usd == 0
    assert not any(world.service.batches.values())


def test_what_never_left_this_machine_is_tried_again_in_the_same_batch(world: World) -> None:
    world.service.faults["send"] = ["unsent", "unsent"]
    world.run()
    assert (world.row.sends, world.row.round, len(world.row.batches)) == (3, 0, 1)


def test_the_time_that_a_service_asks_for_is_kept_over_processes(world: World) -> None:
    """`Retry-After: 900` in an answer that the process did not outlive."""
    world.service.faults["send"] = ["later"]
    world.service.retry_after_s = 900.0
    world.rules = SubmissionRules(wait_s=1)
    began = world.clock.now
    for _ in range(500):
        try:
            world.run()
        except Waiting:
            world.crash()
            world.start()
        else:
            break
        world.clock.now += 10.0
    assert (world.row.state, world.row.sends) == (S.DONE, 2)
    assert 900.0 <= world.clock.now - began < 1200.0


def test_a_driver_does_not_wait_for_a_time_that_it_will_not_wait_out(world: World) -> None:
    world.service.faults["send"] = ["later"]
    world.service.retry_after_s = 900.0
    world.rules = SubmissionRules(wait_s=600)
    began = world.clock.now
    with pytest.raises(Waiting, match="is still authorised"):
        world.run()
    assert world.clock.now - began < 300.0  # the settling time, and no more


@pytest.mark.parametrize("asked_s", [1e12, -5.0])
def test_an_absurd_time_to_wait_is_bounded(world: World, asked_s: float) -> None:
    world.service.faults["send"] = ["later"]
    world.service.retry_after_s = asked_s
    world.rules = SubmissionRules(wait_s=10 * LONGEST_HELD_S)
    began = world.clock.now
    world.run()
    assert world.row.state is S.DONE
    assert world.clock.now - began < LONGEST_HELD_S + 10 * world.settings.settle_s


# clocks


@pytest.mark.parametrize("by_s", [3600.0, -3600.0])
@pytest.mark.parametrize("when", ["find", "close_batch", "send"])
def test_a_clock_that_is_set_neither_shortens_nor_lengthens_the_settling_time(
    world: World, by_s: float, when: str
) -> None:
    """Its job is listed late, within what the protocol rests on."""
    world.service.faults["send"] = ["after"]
    world.service.lag = 5
    verb = getattr(world.backend, when)

    def jumping(*args: Any) -> Any:
        world.clock.set_by += by_s
        return verb(*args)

    setattr(world.backend, when, jumping)
    began = world.clock.now
    world.run()
    assert (world.row.sends, world.row.state, len(world.service.paid)) == (1, S.DONE, 1)
    assert world.clock.now - began < 10 * world.settings.settle_s


def test_after_a_reboot_the_settling_time_is_begun_anew_and_ends(world: World) -> None:
    world.service.faults["send"] = ["before"]
    context = world.context()
    find = world.backend.find
    seen: list[float] = []

    def rebooting(*args: Any) -> Any:
        if not seen and world.row.settling:
            world.clock.now += 59.0
            world.clock.boot = "another boot"
            seen.append(world.clock.now)
        return find(*args)

    world.backend.find = rebooting
    world.run()
    assert context.settings.settle_s == 60.0
    assert (world.row.state, world.row.sends) == (S.DONE, 2)
    assert world.clock.now - seen[0] >= 60.0


def test_two_machines_that_look_in_turns_both_come_to_the_end_of_the_settling_time(world: World) -> None:
    from escalation.model.clock import Instant
    from escalation.submission import marks

    seen = marks.add((), Instant("a", 100.0))
    seen = marks.add(seen, Instant("b", 7.0))
    assert marks.add(seen, Instant("a", 150.0)) == seen
    assert (marks.age_s(seen, Instant("a", 161.0)), marks.age_s(seen, Instant("b", 67.0))) == (61.0, 60.0)
    assert marks.age_s(seen, Instant("c", 1e9)) is None


# what follows a job


@pytest.fixture
def later(world: World) -> Callable[[], Any]:
    """Another process, with the records and the service alone."""

    def make() -> Any:
        world.crash()
        world.ledger = SqlLedger(world.settings.ledger, world.store)
        backend = ModelBackend(world.service)
        runtime = Runtime(
            settings=world.settings,
            ledger=world.ledger,
            store=world.store,
            tracker=type("Nobody", (), {"sweep": lambda self: None})(),
            render=None,  # type: ignore[arg-type]
            clock=world.clock,
            instant=world.clock.instant,
            _backends={"model": backend},
        )
        return runtime, backend

    return make


def sent(world: World) -> None:
    """Leaves a job that nobody has looked at."""
    world.rules = SubmissionRules(wait_s=0.001)
    world.service.polls_to_run = 10
    with pytest.raises(Waiting):
        world.run()
    world.service.polls_to_run = 0


def test_a_job_is_fetched_and_billed_at_the_approved_price_when_the_device_is_gone(
    world: World, later: Callable[[], Any]
) -> None:
    sent(world)
    runtime, backend = later()
    backend.usd_per_s = 99.0
    for verb in ("calibration", "price", "estimate", "quota_left", "freeze", "open_batch", "send"):
        setattr(backend, verb, _gone)
    for verb in ("calibration_for", "usage"):
        world.service.faults[verb] = ["never"]
    reconcile(runtime)
    world.clock.now += world.settings.usage_s
    world.service.faults.pop("usage", None)
    reconcile(runtime)
    assert (world.row.state, world.spent.qpu_s, world.spent.usd) == (S.DONE, CHARGE_S, CHARGE_S * 1.6)


def _gone(*args: Any) -> Any:
    raise AssertionError("nothing that sending needs may be asked")


@pytest.mark.parametrize("verb", ["look", "fetch"])
@pytest.mark.parametrize("word", ["never", "nonsense"])
def test_answers_that_cannot_be_used_for_too_long_are_a_persons(
    world: World, later: Callable[[], Any], verb: str, word: str
) -> None:
    """Results 404 for ever, an unknown state, another job's id."""
    sent(world)
    runtime, _ = later()
    world.service.faults[verb] = [word] * 99
    states = []
    for _ in range(2):
        reconcile(runtime)
        states.append(world.row.state)
        world.clock.now += world.settings.doubt_s
    assert states == [S.SUBMITTED, S.PARKED]
    assert "job job-0" in world.row.reason


def test_a_case_whose_job_cannot_be_used_pauses_and_does_not_fail(world: World) -> None:
    world.service.faults["fetch"] = ["never"] * 999
    with pytest.raises(Held, match="does not know job job-0"):
        world.run()
    assert world.row.state is S.PARKED


def test_a_job_that_is_not_ours_is_not_taken_for_ours(world: World) -> None:
    world.service.jobs["job-0"] = RemoteJob(
        job_id="job-0", state=JobState.DONE, batch="of others", tags=("theirs",)
    )
    world.backend.send = lambda payload, batch: world.service.jobs["job-0"]
    with pytest.raises(Held, match="carries neither its tag nor its batch"):
        world.run()
    assert (world.row.state, world.row.job_id) == (S.PARKED, None)


@pytest.mark.parametrize(("charged_s", "billed"), [(4.5, True), (123.75, False)])
def test_a_bill_above_the_approved_cap_is_an_incident_and_an_absurd_one_a_persons(
    world: World, charged_s: float, billed: bool
) -> None:
    world.backend.usage_qpu_s = lambda job_id: charged_s
    world.run()
    assert f"charged {charged_s:g} s, {charged_s * 1.6:.2f} USD, approved were at most 4 s, 6.40 USD" in str(
        world.row.incidents
    )
    assert len(world.row.incidents) == 1
    if billed:
        assert (world.row.state, world.spent.qpu_s) == (S.DONE, charged_s)
    else:
        assert (world.row.state, world.spent.qpu_s) == (S.SETTLED, 0.0)
        reserved, _ = world.ledger.spending("*", Period.TOTAL, world.clock())
        assert reserved.qpu_s == 4.0
        row = world.ledger.bill_by_hand(world.row, 3.0, 4.8, "Ada")
        assert (row.state, world.spent.qpu_s, world.spent.usd) == (S.DONE, 3.0, 4.8)


def test_a_batch_that_the_service_has_forgotten_keeps_no_bill_from_being_booked(world: World) -> None:
    world.service.faults["close_batch"] = ["never"] * 9
    world.run()
    assert (world.row.state, world.spent.qpu_s) == (S.DONE, CHARGE_S)


def test_a_charge_that_is_none_leaves_the_result_and_waits_for_a_person(world: World) -> None:
    world.service.faults["usage"] = ["nonsense"] * 999
    assert world.run().ok
    assert world.row.state is S.SETTLED
    assert "tierwise jobs bill" in world.row.incidents[0]
