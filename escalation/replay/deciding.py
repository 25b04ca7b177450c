"""Makes a decision of the record again: the same policy over facts of the record."""

from dataclasses import replace

from escalation.engine.case import Case
from escalation.model.decision import Action, Decision
from escalation.model.quote import Quote
from escalation.policy import router
from escalation.policy.conditions import fact_names, misses
from escalation.policy.floor import PRICE
from escalation.policy.ladder_state import LadderState, Rung
from escalation.replay.facts import RecordedFacts


def decided_again(case: Case, state: LadderState, facts: RecordedFacts) -> Decision:
    """What the policy says where the ladder stands."""
    then = _as_of_then(state, facts.recorded)
    decision = router.decide(case.policy, then, facts, _Priced(facts), facts.recorded.considered)
    if decision.action is not Action.ATTEMPT:
        return decision
    said = {name: getattr(facts.recorded, name) for name in ("quote", "irreproducible")}
    return decision.model_copy(update={**said, "quote": said["quote"] or Quote()})


def _as_of_then(state: LadderState, recorded: Decision) -> LadderState:
    """The state with what the elapsed time, or its batch, had used up, of which the record has the word."""
    return replace(state, exhausted=router.used_up(recorded) or state.exhausted)


class _Priced:
    """Whether nodes or cores of a rung's machine had a price: its floor was then looked at, or closed it."""

    def __init__(self, facts: RecordedFacts) -> None:
        self._facts = facts

    def __call__(self, rung: Rung) -> bool:
        if any(self._facts.known(rung, name) is None for name in fact_names(PRICE.when)):
            return False
        closed = [each for each in self._facts.recorded.closed if each.gate == PRICE.id]
        return bool(closed) or not misses(PRICE.when, lambda name: self._facts(rung, name))
