"""A ledger is put back from a back-up: what was sent and paid since is found, and not paid again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from escalation.inputs.settings import Settings
from escalation.model.submission_states import SubmissionState as S
from escalation.testing.model_backend import STRATEGIES
from escalation.testing.model_service import CHARGE_S
from records.backup import back_up, restore
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore
from tests.escalation.submission.conftest import World

MOMENTS = [
    *(("fence", steps) for steps in (0, 1, 2, 3, 4, 5, 8)),
    *(("client token", steps) for steps in (0, 2, 3)),
    *(("chosen id", steps) for steps in (0, 2, 3)),
]
"""Strategies, and steps that were taken before the back-up; with 0 the work was not even wanted."""


def backed_up(world: World, steps: int, folder: Path) -> S | None:
    """Takes so many steps, then a back-up; returns the state in it."""
    for _ in range(steps):
        context = world.context()
        if not world.wanted(context).state.final:
            world.step(context)
    back_up(world.settings.ledger, world.store, folder)
    found = world.ledger.find_submission(world.wanted(world.context()).key) if steps else None
    return found.state if found else None


def put_back(world: World, folder: Path) -> None:
    """The records are lost, and those of the back-up are put in their place."""
    world.crash()
    world.settings = Settings(home=folder.parent / "anew", settle_s=60, poll_s=1)
    world.store = FileStore(world.settings.store)
    assert restore(folder, None, world.settings.ledger, world.store).findings == ()
    world.start()


@pytest.mark.parametrize(("strategy", "steps"), MOMENTS)
def test_work_is_paid_once_whenever_the_back_up_was_taken(
    make_world: Callable[..., World], tmp_path: Path, strategy: str, steps: int
) -> None:
    world, folder = make_world(strategy=strategy), tmp_path / "backups"
    backed_up(world, steps, folder)
    before = world.run()
    put_back(world, folder)
    after = world.run()
    assert len(world.service.jobs) == 1
    assert (after.state, after.values) == (before.state, before.values)
    assert (world.row.state, world.spent.qpu_s) == (S.DONE, CHARGE_S)
    assert not [line for line in world.row.incidents if "second job" in line]


def test_every_strategy_is_among_them() -> None:
    assert {strategy for strategy, _ in MOMENTS} == set(STRATEGIES)


@pytest.mark.parametrize("steps", [0, 2])
def test_without_the_look_the_fence_alone_would_pay_twice(
    make_world: Callable[..., World], tmp_path: Path, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, folder = make_world(), tmp_path / "backups"
    backed_up(world, steps, folder)
    world.run()
    put_back(world, folder)
    monkeypatch.setattr(SqlLedger, "restored_at", lambda _: None)
    world.run()
    assert len(world.service.jobs) == 2


def test_a_job_that_is_listed_late_is_waited_for(make_world: Callable[..., World], tmp_path: Path) -> None:
    world, folder = make_world(), tmp_path / "backups"
    assert backed_up(world, 3, folder) is S.FENCED
    world.run()
    put_back(world, folder)
    world.service.lag = 5
    world.run()
    assert len(world.service.jobs) == 1
    assert "sent after the back-up" in world.row.incidents[0]


def test_work_that_nobody_sent_goes_its_way_after_the_settling_time(
    make_world: Callable[..., World], tmp_path: Path
) -> None:
    world, folder = make_world(), tmp_path / "backups"
    assert backed_up(world, 2, folder) is S.AUTHORISED
    put_back(world, folder)
    began = world.clock.now
    world.run()
    assert (len(world.service.jobs), world.row.state, world.row.incidents) == (1, S.DONE, ())
    assert world.clock.now - began > world.settings.settle_s


def test_a_cancelled_work_that_was_sent_since_is_told_to_stop(
    make_world: Callable[..., World], tmp_path: Path
) -> None:
    world, folder = make_world(), tmp_path / "backups"
    assert backed_up(world, 2, folder) is S.AUTHORISED
    world.service.polls_to_run = 10**6
    context = world.context()
    while world.row.state is not S.SUBMITTED:
        world.step(context)
    (job,) = world.service.jobs
    put_back(world, folder)
    world.ledger.amend(world.row, cancel_wanted=True)
    world.run()
    assert world.service.jobs[job].state.final
    assert len(world.service.jobs) == 1


def test_a_second_restoration_has_the_service_asked_again(
    make_world: Callable[..., World], tmp_path: Path
) -> None:
    world, folder = make_world(), tmp_path / "backups"
    backed_up(world, 2, folder)
    put_back(world, folder)
    context = world.context()
    while world.row.search is None or not world.row.search.over:
        world.step(context)
        world.clock.now += 10
    first = world.row.search.after
    again = tmp_path / "again/backups"
    back_up(world.settings.ledger, world.store, again)
    world.run()  # which is lost as well
    put_back(world, again)
    world.run()
    assert len(world.service.jobs) == 1
    assert world.row.search is not None
    assert world.row.search.after > first


def test_the_service_is_not_asked_in_a_ledger_that_never_was_put_back(world: World) -> None:
    asked: list[Any] = []
    find = world.backend.find
    world.backend.find = lambda *about: (asked.append(world.row.state), find(*about))[1]  # type: ignore[method-assign, func-returns-value]
    world.run()
    assert S.AUTHORISED not in asked
    assert S.FENCED not in asked


def test_tags_are_those_of_the_ledger_and_its_back_ups_and_of_no_other(
    make_world: Callable[..., World], tmp_path: Path
) -> None:
    world, other = make_world(), make_world()
    folder = tmp_path / "backups"
    backed_up(world, 0, folder)
    mine, theirs = (each.wanted(each.context()).tag for each in (world, other))
    assert mine != theirs
    put_back(world, folder)
    assert world.wanted(world.context()).tag == mine
