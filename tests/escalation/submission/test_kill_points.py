"""A process that dies at every single point, under every fault: one job paid, nothing lost, nothing hung.

The points are all calls of the ledger, the store and the service that one submission makes, before and after
each: more than anybody would think of naming. The faults are those of the model service. A test run takes
every so-many-th point, another one under each fault, and shares them between the strategies that have the
call which fails; `KILL_POINTS=all` takes all of them under each strategy (a quarter of an hour).
"""

import itertools
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from escalation.model.errors import Held, Waiting
from escalation.model.submission_states import SubmissionState as S
from escalation.testing.model_backend import STRATEGIES

Make = Callable[..., Any]
FAULTS: dict[str, dict[str, list[str]]] = {
    "none": {},
    "answer lost": {"send": ["after"]},
    "post lost": {"send": ["before"]},
    "post late": {"send": ["late"]},
    "too many requests": {"send": ["later"]},
    "fence answer lost": {"open_batch": ["after"]},
    "fence not opened": {"open_batch": ["before"]},
    "listing fails twice": {"send": ["after"], "find": ["before", "before"]},
    "closing fails once": {"send": ["late"], "close_batch": ["before"]},
    "closing answer lost": {"send": ["after"], "close_batch": ["after"]},
    "polls fail": {"look": ["before", "before"]},
    "text cut off": {"fetch": ["garbage"]},
    "fetch fails": {"fetch": ["before"]},
    "usage fails": {"usage": ["before"]},
    "bill's listing fails": {"find": ["before"]},
    "calibration fails": {"calibration_for": ["before"]},
}
LONG = 500
STRIDE = 1 if os.environ.get("KILL_POINTS") == "all" else 19


class Killed(BaseException):
    """What SIGKILL is to a process; nothing in the code may catch it and go on."""


class Mortal:
    """Passes calls on, and dies before or after one of them."""

    def __init__(self, real: Any, countdown: Iterator[int], at: int) -> None:
        self._real, self._countdown, self._at = real, countdown, at

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        if not callable(found):
            return found

        def call(*args: Any, **named: Any) -> Any:
            if next(self._countdown) == self._at:
                raise Killed(f"before {name}")
            done = found(*args, **named)
            if next(self._countdown) == self._at:
                raise Killed(f"after {name}")
            return done

        return call


def live(world: Any, at: int) -> bool:
    """Runs until the end, until a person is needed, or until the kill; whether it was killed."""
    countdown = itertools.count()
    wrapped = {name: Mortal(getattr(world, name), countdown, at) for name in ("ledger", "store", "backend")}
    try:
        world.run(**wrapped)
    except Killed:
        return True
    except Held:
        return False
    return False


def resume(world: Any) -> None:
    """A new process takes the case up, as often as it asks for it."""
    world.crash()
    world.start()
    for _ in range(5):
        try:
            world.run()
        except Waiting:
            continue
        except Held:
            pass
        return
    raise AssertionError(f"still {world.row.state}")


def lives(make_world: Make, faults: dict[str, list[str]], first: int = 0) -> Iterator[tuple[Any, int]]:
    """Worlds in which a process died at point after point and another took over, strategy by strategy."""
    strategies = ["fence"] if {"open_batch", "close_batch"} & set(faults) else list(STRATEGIES)
    for number, strategy in enumerate(strategies):
        step = 1 if STRIDE == 1 else STRIDE * len(strategies)
        yield from _lives(make_world, faults, strategy, range((first + number * STRIDE) % step, LONG, step))


def _lives(
    make_world: Make, faults: dict[str, list[str]], strategy: str, points: range
) -> Iterator[tuple[Any, int]]:
    """The same under one strategy; the last of them is undisturbed."""
    for at in points:
        world = make_world(strategy=strategy)
        world.service.faults = {verb: list(words) for verb, words in faults.items()}
        killed = live(world, at)
        if killed:
            resume(world)
        yield world, at
        world.ledger.verify()
        world.crash()
        if not killed:
            return
    raise AssertionError(f"expected fewer than {LONG} points")


@pytest.mark.parametrize("fault", FAULTS)
def test_wherever_the_process_dies_one_job_is_paid_and_its_result_comes(make_world: Make, fault: str) -> None:
    for world, at in lives(make_world, FAULTS[fault], 3 * list(FAULTS).index(fault)):
        assert len(world.service.paid) == 1, (at, world.service.calls)
        assert world.run().ok, at
        assert world.row.state in (S.SETTLED, S.DONE), at


def test_wherever_the_process_dies_refused_work_is_never_paid(make_world: Make) -> None:
    for world, at in lives(make_world, {"send": ["never"] * 9}):
        assert world.service.jobs == {}, at
        assert world.row.state is S.REFUSED, at


def test_wherever_the_process_dies_a_service_that_loses_every_post_ends_with_a_person(
    make_world: Make,
) -> None:
    for world, at in lives(make_world, {"send": ["before"] * 99}):
        assert world.service.jobs == {}, at
        assert world.row.state is S.PARKED, at
