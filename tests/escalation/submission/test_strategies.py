"""How a job is made exactly once, by each strategy: what is done in doubt, and what a broken promise does."""

from collections.abc import Callable
from typing import Any

import pytest

from escalation.model.errors import Held
from escalation.model.submission_states import SubmissionState as S
from escalation.ports.paid import Calibrated, FencedBackend, KeyedBackend
from escalation.submission import person
from escalation.submission.doubt import ROUNDS
from escalation.submission.posting import LEAVE_S
from escalation.testing.model_backend import STRATEGIES, ChosenIdBackend
from escalation.testing.model_service import CHARGE_S

World = Any
Make = Callable[..., World]
KEYED = ("client token", "chosen id")
LOST = ["before"] * 9


def states(world: World) -> list[str]:
    """The states that the submission came into, in order."""
    moves = [event["body"] for event in world.ledger.events("c") if event["kind"] == "handoff.moved"]
    return [body["changed"]["state"] for body in moves]


def looked_for(world: World) -> None:
    """A person has parked work looked for again, and it is driven on."""
    person.look(world.ledger, world.row, person.Person("Ada", world.clock()))
    world.run()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_takes_the_quiet_case_the_whole_way(make_world: Make, strategy: str) -> None:
    world = make_world(strategy=strategy)
    assert world.run().ok
    assert (len(world.service.paid), world.row.state, world.row.sends) == (1, S.DONE, 1)
    assert world.spent.qpu_s == CHARGE_S
    fenced = ["fenced"] if strategy == "fence" else []
    wanted = ["frozen", "authorised", *fenced, "sending", "submitted", "fetched", "settled", "done"]
    assert states(world) == wanted


def test_a_machine_without_qubits_has_neither_calibration_nor_drift(make_world: Make) -> None:
    world = make_world(strategy="chosen id")
    assert not isinstance(world.backend, Calibrated)
    result = world.run()
    assert (result.ok, world.row.calibrations, "drift" in result.provenance) == (True, {}, False)


def test_in_doubt_the_same_key_is_sent_again_at_once_and_names_the_job(make_world: Make) -> None:
    world = make_world(strategy="client token")
    world.service.faults["send"] = ["after"]
    before = world.clock.now
    assert world.run().values == {"job": "job-0"}
    assert (len(world.service.jobs), world.row.sends) == (1, 2)
    assert world.clock.now - before < world.settings.settle_s
    assert list(world.service.keys) == [world.row.tag]


def test_a_key_that_may_be_forgotten_is_never_sent_again(make_world: Make) -> None:
    world = make_world(strategy="client token")
    world.service.key_lifetime_s = LEAVE_S + world.settings.settle_s  # over before a second POST arrives
    world.service.faults["send"] = LOST
    for again in (world.run, lambda: looked_for(world)):
        with pytest.raises(Held, match="nothing is listed, and the service may have forgotten the key"):
            again()
        assert (world.row.state, world.row.sends, world.spent.usd) == (S.PARKED, 1, 0)


@pytest.mark.parametrize(("word", "ends"), [("after", S.DONE), ("before", S.PARKED)])
def test_after_a_reboot_nobody_knows_how_old_a_key_is(make_world: Make, word: str, ends: S) -> None:
    world = make_world(strategy="client token")
    send = world.backend.send

    def reboots(*args: Any) -> Any:
        world.clock.boot = "another"
        return send(*args)

    world.backend.send = reboots
    world.service.faults["send"] = [word]
    if ends is S.PARKED:
        with pytest.raises(Held):
            world.run()
    else:
        world.run()
    assert (world.row.state, world.row.sends) == (ends, 1)


def test_a_key_is_sent_a_few_times_and_then_a_person_is_asked(make_world: Make) -> None:
    world = make_world(strategy="client token")
    world.service.faults["send"] = list(LOST)
    with pytest.raises(Held, match="too many POSTs were lost"):
        world.run()
    assert (world.row.sends, world.service.jobs) == (ROUNDS, {})


@pytest.mark.parametrize("why", ["cancelled", "dearer"])
def test_in_doubt_work_that_may_not_be_sent_any_more_is_looked_for_instead(
    make_world: Make, why: str
) -> None:
    for word, jobs in (("before", 0), ("after", 1)):
        world = make_world(strategy="client token")
        context, send = world.context(), world.backend.send

        def meanwhile(*args: Any, send: Any = send, world: World = world) -> Any:
            if why == "cancelled":
                world.ledger.amend(world.row, cancel_wanted=True)
            else:
                world.backend.usd_per_s *= 2
            return send(*args)

        world.backend.send = meanwhile
        world.service.faults["send"] = [word]
        world.drive(context)
        assert (world.row.sends, len(world.service.jobs)) == (1, jobs)
        ended = S.CANCELLED if why == "cancelled" else S.REFUSED
        assert world.row.state is (S.DONE if jobs else ended)


def test_a_chosen_id_is_sent_again_only_when_the_service_has_no_job_of_it(make_world: Make) -> None:
    for word, sends in (("after", 1), ("late", 1), ("before", 2)):
        world = make_world(strategy="chosen id")
        world.service.faults["send"] = [word]
        before = world.clock.now
        assert world.run().ok
        assert (list(world.service.jobs), world.row.sends) == ([f"job-{world.row.tag}"], sends)
        assert (world.clock.now - before > world.settings.settle_s) == (sends == 2)


def test_an_id_that_exists_is_looked_for_and_adopted(make_world: Make) -> None:
    world = make_world(strategy="chosen id")
    send = world.backend.send

    def overtaken(*args: Any) -> Any:  # by a POST whose sender was believed dead
        world.service.accept([world.row.tag], job_id=f"job-{world.row.tag}")
        return send(*args)

    world.backend.send = overtaken
    assert world.run().ok
    assert (len(world.service.jobs), world.row.sends, "doubted" in states(world)) == (1, 1, True)


@pytest.mark.parametrize("strategy", KEYED)
def test_a_process_that_slept_before_its_post_sends_nothing(make_world: Make, strategy: str) -> None:
    world = make_world(strategy=strategy)
    send, slept = world.backend.send, iter([LEAVE_S + 1, 0.0])
    left: list[int] = []

    def sleeps(*args: Any) -> Any:
        world.clock.now += next(slept)
        try:
            return send(*args)
        finally:
            left.append(len(world.service.jobs))

    world.backend.send = sleeps
    assert world.run().ok
    assert (left, world.row.sends) == ([0, 1], 2)


@pytest.mark.parametrize("other", KEYED)
@pytest.mark.parametrize(("word", "ends"), [("after", S.DONE), ("before", S.PARKED)])
def test_what_was_sent_another_way_is_adopted_or_left_to_a_person(
    make_world: Make, other: str, word: str, ends: S
) -> None:
    world = make_world()
    world.service.faults = {"send": [word], "close_batch": ["down"]}
    context = world.context()
    while (row := world.step(context)).state is not S.DOUBTED:
        pass
    world.strategy = other
    world.crash()
    world.start()
    if ends is S.PARKED:
        with pytest.raises(Held, match=f"sent by way of fence, and the backend has {other} now"):
            world.run()
    else:
        assert world.run().ok
    assert (world.row.state, world.row.sends, row.exactly_once) == (ends, 1, "fence")


def test_a_service_that_forgets_keys_makes_a_second_job_which_the_last_look_finds(make_world: Make) -> None:
    world = make_world(strategy="client token")
    world.service.keeps_promise = False
    world.service.faults["send"] = ["after"]
    world.service.polls_to_run = 3
    world.run()
    assert (world.row.job_id, world.service.jobs["job-0"].state) == ("job-1", "cancelled")
    assert "a second job job-0 of the same work was found, queued; it was told to stop" in world.row.incidents


def test_a_service_that_takes_an_id_twice_is_found_out_at_the_bill(make_world: Make) -> None:
    world = make_world(strategy="chosen id")
    world.service.keeps_promise = False
    send = world.backend.send

    def twice(*args: Any) -> Any:
        made = send(*args)
        send(*args)
        return made

    world.backend.send = twice
    world.run()
    [incident] = world.row.incidents
    assert f"a second job job-{world.row.tag}-1 of the same work was found" in incident


def test_the_models_have_the_verbs_of_what_they_declare(make_world: Make) -> None:
    verbs = {"fence": FencedBackend, "client token": KeyedBackend, "chosen id": KeyedBackend}
    for strategy, protocol in verbs.items():
        assert isinstance(make_world(strategy=strategy).backend, protocol)
    assert not isinstance(ChosenIdBackend(make_world().service), FencedBackend)
