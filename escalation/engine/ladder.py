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
from escalation.model.amounts import Amounts
from escalation.model.attempt import Attempt
from escalation.model.case import Outcome
from escalation.model.decision import Action, Decision
from escalation.policy.ladder_state import LadderState


def ladder(case: Case) -> Generator[Step, Any, Outcome]:
    """Yields the steps of a case and returns its outcome."""
    rungs = case.rungs()
    attempts: list[Attempt] = []
    decisions: list[Decision] = []
    while True:
        spent = sum((attempt.cost for attempt in attempts), Amounts())
        state = LadderState(
            number=len(decisions),
            family=case.family.name,
            target=case.problem.target,
            rungs=rungs,
            attempts=tuple(attempts),
            exhausted=case.budget.used_up(spent),
        )
        decision: Decision = yield Decide(state, spent)
        decisions.append(decision)
        if decision.action is not Action.ATTEMPT:
            return conclude(case, attempts, decisions)
        attempts.append((yield from attempt(case, len(attempts), decision, spent)))
