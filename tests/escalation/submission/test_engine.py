"""The submission against a service in memory: what is sent, what is paid, who is asked."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from escalation.model.amounts import Bounds, Caps
from escalation.model.calibration import Calibration, LayerFidelity
from escalation.model.errors import BackendError, Held, Interrupted, Waiting
from escalation.model.job_state import JobState
from escalation.model.quote import Quote
from escalation.model.submission import Limit, Period
from escalation.model.submission_states import SubmissionState as S
from escalation.policy.rules import SubmissionRules
from escalation.testing.model_service import CALIBRATION, CHARGE_S

World = Any
Make = Callable[..., Any]
USD = CHARGE_S * 1.6


def test_the_quiet_case_is_one_job_its_result_and_its_bill(world: World) -> None:
    result = world.run()
    assert result.values == {"job": "job-0"}
    assert (world.row.state, world.row.sends, world.row.round) == (S.DONE, 1, 0)
    assert world.service.paid == ["job-0"]
    assert (world.spent.qpu_s, world.spent.usd) == (CHARGE_S, USD)
    assert (result.usage.qpu_s, result.provenance["submission"]["usage"]) == (CHARGE_S, "final")
    assert {"payload.json", "raw.txt", "calibration-submission.json"} <= set(result.evidence)


def test_the_fence_is_on_record_before_the_post_and_the_tag_before_the_fence(world: World) -> None:
    world.run()
    order = [call for call in world.service.calls if call in ("freeze", "open_batch", "send")]
    assert order == ["freeze", "open_batch", "send"]
    moves = [event["body"] for event in world.ledger.events("c") if event["kind"] == "handoff.moved"]
    wanted = "frozen authorised fenced sending submitted fetched settled done"
    assert [body["changed"]["state"] for body in moves] == wanted.split()


def test_a_second_call_returns_the_result_and_sends_nothing(world: World) -> None:
    first = world.run()
    assert world.run() == first
    assert len(world.service.jobs) == 1


@pytest.mark.parametrize("word", ["after", "late"])
def test_a_post_whose_answer_is_lost_is_looked_for_and_not_repeated_blindly(world: World, word: str) -> None:
    world.service.faults["send"] = [word]
    world.run()
    assert len(world.service.paid) == 1
    assert world.row.state is S.DONE


def test_a_lost_post_is_repeated_in_a_new_fence_only_after_the_settling_time(world: World) -> None:
    world.service.faults["send"] = ["before"]
    before = world.clock.now
    world.run()
    assert (world.row.round, len(world.row.batches), world.row.sends) == (1, 2, 2)
    assert world.clock.now - before > world.settings.settle_s
    assert world.service.batches["batch-0"] is False


def test_a_job_that_is_listed_late_but_within_the_settling_time_is_adopted(world: World) -> None:
    world.service.faults["send"] = ["after"]
    world.service.lag = 5
    world.run()
    assert (world.row.round, len(world.service.paid)) == (0, 1)


def test_more_than_one_job_keeps_the_earliest_cancels_the_rest_and_says_so(make_world: Make) -> None:
    world = make_world()
    world.service.keeps_promise = False
    world.service.faults["send"] = ["after"]
    send = world.backend.send

    def twice(payload: Any, batch: str) -> Any:
        world.service.accept([world.row.tag], batch)
        return send(payload, batch)

    world.backend.send = twice
    result = world.run()
    assert result.values == {"job": "job-0"}
    assert world.service.paid == ["job-0"]
    assert "job-1" in world.row.incidents[0]


def test_a_service_that_violates_the_fence_is_found_out_at_the_bill(make_world: Make) -> None:
    world = make_world()
    world.service.keeps_promise = False
    world.service.faults["send"] = ["before"]
    world.service.polls_to_run = 3
    look = world.backend.look

    def late(job_id: str) -> Any:
        if len(world.service.jobs) == 1:
            world.service.accept([world.row.tag], "batch-0")
        return look(job_id)

    world.backend.look = late
    world.run()
    assert len(world.service.paid) == 1
    assert "second job" in world.row.incidents[0]


@pytest.mark.parametrize("verb", ["close_batch", "find"])
def test_what_cannot_be_learnt_in_time_is_parked_for_a_person(world: World, verb: str) -> None:
    world.service.faults = {"send": ["before"], verb: ["down"]}
    with pytest.raises(Held, match="parked"):
        world.run()
    assert world.row.state is S.PARKED
    assert len(world.service.calls) < 200
    assert world.spent.usd == 0


def test_three_lost_posts_park_the_work(world: World) -> None:
    world.service.faults["send"] = ["before"] * 3
    with pytest.raises(Held, match="lost one after the other"):
        world.run()
    assert world.row.sends == 3


def test_a_refusal_for_good_fails_the_work_and_releases_the_money(world: World) -> None:
    world.service.faults["send"] = ["never"]
    result = world.run()
    assert (result.state, result.error) == (JobState.FAILED, "bad request")
    assert (world.row.state, world.service.paid) == (S.REFUSED, [])
    assert world.ledger.spending("*", Period.TOTAL, world.clock())[0].usd == 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"quote": Quote(amounts=Bounds(qpu_s=1, usd=6))}, "more than was quoted"),
        ({"quote": Quote(amounts=Bounds(qpu_s=3, usd=None))}, "more than was quoted"),
        ({"limit": Caps(qpu_s=3.9)}, "budget|limit|room"),
        ({"limit": Caps(usd=6.39)}, "budget|limit|room"),
    ],
)
def test_what_does_not_fit_is_never_sent(make_world: Make, changes: dict[str, Any], said: str) -> None:
    world = make_world(**changes)
    result = world.run()
    assert not result.ok
    assert world.row.state is S.REFUSED
    assert "send" not in world.service.calls
    assert any(word in str(result.error) for word in said.split("|"))


def test_the_cap_is_reserved_and_a_project_limit_counts(world: World) -> None:
    world.ledger.set_limit(
        Limit(project="default", period=Period.DAY, caps=Caps(usd=6.39))
    )  # the cap is 4 s: 6.40 USD
    assert not world.run().ok
    assert "send" not in world.service.calls


def test_a_quota_of_the_service_that_is_too_small_refuses_before_anything_is_reserved(world: World) -> None:
    world.service.quota_s = 3.0
    assert "quota" in str(world.run().error)


def test_without_a_persons_word_nothing_is_sent_and_with_it_exactly_what_was_shown(make_world: Make) -> None:
    world = make_world(approval=True)
    with pytest.raises(Held, match="approve"):
        world.run()
    assert "open_batch" not in world.service.calls
    [asked] = world.ledger.approvals("c")
    assert asked.subject == world.row.payload
    with pytest.raises(Held):  # asked once, not twice
        world.run()
    assert len(world.ledger.approvals("c")) == 1
    world.ledger.answer(asked.approval_id, granted=True, by="ada", reason="", now=world.clock())
    world.clock.now += 3000
    result = world.run()
    assert result.ok
    assert result.usage.wall_s < 100  # the time that a person took is not the work's
    assert len(world.service.paid) == 1


def test_a_no_is_final_and_names_who_said_it(make_world: Make) -> None:
    world = make_world(approval=True)
    with pytest.raises(Held):
        world.run()
    [asked] = world.ledger.approvals("c")
    world.ledger.answer(asked.approval_id, granted=False, by="ada", reason="too dear", now=world.clock())
    result = world.run()
    assert "ada" in str(result.error)
    assert "too dear" in str(result.error)
    assert world.service.jobs == {}


def test_no_answer_in_time_is_no(make_world: Make) -> None:
    world = make_world(approval=True)
    with pytest.raises(Held):
        world.run()
    world.clock.now += 3601
    assert not world.run().ok
    assert world.service.jobs == {}


def test_a_job_that_takes_long_is_left_to_reconcile_and_taken_up_again(make_world: Make) -> None:
    world = make_world(rules=SubmissionRules(wait_s=50))
    world.service.polls_to_run = 30
    with pytest.raises(Waiting):
        world.run()
    assert world.row.state is S.SUBMITTED
    while world.row.state is S.SUBMITTED:
        try:
            world.run()
        except Waiting:
            continue
    assert len(world.service.paid) == 1


def test_a_service_that_cannot_be_reached_is_named_while_it_is_waited_for_and_afterwards(
    make_world: Make,
) -> None:
    world = make_world(rules=SubmissionRules(wait_s=20))
    world.service.faults["open_batch"] = ["down"]
    with pytest.raises(Waiting, match="open_batch: connection reset"):
        world.run()
    assert "open_batch: connection reset" in world.told[-1].message
    world.service.faults.clear()
    assert world.run().ok


def test_polls_that_fail_never_touch_the_submission(world: World) -> None:
    world.service.faults["look"] = ["before"] * 7
    world.run()
    assert (world.row.sends, len(world.service.paid)) == (1, 1)


def test_a_text_that_is_cut_off_is_kept_and_asked_for_again(world: World) -> None:
    world.service.faults["fetch"] = ["garbage", "after", "garbage"]
    assert world.run().ok
    assert world.row.state is S.DONE


def test_a_result_that_cannot_be_read_is_parked_with_its_text_kept(world: World) -> None:
    world.service.faults["fetch"] = ["garbage"] * 9
    with pytest.raises(Held, match="cannot be read"):
        world.run()
    digest = world.row.reason.split("its text is ")[1][:64]
    assert world.store.get(digest).startswith(b'{"job":"job-0"')


def test_a_bill_that_is_late_does_not_hold_the_case_up_and_is_settled_later(world: World) -> None:
    world.service.usage_pending = 40
    result = world.run()
    assert result.provenance["submission"]["usage"].startswith("estimated")
    assert world.row.state is S.SETTLED
    reserved, spent = world.ledger.spending("*", Period.TOTAL, world.clock())
    assert (reserved.qpu_s, spent.qpu_s) == (4.0, 0.0)
    world.service.usage_pending = 0
    world.run()
    assert world.spent.qpu_s in (0.0, CHARGE_S)


def test_a_stop_leaves_the_job_to_reconcile_or_cancels_it_as_the_policy_says(make_world: Make) -> None:
    for on_stop, cancelled in (("leave", False), ("cancel", True)):
        world = make_world(rules=SubmissionRules(on_stop=on_stop))
        look = world.backend.look

        def stopping(job_id: str, world: World = world, look: Any = look) -> Any:
            world.stop.set()
            world.service.polls_to_run = 99
            return look(job_id)

        world.backend.look = stopping
        with pytest.raises(Interrupted):
            world.run()
        assert (world.service.jobs["job-0"].state is JobState.CANCELLED) is cancelled
        assert world.row.cancel_wanted is cancelled
        assert world.row.state is S.SUBMITTED


def test_a_person_can_cancel_a_job_that_somebody_waits_for(world: World) -> None:
    world.service.polls_to_run = 99
    look, polls = world.backend.look, itertools.count()

    def meanwhile(job_id: str) -> Any:
        if next(polls) == 3:
            world.ledger.amend(world.row, cancel_wanted=True)
        return look(job_id)

    world.backend.look = meanwhile
    result = world.run()
    assert result.state is JobState.CANCELLED
    assert (world.row.state, world.service.paid, world.spent.qpu_s) == (S.DONE, [], 0.0)


def test_a_service_that_does_not_hear_a_cancel_is_told_again(world: World) -> None:
    world.service.polls_to_run = 99
    world.service.faults["cancel_job"] = ["before", "before"]
    look, polls = world.backend.look, itertools.count()

    def meanwhile(job_id: str) -> Any:
        if next(polls) == 1:
            world.ledger.amend(world.row, cancel_wanted=True)
        return look(job_id)

    world.backend.look = meanwhile
    assert world.run().state is JobState.CANCELLED
    assert world.service.calls.count("cancel_job") == 3
    assert world.service.paid == []


def drifted(fidelity: float) -> Calibration:
    return CALIBRATION.model_copy(update={"layer_fidelity": (LayerFidelity(qubits=2, fidelity=fidelity),)})


def test_a_job_whose_device_drifts_beyond_the_limit_while_queued_is_cancelled(world: World) -> None:
    world.service.calibration = drifted(0.9)
    world.service.polls_to_run = 99
    look, polls = world.backend.look, itertools.count()

    def meanwhile(job_id: str) -> Any:
        if next(polls) == 2:
            world.service.calibration = drifted(0.5)
        return look(job_id)

    world.backend.look = meanwhile
    result = world.run()
    assert result.state is JobState.CANCELLED
    assert world.service.paid == []
    assert "drifted" in world.row.reason
    assert "drifted" in str(result.error)


def test_a_result_that_ran_after_a_drift_is_marked(world: World) -> None:
    world.service.calibration = drifted(0.9)
    fetch = world.backend.fetch

    def meanwhile(job_id: str) -> bytes:
        world.service.calibration = drifted(0.5)
        return bytes(fetch(job_id))

    world.backend.fetch = meanwhile
    result = world.run()
    assert result.ok
    assert result.provenance["drift"]["beyond"] is True
    assert result.provenance["drift"]["fidelity_lost"] == pytest.approx(0.4)


def test_a_service_that_refuses_to_open_a_batch_stops_the_case_with_nothing_sent(world: World) -> None:
    world.service.faults["open_batch"] = ["never"]
    with pytest.raises(BackendError, match="refused"):
        world.run()
    assert world.row.state is S.AUTHORISED
    assert world.run().ok
