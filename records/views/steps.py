"""Why the answer comes from where it does: a case's decisions in plain words, one after the other."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from escalation.engine.runtime import Recorded
from escalation.model.attempt import Attempt
from escalation.model.case import Outcome
from escalation.model.decision import Action, Closed, Decision
from escalation.model.problem import Target, Tier
from escalation.policy.conditions import shortfall
from escalation.text.rounding import at_worst

TIERS: Mapping[Tier, str] = {
    Tier.HPC: "classical computing (HPC)",
    Tier.AI: "a learned model (AI)",
    Tier.QUANTUM: "quantum computing",
}
_ENDS: Mapping[Action, str] = {
    Action.ACCEPT: "Accepted the answer",
    Action.ABSTAIN: "Stopped without an accepted answer",
    Action.REFUSE: "Tried nothing",
}


class ShownStep(NamedTuple):
    """A decision for a reader: what was done, when, why, and what was said beside it."""

    did: str
    at: str
    because: str
    notes: tuple[str, ...]


def steps(outcome: Outcome, target: Target, recorded: Recorded) -> Iterator[ShownStep]:
    """Yields the decisions in order, each beside the attempt before it."""
    tried = 0
    for decision in outcome.decisions:
        before = outcome.attempts[tried - 1] if 0 < tried <= len(outcome.attempts) else None
        yield ShownStep(
            _did(decision, tried),
            recorded.decided_at(decision.number),
            _because(decision, before, target),
            tuple(_notes(decision)),
        )
        tried += decision.action is Action.ATTEMPT


def _did(decision: Decision, tried: int) -> str:
    if decision.action is not Action.ATTEMPT or decision.tier is None:
        return _ENDS.get(decision.action, str(decision.action))
    verb = "Went on to" if tried else "Tried first"
    return f"{verb}: {TIERS[decision.tier]}, {decision.method} on {decision.backend}"


def _because(decision: Decision, before: Attempt | None, target: Target) -> str:
    if decision.action is Action.ACCEPT:
        return f"The answer was checked, and reaches what was asked: {_reached(before, target)}."
    if decision.action is not Action.ATTEMPT:
        if decision.rule == "budget":
            return _stop(decision.because)
        end = f" The last answer fell short: {_reached(before, target)}." if before else ""
        return f"No other way to compute it is left that meets the conditions of the policy.{end}"
    if before is None:
        return "It is the first in the policy's order whose conditions are met."
    return f"The answer before fell short: {_reached(before, target)}."


def _reached(attempt: Attempt | None, target: Target) -> str:
    found = attempt.certificate if attempt else None
    if found is None or found.value is None:
        return "nothing could be shown of it" if attempt is None or not attempt.error else "it failed"
    return f"{target.metric} {at_worst(found.value, target)}, asked was {target.in_words(sure=False)}"


def _notes(decision: Decision) -> Iterator[str]:
    for each in decision.closed:
        yield f"Not used: {TIERS[each.tier]}. {_condition(each)}"
    for each in decision.asks:
        yield f"A person was asked first. {_condition(each)}"
    for waiver in decision.waived:
        yield (
            f"Condition {waiver.gate} is not required by this policy: {_stop(waiver.because)} "
            f"({'; '.join(map(shortfall, waiver.misses))})"
        )


def _condition(each: Closed) -> str:
    named = ": ".join(filter(None, (each.gate, "; ".join(map(shortfall, each.misses)))))
    return f"{_stop(each.because)} (condition {named})"


def _stop(said: str) -> str:
    return said if said.endswith((".", "!", "?")) else f"{said}."
