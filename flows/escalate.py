"""The ladder as a flow, for every family."""

from functools import partial

from prefect import flow

from escalation.model.case import Outcome
from escalation.model.problem import Problem
from flows.driver import run_case
from flows.naming import run_name
from flows.stopping import in_thread


# The parameters are checked by `run_case`, which says in one line what is wrong with them.
@flow(flow_run_name=run_name(lambda given: given["problem"]), validate_parameters=False, persist_result=False)
def escalate(
    problem: Problem | str | None = None,
    policy: str | None = None,
    case_id: str | None = None,
    folder: str | None = None,
    approval_wait_s: float | None = None,
) -> Outcome:
    """Solves a problem: classical computing first, then AI models, then quantum hardware, as the policy says.

    Args:
        problem: what is asked, as a `Problem`, as plain data with the fields of a problem file, or the path
            of one; with none, the case of `case_id` goes on from its record, on whatever machine it was
            begun.
        policy: the name of a policy that ships, or a policy file; wins over the one that the problem names as
            `policy`, as a problem file may. Default: that one, else `default`.
        case_id: an unfinished case to take up again; default: a new one.
        folder: where relative paths of the instance start; default: the current folder, in a deployment
            the checkout.
        approval_wait_s: seconds that the run pauses with a form where a person must approve; default: an hour
            in a deployment, else 0: the case is held, and `tierwise approve` answers.

    Returns:
        The outcome: accepted, abstained, refused, held for a person or waiting for a job.

    Raises:
        BadInput: with one clear line.
    """
    return run_case(problem, policy, case_id, folder, approval_wait_s)


async def escalate_async(
    problem: Problem | str | None = None,
    policy: str | None = None,
    case_id: str | None = None,
    folder: str | None = None,
    approval_wait_s: float | None = None,
) -> Outcome:
    """`escalate` for a running event loop, as a notebook has one: `await escalate_async(problem)`.

    The loop stays free meanwhile. Cancelled (in a notebook: *interrupt*), it stops the case as Ctrl-C does:
    no process is left, and `case_id` takes the case up again.
    """
    return await in_thread(partial(escalate, problem, policy, case_id, folder, approval_wait_s))
