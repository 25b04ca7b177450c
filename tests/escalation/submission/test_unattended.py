"""Jobs that nobody looks after are named, and those that somebody does are not."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from escalation.model.clock import Instant
from escalation.model.errors import Held, Waiting
from escalation.model.submission_states import SubmissionState as S
from escalation.policy.rules import SubmissionRules
from escalation.submission import person
from escalation.submission.unattended import LONG_S, UNBILLED_S, unattended

World = Any


def sent(world: World) -> None:
    world.rules = SubmissionRules(wait_s=0.001)
    world.service.polls_to_run = 10
    with pytest.raises(Waiting):
        world.run()


def long_ago(world: World) -> None:
    """Everything was last touched two hours ago, by the clock since boot."""
    row = world.row
    marks = tuple(each.__class__(each.boot, each.at_s - 4 * LONG_S) for each in row.entered)
    world.ledger.amend(row, entered=marks)
    engine = create_engine(world.settings.ledger)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE leases SET beat_boot_s = beat_boot_s - {4 * LONG_S}"))
    engine.dispose()


class Now:
    """This machine's clocks, which leases go by."""

    now = 0.0

    def __call__(self) -> float:
        return time.time()

    def instant(self) -> Instant:
        return Instant.now()


@pytest.fixture
def real(make_world: Callable[..., World]) -> World:
    return make_world(clock=Now())


def test_a_job_that_a_living_process_follows_is_not_named(real: World) -> None:
    sent(real)
    assert real.row.state is S.SUBMITTED
    assert unattended(real.ledger, real.clock(), LONG_S) == ()


def test_a_job_whose_driver_went_is_named_with_what_to_do(real: World) -> None:
    sent(real)
    long_ago(real)
    (found,) = unattended(real.ledger, real.clock(), LONG_S)
    assert (found.row.key, found.for_s >= 4 * LONG_S) == (real.row.key, True)
    assert "run `tierwise reconcile`" in found.line
    real.ledger.heartbeat("c")  # somebody looks
    assert unattended(real.ledger, real.clock(), LONG_S) == ()


def test_a_parked_job_is_named_whoever_runs_the_case(real: World) -> None:
    sent(real)
    person.park(real.ledger, real.row, person.Person("Ada", real.clock()))
    assert unattended(real.ledger, real.clock() + LONG_S - 9, LONG_S) == ()
    (found,) = unattended(real.ledger, real.clock() + LONG_S + 9, LONG_S)
    assert "waits for a person" in found.line


def test_a_bill_that_does_not_come_is_named_although_somebody_asks_for_it(real: World) -> None:
    real.settings = real.settings.model_copy(update={"usage_s": 0.0})
    real.service.usage_pending = 10**9
    assert real.run().ok
    assert real.row.state is S.SETTLED
    assert unattended(real.ledger, real.clock()) == ()
    marks = tuple(each.__class__(each.boot, each.at_s - UNBILLED_S - 9) for each in real.row.entered)
    real.ledger.amend(real.row, entered=marks)
    (found,) = unattended(real.ledger, real.clock())
    assert "has its result, and no bill for 24 h" in found.line


def test_what_was_never_sent_or_is_over_is_not_named(real: World) -> None:
    real.approval = True
    with pytest.raises(Held):
        real.run()
    late = real.clock() + 99 * LONG_S
    assert unattended(real.ledger, late, LONG_S) == ()
