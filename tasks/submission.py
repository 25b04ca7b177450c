"""Carries out the stretches of a submission as task runs named by verbs: freeze, submit, wait, settle."""

from collections.abc import Callable

from prefect import task

from escalation.model.submission import Submission
from tasks.running import OPTIONS, as_it_is


@task(**OPTIONS)
def stretch(do: Callable[[], Submission]) -> Submission:
    """Takes a submission to its next state; what was sent is in the ledger, so that nothing is sent twice."""
    return do()


def as_task(name: str, do: Callable[[], Submission]) -> Submission:
    """The `escalation.submission.drive.Call` of Prefect: a task run inside that of the work."""
    return stretch.with_options(name=name, task_run_name=name)(as_it_is(do))
