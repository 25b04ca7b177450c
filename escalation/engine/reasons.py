"""Why a case ended as it did, for a reader who knows neither its policy nor its methods."""

from escalation.model.case import CaseStatus, Outcome
from escalation.model.certificate import CertificateStatus
from escalation.model.decision import Closed
from escalation.text.rounding import at_worst
from escalation.text.wording import listed, sentence

_NEEDED = {
    CaseStatus.HELD: "a person must decide",
    CaseStatus.WAITING: "its job is not done yet",
    CaseStatus.INTERRUPTED: "stopped before its end",
}


def why(outcome: Outcome) -> str:
    """Why the case stands where it does, whole: what fell short, and what kept the other tiers out."""
    if outcome.paused:
        return sentence(outcome.paused)
    if outcome.status is CaseStatus.ACCEPTED:
        reached = _with(f"The target is reached by {outcome.tier}", _reached(outcome))
        return ". ".join([reached, *outcome.failures])
    last = outcome.decisions[-1]
    left = not_tried(outcome)
    if last.rule == "budget" or not left:
        said = [last.because, *(each for each in outcome.failures if each not in last.because)]
    else:
        said = [*_fell_short(outcome), *outcome.failures]
        said += [f"Not tried: {each.tier}. {each.because.rstrip('.')}" for each in left]
    return ". ".join(sentence(each) for each in said)


def why_in_short(outcome: Outcome, most: int) -> str:
    """The same in a few words, cut between two of them."""
    if outcome.status in _NEEDED:
        return _NEEDED[outcome.status]
    last = outcome.decisions[-1] if outcome.decisions else None
    left = not_tried(outcome)
    if last is not None and last.rule == "budget":
        said = last.because.partition(":")[0]
    elif outcome.certificate and outcome.certificate.status is CertificateStatus.BOUNDED and _valued(outcome):
        value, limit = _value_and_limit(outcome)
        said = f"{value}, not {limit}"
    elif outcome.failures:
        said = outcome.failures[0]
    elif left:
        said = left[0].because.partition(";")[0]
    else:
        said = last.because if last else ""
    return cut(said[:1].lower() + said[1:], most)


def not_tried(outcome: Outcome) -> list[Closed]:
    """Of each tier that was not tried, in order of tiers, the first condition that kept it out."""
    if not outcome.decisions:
        return []
    tried = {attempt.tier for attempt in outcome.attempts}
    first = {each.tier: each for each in reversed(outcome.decisions[-1].closed) if each.tier not in tried}
    return [first[tier] for tier in sorted(first, key=lambda each: each.rank)]


def cut(said: str, most: int) -> str:
    """The text, or its first whole words where there is no room for all, with an ellipsis."""
    if len(said) <= most:
        return said.rstrip(".")
    whole = said[: most - 1]
    if said[most - 1] != " ":
        whole = whole.rpartition(" ")[0] or whole
    return f"{whole.rstrip(' ,;:.')}…"


def _fell_short(outcome: Outcome) -> list[str]:
    """`The target is not reached by hpc and ai: 9 reached, at least 99 asked for`."""
    short = list(dict.fromkeys(str(each.tier) for each in outcome.attempts if each.certificate is not None))
    return [_with(f"The target is not reached by {listed(short, 'or')}", _reached(outcome))] if short else []


def _with(said: str, more: str) -> str:
    return f"{said}: {more}" if more else said


def _reached(outcome: Outcome) -> str:
    """`9 reached, at least 99 asked for`; empty where nothing has a value."""
    if not _valued(outcome):
        return ""
    value, limit = _value_and_limit(outcome)
    return f"{value} reached, {limit} asked for"


def _valued(outcome: Outcome) -> bool:
    return outcome.value is not None and outcome.target is not None


def _value_and_limit(outcome: Outcome) -> tuple[str, str]:
    """`9` and `at least 99`, of an outcome that has both."""
    assert outcome.value is not None
    assert outcome.target is not None
    return at_worst(outcome.value, outcome.target), outcome.target.limit_in_words
