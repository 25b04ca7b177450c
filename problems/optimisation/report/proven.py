"""What is proven of an answer, in a sentence: how much better another one could be at most."""

from collections.abc import Mapping
from fractions import Fraction
from math import ceil
from typing import Any

from escalation.model.certificate import Certificate
from escalation.model.problem import Target
from escalation.text.rounding import Way, at_best, at_worst, rounded
from problems.optimisation.model.models import Model

NOUNS: Mapping[str, str] = {
    "appointments": "schedule",
    "triage": "placement",
    "qubo": "setting of the variables",
    "max_cut": "cut",
    "independent_set": "set",
}
"""What an answer of a kind is."""
CHECKED: Mapping[str, str] = {
    "appointments": "that this one keeps every shift, skill and room was checked apart from the search",
    "triage": "that this one keeps every capacity, need and cohort was checked apart from the search",
    "qubo": "its objective was computed anew apart from the search",
    "max_cut": "its weight was computed anew apart from the search",
    "independent_set": "that no two of its vertices are joined was checked apart from the search",
}
"""What the verifier looked at."""


def rests_on(model: Model, found: Certificate) -> str:
    """`No schedule can be more than 0.9 % better, which is proven; that this one keeps … was checked …`."""
    noun, checked = NOUNS[model.kind], CHECKED[model.kind]
    better = _better_at_most(found.evidence)
    if better is None:
        return f"How much better another {noun} could be is not known; {checked}"
    if better == "":
        return f"No {noun} can be better, which is proven; {checked}"
    return f"No {noun} can be more than {better} better, which is proven; {checked}"


def _better_at_most(evidence: Mapping[str, Any]) -> str | None:
    """In per cent of the objective, rounded up; in its own unit where it is 0; "" where it is the best."""
    cost, bound, scale = (evidence.get(name) for name in ("objective_units", "bound_units", "scale"))
    if not isinstance(cost, int) or not isinstance(bound, int) or not isinstance(scale, int):
        return None
    if cost == bound:
        return ""
    if cost == 0:
        return rounded(Fraction(abs(bound), scale), Way.UP)
    return f"{_short(Fraction(100 * abs(cost - bound), abs(cost)))} %"


def _short(share: Fraction) -> str:
    """Rounded up to a digit behind the point, or to four digits where that would hide how small it is."""
    return rounded(share, Way.UP) if share < Fraction(1, 10) else rounded(Fraction(ceil(10 * share), 10))


def what_would_help(model: Model, target: Target, found: Certificate, search_s: float) -> str:
    """What to do about an answer that misses its target."""
    noun = NOUNS[model.kind]
    if found.value is None:
        return (
            f"No bound was shown, and {target.metric} needs one: search longer than {search_s:g} s "
            f"(search_s), or state the objective that the {noun} has to reach"
        )
    reached = f"It reaches {target.metric} {at_worst(found.value, target)}, asked was {target.limit_shown}"
    if found.best_possible is not None and not target.reached_by(found.best_possible):
        return f"{reached}; no {noun} goes beyond {at_best(found.best_possible, target)}, which is proven"
    return f"{reached}: search longer than {search_s:g} s (search_s), or ask for less"
