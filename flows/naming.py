"""Names of flow runs, after its case, and whether a deployment started it."""

from collections.abc import Callable
from typing import Any

from prefect.context import FlowRunContext
from prefect.runtime import deployment, flow_run

from escalation.engine.opening import parse_with_policy
from escalation.model.errors import BadInput


def case_id_of(problem: Any, case_id: str | None) -> str:
    """The case that this flow run is about: the one asked for, or one that is the run's own.

    Derived from the run's id, so that a run which Prefect starts again takes its case up again.
    """
    if case_id:
        return case_id
    stated, _ = parse_with_policy(problem)
    return f"{stated.family}-{stated.digest[:6]}-{str(flow_run.id)[-12:]}"


def run_name(problem: Callable[[dict[str, Any]], Any]) -> Callable[[], str]:
    """Names a flow run after its case; on bad input it keeps its name, and ends with the reason.

    Args:
        problem: makes the problem of the flow's parameters.
    """

    def name() -> str:
        parameters = flow_run.parameters
        try:
            return case_id_of(problem(parameters), parameters.get("case_id"))
        except BadInput:
            return str(flow_run.name)

    return name


def deployed() -> bool:
    """Whether the flow run, or the one that called it, is a deployment's.

    The run itself knows; `prefect.runtime` asks the server for it, twice, wherever it is not.
    """
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    if run is None or run.parent_task_run_id is not None:
        return deployment.id is not None
    return run.deployment_id is not None
