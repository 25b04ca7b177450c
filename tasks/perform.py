"""Performs the work that a method asks for: one task run a piece."""

from concurrent.futures import CancelledError
from contextlib import suppress

from prefect import task

from escalation.ladder import Item, Perform
from escalation.performing import carry_out_item
from escalation.work import RawResult
from tasks.running import OPTIONS, Running, as_it_is


@task(name="perform", task_run_name="{item.label} work {item.key.ordinal}", **OPTIONS)
def perform(running: Running, item: Item) -> RawResult:
    """Runs one piece of work on its backend, or returns the result that is recorded."""
    return carry_out_item(running.runtime, running.case, item, running.listener)


def perform_all(running: Running, step: Perform) -> tuple[RawResult, ...]:
    """Performs the items of a step at once; when one is stopped, all are, before that is raised."""
    if len(step.items) == 1:
        return (perform(as_it_is(running), as_it_is(step.items[0])),)
    futures = [perform.submit(as_it_is(running), as_it_is(item)) for item in step.items]
    try:
        return tuple(future.result() for future in futures)
    except BaseException:
        running.runtime.stop.set()
        for future in futures:
            with suppress(CancelledError):
                future.wait()
        raise
