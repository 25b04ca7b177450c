"""Carries out the stretches of a hand-off as task runs named by their verbs: freeze, submit, wait, settle."""

from collections.abc import Callable

from prefect import task

from escalation.handoff.model import Handoff
from tasks.running import OPTIONS, as_it_is


@task(**OPTIONS)
def stretch(do: Callable[[], Handoff]) -> Handoff:
    """Takes a hand-off to its next state; what was sent is in the ledger, so that nothing is sent twice."""
    return do()


def as_task(name: str, do: Callable[[], Handoff]) -> Handoff:
    """The `escalation.handoff.carry.Call` of Prefect: a task run inside that of the work."""
    return stretch.with_options(name=name, task_run_name=name)(as_it_is(do))
