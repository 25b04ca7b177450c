"""What a person may do with a submission: each verb from each state, against a service in memory."""

from collections.abc import Callable
from typing import Any

import pytest

from escalation.model.case import WorkKey
from escalation.model.errors import BackendError, BadInput, CaseConflict, Held, Moved
from escalation.model.kinds.local_call import LocalCall
from escalation.model.submission import Period
from escalation.model.submission_states import SubmissionState as S
from escalation.submission import person
from escalation.submission.person import Person
from escalation.testing.model_backend import ModelBackend

World = Any
ANNA = Person("anna", 2_000_000.0)


def parked(world: World, **faults: list[str]) -> Any:
    """A submission that the machine gave up on; its faults are over."""
    world.service.faults = faults or {"send": ["before"], "find": ["down"]}
    with pytest.raises(Held):
        world.run()
    world.service.faults = {}
    assert world.row.state is S.PARKED
    return world.row


def opened(world: World) -> Callable[[str], ModelBackend]:
    return lambda name: ModelBackend(world.service)


def wanted(world: World) -> Any:
    """A submission of which nothing but the wish is on record."""
    work = LocalCall("problems.toy.work:look", {"numbers": [1, 2], "seed": 1, "pause_s": 0})
    return world.ledger.want_submission(WorkKey("c", 0, 0), work.digest, "model", 1.0)


@pytest.mark.parametrize("spelt", ["c/0/0", "c/0", "c", "tag"])
def test_a_submission_is_found_by_name_beginning_or_tag(world: World, spelt: str) -> None:
    world.run()
    name = world.row.tag if spelt == "tag" else spelt
    assert person.find(world.ledger, name) == world.row


@pytest.mark.parametrize("name", ["d", "", "tierwise-", "c/0/1"])
def test_a_name_that_means_nothing_is_bad_input(world: World, name: str) -> None:
    world.run()
    with pytest.raises(BadInput, match="no submission"):
        person.find(world.ledger, name)


def test_adopting_takes_a_job_that_carries_the_tag_and_the_case_goes_on_with_it(world: World) -> None:
    row = parked(world)
    job = world.service.accept([row.tag], row.batch)
    person.adopt(world.ledger, world.backend, row, job.job_id, ANNA)
    assert world.run().values == {"job": job.job_id}
    assert (world.row.state, world.service.paid) == (S.DONE, [job.job_id])


def test_a_job_of_somebody_else_or_of_nobody_is_not_adopted(world: World) -> None:
    row = parked(world)
    other = world.service.accept(["tierwise-other"], "batch-9")
    with pytest.raises(BadInput, match=f"expected the tag {row.tag}, got tierwise-other"):
        person.adopt(world.ledger, world.backend, row, other.job_id, ANNA)
    with pytest.raises(BadInput, match="job nope"):
        person.adopt(world.ledger, world.backend, row, "nope", ANNA)
    assert world.row == row


def test_a_service_that_does_not_answer_leaves_everything_as_it_is(world: World) -> None:
    row = parked(world)
    world.service.faults = {"look": ["down"]}
    with pytest.raises(BackendError, match="connection reset"):
        person.adopt(world.ledger, world.backend, row, "job-0", ANNA)
    assert world.row == row


def test_looking_again_without_a_job_searches_and_sends_once_more_when_nothing_is_there(world: World) -> None:
    assert person.look(world.ledger, parked(world), ANNA).state is S.DOUBTED
    world.run()
    assert (world.row.state, world.row.round, len(world.service.paid)) == (S.DONE, 1, 1)


def test_looking_again_after_too_many_lost_posts_allows_one_more(world: World) -> None:
    world.service.faults["send"] = ["before"] * 4
    for sends in (3, 4):
        with pytest.raises(Held, match="lost one after the other"):
            world.run()
        assert (world.row.state, world.row.sends) == (S.PARKED, sends)
        person.look(world.ledger, world.row, ANNA)
    world.run()
    assert (world.row.state, world.row.sends, len(world.service.paid)) == (S.DONE, 5, 1)


def test_looking_again_for_a_job_that_is_known_never_leads_to_another_post(world: World) -> None:
    row = parked(world, fetch=["garbage"] * 9)
    del world.service.jobs[row.job_id]
    assert person.look(world.ledger, row, ANNA).state is S.SUBMITTED
    with pytest.raises(Held, match="does not know job"):
        world.run()
    assert (world.row.state, world.service.calls.count("send")) == (S.PARKED, 1)


def test_giving_up_a_parked_submission_stops_what_the_service_has_and_keeps_the_reservation(
    world: World,
) -> None:
    row = parked(world)
    job = world.service.accept([row.tag], row.batch)
    done = person.cancel(world.ledger, row, ANNA, opened(world))
    assert (done.state, world.service.paid) == (S.CANCELLED, [])
    assert "given up by anna" in done.reason
    assert any(job.job_id in line for line in done.incidents)
    assert not world.run().ok
    reserved, _ = world.ledger.spending("default", Period.TOTAL, ANNA.now)
    assert reserved.usd == 6.4  # the cap: 4 s at 1.6 USD


def test_giving_up_says_what_may_have_been_charged_and_what_nobody_knows(world: World) -> None:
    row = parked(world, fetch=["garbage"] * 9)
    world.service.faults = {"find": ["down"], "cancel_job": ["down"]}
    said = " ".join(person.cancel(world.ledger, row, ANNA, opened(world)).incidents)
    assert "without knowing" in said
    assert "could not be cancelled" in said


def test_cancelling_what_a_driver_is_in_charge_of_leaves_the_doing_to_the_driver(world: World) -> None:
    row = wanted(world)
    assert person.cancel(world.ledger, row, ANNA, opened(world)).cancel_wanted
    assert not world.run().ok
    assert (world.row.state, world.service.jobs) == (S.CANCELLED, {})


def test_what_is_over_is_not_cancelled_and_what_is_not_at_the_service_is_not_parked(
    world: World,
) -> None:
    fresh = wanted(world)
    with pytest.raises(CaseConflict, match="expected it submitted or doubted, got wanted"):
        person.park(world.ledger, fresh, ANNA)
    world.run()
    with pytest.raises(BadInput, match="nothing to cancel"):
        person.cancel(world.ledger, world.row, ANNA, opened(world))


def test_verbs_refuse_a_submission_that_is_not_parked(world: World) -> None:
    world.run()
    with pytest.raises(CaseConflict, match="expected it parked, got done"):
        person.look(world.ledger, world.row, ANNA)
    with pytest.raises(CaseConflict, match="expected it parked, got done"):
        person.adopt(world.ledger, world.backend, world.row, "job-0", ANNA)


def test_somebody_who_was_slower_is_told_so(world: World) -> None:
    row = parked(world)
    person.look(world.ledger, row, ANNA)
    with pytest.raises((Moved, CaseConflict)):
        person.look(world.ledger, row, ANNA)


def test_a_bill_read_by_a_person_replaces_the_reservation_of_work_that_was_given_up(world: World) -> None:
    row = person.cancel(world.ledger, parked(world), ANNA, opened(world))
    reserved, _ = world.ledger.spending("*", Period.TOTAL, world.clock())
    assert reserved.qpu_s == 4.0
    person.bill(world.ledger, row, 3.0, 4.8, ANNA)
    reserved, spent = world.ledger.spending("*", Period.TOTAL, world.clock())
    assert (reserved.qpu_s, spent.qpu_s, spent.usd) == (0.0, 3.0, 4.8)
    assert world.row.incidents[-1] == "billed by anna: 3 s, 4.80 USD"
    world.ledger.verify()


def test_only_work_that_was_given_up_is_billed_by_a_person_and_never_below_zero(world: World) -> None:
    row = parked(world)
    with pytest.raises(BadInput, match="expected one that was given up"):
        person.bill(world.ledger, row, 3.0, 4.8, ANNA)
    row = person.cancel(world.ledger, row, ANNA, opened(world))
    with pytest.raises(BadInput, match="at least 0"):
        person.bill(world.ledger, row, -1.0, 0.0, ANNA)
