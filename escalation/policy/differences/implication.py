"""Which of two conditions asks for more: sound, not complete.

What is said to imply another does so for every value of every fact, since whatever is unknown meets neither.
What is not said to may yet: conditions over several facts at once are compared part by part.
"""

from enum import StrEnum

from escalation.policy.backtest.trilean import Check, Comparison, Every, Some
from escalation.policy.conditions import met


class Lean(StrEnum):
    """What a change does to how often something is let through."""

    SAME = "as before"
    STRICTER = "stricter"
    LOOSER = "looser"
    OTHERWISE = "otherwise"


def leaning(old: Check, new: Check) -> Lean:
    """How the new condition compares with the old one: stricter where it lets less through."""
    down, up = implies(new, old), implies(old, new)
    if down and up:
        return Lean.SAME
    return Lean.STRICTER if down else Lean.LOOSER if up else Lean.OTHERWISE


def together(leans: set[Lean]) -> Lean:
    """Several at once."""
    told = leans - {Lean.SAME}
    if not told:
        return Lean.SAME
    return next(iter(told)) if len(told) == 1 else Lean.OTHERWISE


def implies(one: Check, other: Check) -> bool:
    """Whether whatever meets the one is known to meet the other."""
    if isinstance(other, Every):
        return all(implies(one, part) for part in other.parts)
    if isinstance(one, Some):
        return all(implies(part, other) for part in one.parts)
    if isinstance(one, Every) and any(implies(part, other) for part in one.parts):
        return True
    if isinstance(other, Some):
        return any(implies(one, part) for part in other.parts)
    return isinstance(one, Comparison) and _within(one, other)


_WEAKER = {
    ("at_least", "at_least"), ("above", "above"), ("above", "at_least"),
    ("at_most", "at_most"), ("below", "below"), ("below", "at_most"),
}  # fmt: skip
"""Comparisons of which the first with a limit implies the second with the same one."""


def _within(one: Comparison, other: Comparison) -> bool:
    """Whether the values that meet the one all meet the other."""
    if one.fact != other.fact:
        return False
    if one.limit_fact is not None or other.limit_fact is not None:
        same = one.limit_fact == other.limit_fact
        return same and (one.comparison, other.comparison) in _WEAKER
    if one.comparison == "one_of" and isinstance(one.limit, tuple):
        return all(_meets(each, other) for each in one.limit)
    if one.comparison == "equals":
        return _meets(one.limit, other)
    if (one.comparison, other.comparison) in _WEAKER:
        return one.limit == other.limit or _meets(one.limit, other)
    upward = {"at_least", "above"}
    alike = {one.comparison, other.comparison} <= upward or not {one.comparison, other.comparison} & upward
    return alike and other.comparison not in ("equals", "one_of") and _meets(one.limit, other)


def _meets(value: object, other: Comparison) -> bool:
    return value is not None and other.limit is not None and met(other.comparison, value, other.limit)
