"""A case's decisions as a Markdown table that says what happened, why, and what it cost."""

import re
from collections.abc import Mapping, Sequence

from escalation.model.attempt import Attempt
from escalation.model.certificate import CertificateStatus
from escalation.model.decision import Action, Decision
from escalation.model.problem import Target
from escalation.text.rounding import at_worst
from escalation.text.visible import markdown

VERDICTS: Mapping[CertificateStatus, str] = {
    CertificateStatus.CERTIFIED: "reaches the target",
    CertificateStatus.BOUNDED: "was checked, and falls short of the target",
    CertificateStatus.HEURISTIC: "cannot be vouched for",
    CertificateStatus.INVALID: "is not what it claims to be",
}
_VERDICT = re.compile(rf"\bended ({'|'.join(VERDICTS)})(?: at)?\b")
"""How a recorded decision names the one before it; the record keeps the word that its format has."""
_ENDS = {
    Action.ACCEPT: "Accepted",
    Action.ABSTAIN: "Ended without an answer",
    Action.REFUSE: "Refused",
}


def decision_table(
    decisions: Sequence[Decision], attempts: Sequence[Attempt] = (), target: Target | None = None
) -> str:
    """The decisions, each with what came of it, as a Markdown table.

    Args:
        decisions: in order.
        attempts: those that are over, in order: one a decision to try something.
        target: by which values are rounded.
    """
    left = list(attempts)
    lines = ["| what happened | why | what it cost |", "| --- | --- | --- |"]
    for decision in decisions:
        tried = left.pop(0) if decision.action is Action.ATTEMPT and left else None
        cells = (_happened(decision, tried, target), _why(decision), _cost(tried))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, *_not_tried(decisions)])


def _happened(decision: Decision, tried: Attempt | None, target: Target | None) -> str:
    rung = f"{decision.method} on {decision.backend}"
    if decision.action is not Action.ATTEMPT:
        of = f": {decision.tier}, {markdown(rung)}" if decision.method else ""
        return f"**{_ENDS[decision.action]}**{of}"
    return f"Tried **{decision.tier}**: {markdown(rung)}. {_came_of_it(tried, target)}"


def _came_of_it(tried: Attempt | None, target: Target | None) -> str:
    if tried is None:
        return "It is at work."
    if tried.certificate is None:
        return markdown(f"No answer: {tried.error or tried.status}.")
    value = tried.certificate.value
    shown = "The answer" if value is None else f"Its answer, {at_worst(value, target)},"
    return markdown(f"{shown} {VERDICTS[tried.certificate.status]}.")


def _why(decision: Decision) -> str:
    because = _VERDICT.sub(_in_words, decision.because.rstrip("."))
    said = [markdown(f"{because}.")]
    said += [
        markdown(f"Not required by this policy: {each.gate} ({each.because.rstrip('.')}).")
        for each in decision.waived
    ]
    if decision.nearest_flip:
        said.append(f"*What would have changed it:* {markdown(decision.nearest_flip.text)}")
    return "<br>".join(said)


def _in_words(found: re.Match[str]) -> str:
    verdict = VERDICTS[CertificateStatus(found[1])]
    return f"{verdict.removesuffix(' of the target')} with" if found[0].endswith(" at") else verdict


def _cost(tried: Attempt | None) -> str:
    if tried is None:
        return ""
    used = [each.told(value) for each, value in tried.cost.told() if value]
    return markdown(", ".join(used) or "nothing")


def _not_tried(decisions: Sequence[Decision]) -> list[str]:
    """A row a tier that was never tried, with the first of the conditions that kept it out."""
    tried = {decision.tier for decision in decisions}
    closed = {each.tier: each for decision in decisions for each in reversed(decision.closed)}
    return [
        f"| Not tried: **{tier}** | {markdown(f'{each.because.rstrip(chr(46))}.')} | |"
        for tier, each in closed.items()
        if tier not in tried
    ]
