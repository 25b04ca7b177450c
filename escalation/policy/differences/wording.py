"""Conditions in words."""

from escalation.policy.conditions import AllOf, AnyOf, Condition, FactLimit, Threshold, show, split_quantity

_WORDS = {"at_least": "at least", "at_most": "at most", "above": "above", "below": "below"}


def in_words(condition: Condition) -> str:
    """The condition as a person would say it: `quote.usd at most 10 USD and device.available yes`."""
    if isinstance(condition, AllOf):
        return " and ".join(_part(part) for part in condition.all)
    if isinstance(condition, AnyOf):
        return " or ".join(_part(part) for part in condition.any)
    return f"{condition.fact} {limit_in_words(condition)}"


def limit_in_words(threshold: Threshold) -> str:
    """The comparison and its limit."""
    limit, name = threshold.limit, threshold.comparison
    if name == "equals":
        return show(limit)
    if name == "one_of":
        return f"one of {', '.join(limit)}"
    if isinstance(limit, FactLimit):
        return f"{_WORDS[name]} {limit.fact}"
    quantity = split_quantity(limit)
    return f"{_WORDS[name]} {limit if quantity is None else show(*quantity)}"


def _part(condition: Condition) -> str:
    said = in_words(condition)
    return said if isinstance(condition, Threshold) else f"({said})"
