"""What a flow run is called, the case that it is about, and whether a deployment started it.

A run is called by what it is about, `prediction breast_cancer`, and by what came of it once it is over:
`prediction breast_cancer → hpc`, or why there is no answer. Its case is one of its tags.
"""

from collections.abc import Callable
from pathlib import PurePath
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext
from prefect.logging import get_run_logger
from prefect.runtime import deployment, flow_run

from escalation.engine.opening import parse_with_policy
from escalation.engine.reasons import cut, why_in_short
from escalation.model.case import CaseStatus, Outcome
from escalation.model.errors import BadInput
from escalation.model.problem import Problem
from escalation.ports.registry import families
from flows.values import called

TAG = "case:"
"""Begins the tag that says which case a flow run is about."""
OF_ALL = "tierwise"
"""A tag that every deployment has, and that would take the room of a run's name."""
MOST_NAME = 56
"""Characters of a run's name that its page shows on a screen of 1280 pixels; the state's message has all."""
LEAST_REASON = 24


def case_id_of(problem: Any, case_id: str | None) -> str:
    """The case that this flow run is about: the one asked for, or one that is the run's own.

    Derived from the run's id, so that a run which Prefect starts again takes its case up again.
    """
    if case_id:
        return case_id
    stated, _ = parse_with_policy(problem)
    return f"{stated.family}-{stated.digest[:6]}-{str(flow_run.id)[-12:]}"


def case_of(run: FlowRun) -> str:
    """The id of the case that a flow run is about.

    Raises:
        BadInput: where it is about none, or had none yet.
    """
    for tag in run.tags:
        if tag.startswith(TAG):
            return tag.removeprefix(TAG)
    raise BadInput(f"flow run {run.name!r}: expected a tag {TAG}ID, got {', '.join(run.tags) or 'none'}")


def subject(problem: Problem) -> str:
    """What a problem is about, for people: its family, and what the instance is called."""
    family = families().get(problem.family)
    named = [problem.instance.get(name) for name in (family.named_by if family else ())]
    return " ".join([problem.family, *(PurePath(each).stem for each in named if isinstance(each, str))])


def run_name(problem: Callable[[dict[str, Any]], Any]) -> Callable[[], str]:
    """Names a flow run by what it is about; on bad input it keeps its name, and ends with the reason.

    Args:
        problem: makes the problem of the flow's parameters.
    """

    def name() -> str:
        parameters = flow_run.parameters
        try:
            stated = problem(parameters)
            if isinstance(stated, str):  # a file, which is read once the run is under way
                return called(PurePath(stated).stem, flow_run.name)
            return called(subject(parse_with_policy(stated)[0]), flow_run.name)
        except BadInput:
            return called(parameters.get("case_id"), flow_run.name)

    return name


def tell_case(problem: Problem, case_id: str) -> None:
    """Names the flow run by what it is about, and tags it with its case."""
    _update(name=subject(problem), tags=[*_tags(), f"{TAG}{case_id}"])


def tell(about: str, what: str) -> None:
    """Says in the flow run's name where it stands, or what came of it."""
    _update(name=f"{about} → {what}")


def tell_bad_input(error: BadInput) -> None:
    """Says in the flow run's name that its input cannot be used, and why."""
    about = str(flow_run.flow_name)
    tell(about, f"bad input: {cut(str(error), _room(about, 'bad input'))}")


def end_in_words(about: str, outcome: Outcome) -> str:
    """`hpc`, or `abstained: …` with the reason, as short as the run's page has room for."""
    if outcome.status is CaseStatus.ACCEPTED:
        return str(outcome.tier)
    short = why_in_short(outcome, _room(about, outcome.status))
    return f"{outcome.status}: {short}" if short else str(outcome.status)


def _room(about: str, what: str) -> int:
    """Characters that are left for a reason in the name of a run."""
    return max(LEAST_REASON, MOST_NAME - len(f"{about} → {what}: "))


def _tags() -> list[str]:
    context = FlowRunContext.get()
    tags = context.flow_run.tags if context and context.flow_run else []
    return sorted(tag for tag in tags if not tag.startswith(TAG) and tag != OF_ALL)


def _update(**changes: Any) -> None:
    """Changes the flow run; one that keeps its name must not stop a case."""
    try:
        with get_client(sync_client=True) as client:
            client.update_flow_run(UUID(str(flow_run.id)), **changes)
    except Exception as error:
        get_run_logger().warning("Prefect did not take %s: %s", " and ".join(changes), error)


def deployed() -> bool:
    """Whether the flow run, or the one that called it, is a deployment's.

    The run itself knows; `prefect.runtime` asks the server for it, twice, wherever it is not.
    """
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    if run is None or run.parent_task_run_id is not None:
        return deployment.id is not None
    return run.deployment_id is not None
