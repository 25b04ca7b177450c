"""The ladder: a deterministic generator of steps. It runs nothing; a driver carries the steps out.

Given the same facts and the same raw results it makes the same decisions, so resuming and replaying a
case are one thing: the ladder is driven again, with what is recorded fed back.
"""

from collections.abc import Generator
from typing import Any

from escalation.engine.attempting import attempt
from escalation.engine.case import Case
from escalation.engine.concluding import conclude
from escalation.engine.steps import Decide, Step
from escalation.model.attempt import Attempt, Cost
from escalation.model.case import Outcome
from escalation.model.decision import Action, Decision
from escalation.model.problem import Budget
from escalation.policy.router import State


def ladder(case: Case) -> Generator[Step, Any, Outcome]:
    """Yields the steps of a case and returns its outcome."""
    rungs = case.rungs()
    attempts: list[Attempt] = []
    decisions: list[Decision] = []
    while True:
        spent = sum((attempt.cost for attempt in attempts), Cost())
        state = State(
            number=len(decisions),
            family=case.family.name,
            target=case.problem.target,
            rungs=rungs,
            attempts=tuple(attempts),
            exhausted=exhausted(case.budget, spent),
        )
        decision: Decision = yield Decide(state, spent)
        decisions.append(decision)
        if decision.action is not Action.ATTEMPT:
            return conclude(case, attempts, decisions)
        attempts.append((yield from attempt(case, len(attempts), decision, spent)))


def exhausted(budget: Budget, spent: Cost) -> str | None:
    """Says which part of the budget is used up."""
    for name in ("wall_s", "cpu_s"):
        limit = getattr(budget, name)
        if limit is not None and getattr(spent, name) >= limit:
            return f"{getattr(spent, name):.1f} of {limit:g} {name}"
    return None
