"""Words for what a policy would have decided: of one case, for people, and of a shadow, as it is recorded."""

from collections.abc import Mapping
from typing import Any

from escalation.model.decision import Action
from escalation.policy.backtest.comparing import Compared, DecisionChange
from escalation.policy.backtest.reasons import Effect, Reason
from escalation.policy.backtest.routing import Course
from escalation.policy.conditions import shortfall

_EFFECTS = {
    Effect.CLOSES: "its condition {rule} is not met",
    Effect.CLOSED: "the condition {rule} no longer stands in the way",
    Effect.ASKS: "by {rule} a person is asked",
    Effect.ASKED: "by {rule} nobody is asked any more",
    Effect.REJECTS: "its condition {rule} for an answer is not met",
    Effect.REJECTED: "the condition {rule} for an answer no longer stands in the way",
    Effect.MISSING: "it is not among what the policy tries",
    Effect.ADDED: "the policy that decided then did not know it",
    Effect.MOVED: "its work runs on another machine",
    Effect.SPENT: "the budget is used up",
    Effect.LASTS: "there is budget left",
}
_BRIEFLY = {
    Effect.CLOSES: "is not met",
    Effect.CLOSED: "no longer stands in the way",
    Effect.REJECTS: "is not met, for an answer",
    Effect.REJECTED: "no longer stands in an answer's way",
    Effect.MOVED: "runs on another machine",
}
_ENDS = {Action.ABSTAIN: "end without an answer", Action.REFUSE: "try nothing"}


def course_words(course: Course) -> str:
    """What a decision does, as what somebody does: `try hpc/scan on mpi`."""
    if course.method is None:
        return _ENDS[Action(course.action)]
    what = f"{course.tier}/{course.method} on {course.backend}"
    if course.action == Action.ACCEPT:
        return f"accept the answer of {what}"
    return f"try {what}" + (", once a person has agreed" if course.held else "")


def effect_words(effect: str) -> str:
    """What a rule does, as it follows the rule's id: `fidelity is not met`."""
    return _BRIEFLY.get(Effect(effect), effect)


def reason_words(reason: Reason) -> str:
    """Why it is decided otherwise, with what was found and what it takes."""
    found = f": {shortfall(reason.miss)}" if reason.miss else ""
    return f"{reason.rung}: {_EFFECTS[reason.effect].format(rule=reason.rule)}{found}"


def verdict_words(found: Compared) -> str:
    """What the policy would have decided in place of a decision."""
    if found.verdict is DecisionChange.SAME:
        return "the same"
    if found.now is not None:
        return course_words(found.now)
    if found.verdict is DecisionChange.CHANGED:
        return f"something else, and the record cannot tell what: {found.gone}"
    return f"the record cannot tell: {found.gone}"


def shadow_words(said: Mapping[str, Any]) -> str:
    """What it would have done, and by which rules or for want of what."""
    if "failed" in said:
        return f"it could not be asked: {said['failed']}"
    if said["verdict"] == "same":
        return "the same"
    if said["verdict"] == "changed":
        rules = ", ".join(
            dict.fromkeys(f"{each['rule']} {effect_words(each['effect'])}" for each in said["why"])
        )
        return (said["now"] or "otherwise, it cannot be told how") + (f" ({rules})" if rules else "")
    missing = f": {', '.join(said['missing'])}" if said.get("missing") else ""
    return f"it cannot be told, {said['cannot_tell']}{missing}"
