"""One problem from Python."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from escalation.model.case import Outcome
from escalation.model.problem import Problem
from flows import escalate as ladder
from flows.stopping import until_interrupted


def escalate(
    problem: Problem | Mapping[str, Any] | None = None,
    policy: str | None = None,
    case_id: str | None = None,
    folder: str | None = None,
    approval_wait_s: float | None = None,
) -> Outcome:
    """The flow `flows.escalate.escalate`, called from a program; its arguments, its outcome, its errors.

    Ctrl-C ends what runs, and the run's end is told: no process is left, and `case_id` takes the case up
    again. In a running event loop it works too, and keeps it busy; `await escalate_async(…)` does not.
    """
    return until_interrupted(partial(ladder.escalate, problem, policy, case_id, folder, approval_wait_s))
