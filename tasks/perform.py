"""Performs the work that a method asks for: a task run a piece, inside it one a stretch of a submission."""

from collections.abc import Iterable
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

from prefect import task
from prefect.client.schemas.objects import State
from prefect.states import Completed, Crashed

from escalation.engine.ladder import Item, Perform
from escalation.engine.performing import carry_out_item
from escalation.model.errors import Faulted, Held, Paused
from escalation.model.result import RawResult
from tasks.running import OPTIONS, Running, as_it_is
from tasks.submission import as_task


@dataclass(frozen=True)
class Unfinished:
    """Work that cannot go on now; nothing of it failed, so its task run must not look as if it had."""

    why: Paused


@task(name="perform", task_run_name="{item.label} work {item.key.ordinal}", **OPTIONS)
def perform(running: Running, item: Item) -> RawResult | Unfinished:
    """Runs one piece of work on its backend, or returns the result that is recorded."""
    try:
        return carry_out_item(running.runtime, running.case, item, running.listener, as_task)
    except Faulted as why:  # what Prefect calls a crash: of the machine, not of the work
        return cast(Unfinished, Crashed(message=str(why), data=why))
    except Paused as why:
        name = "Held" if isinstance(why, Held) else "Waiting"
        state: State[Unfinished] = Completed(name=name, message=str(why), data=Unfinished(why))
        return cast(Unfinished, state)


def perform_all(running: Running, step: Perform) -> tuple[RawResult, ...]:
    """Performs the items of a step at once; when one is stopped, all are, before that is raised.

    Raises:
        Paused: when some of it cannot go on now, after the rest has ended.
    """
    if len(step.items) == 1:
        return _all_finished([perform(as_it_is(running), as_it_is(step.items[0]))])
    futures = [perform.submit(as_it_is(running), as_it_is(item)) for item in step.items]
    try:
        return _all_finished([_ended(future.result(raise_on_failure=False)) for future in futures])
    except Paused:
        raise
    except BaseException:
        running.runtime.stop.set()
        for future in futures:
            with suppress(CancelledError):
                future.wait()
        raise


Ended = RawResult | Unfinished | Faulted


def _ended(found: Any) -> Ended:
    """What a task run came to; raises what it raised."""
    if isinstance(found, BaseException) and not isinstance(found, Faulted):
        raise found
    return cast(Ended, found)


def _all_finished(ended: Iterable[Ended | State[Any]]) -> tuple[RawResult, ...]:
    """The results; a person who is needed comes before a queue that is waited for."""
    # Who calls a task that returns a state gets the state, and who waits for its future the data in it.
    found = [
        _ended(each.result(raise_on_failure=False)) if isinstance(each, State) else each for each in ended
    ]
    left = [
        each.why if isinstance(each, Unfinished) else each
        for each in found
        if not isinstance(each, RawResult)
    ]
    if left:
        raise next((why for why in left if isinstance(why, Held)), left[0])
    return tuple(each for each in found if isinstance(each, RawResult))
