"""Whether a condition can be met at all: sound, not complete.

What is said to be met never is so whatever the facts are. Conditions are taken apart into the sets of
thresholds that meet them; facts that depend on each other are not looked at together, but for one that limits
another.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import inf

from escalation.model.facts import FactSpec, FactType
from escalation.policy.conditions import AllOf, Condition, FactLimit, Threshold, split_quantity
from escalation.policy.differences.wording import in_words

MOST = 256
"""Sets of thresholds that are looked at; a condition of more is left alone."""
_SAID_UP_TO = 1e6
"""Beyond, the largest value that a fact can be is a bound of ours, and explains nothing."""
Together = tuple[Threshold, ...]
_LOW, _HIGH = {"at_least", "above"}, {"at_most", "below"}


def never(conditions: Sequence[Condition], specs: Mapping[str, FactSpec]) -> str:
    """Why the conditions are never met together, in words; empty where they may be."""
    sets = ways(conditions)
    if sets is None:
        return ""
    found = [contradiction(each, specs) for each in sets]
    return "; ".join(dict.fromkeys(found)) if all(found) else ""


def ways(conditions: Sequence[Condition]) -> list[Together] | None:
    """The sets of thresholds of which each meets all conditions; None where they are too many."""
    parts = []
    count = 1
    for each in conditions:
        own = _ways(each)
        count *= MOST + 1 if own is None else len(own)
        if own is None or count > MOST:
            return None
        parts.append(own)
    return [tuple(threshold for part in each for threshold in part) for each in product(*parts)]


def _ways(condition: Condition) -> list[Together] | None:
    if isinstance(condition, Threshold):
        return [(condition,)]
    if isinstance(condition, AllOf):
        return ways(condition.all)
    found = [_ways(part) for part in condition.any]
    flat = [each for own in found for each in own or ()]
    return None if None in found or len(flat) > MOST else flat


def contradiction(together: Iterable[Threshold], specs: Mapping[str, FactSpec]) -> str:
    """Why the thresholds are never met at once, in words; empty where they may be."""
    by_fact: dict[str, list[Threshold]] = {}
    for each in together:
        by_fact.setdefault(each.fact, []).append(each)
    spans = {name: _span(specs[name], by_fact.get(name, ())) for name in _named(by_fact)}
    for name, stated in by_fact.items():
        if why := _impossible(specs[name], stated, spans):
            return why
    return ""


def _named(by_fact: Mapping[str, Sequence[Threshold]]) -> set[str]:
    limits = {
        each.limit.fact for own in by_fact.values() for each in own if isinstance(each.limit, FactLimit)
    }
    return {*by_fact, *limits}


@dataclass(frozen=True)
class _Span:
    """Numbers that a fact can be; an end that is `open` does not belong to them."""

    low: float = -inf
    high: float = inf
    low_open: bool = False
    high_open: bool = False

    def but(self, threshold: Threshold) -> "_Span":
        """Those that meet a threshold with a number too."""
        limit = None if isinstance(threshold.limit, FactLimit) else _number(threshold)
        if limit is None:
            return self
        name, strict = threshold.comparison, threshold.comparison in ("above", "below")
        low, high = (self.low, self.low_open), (self.high, self.high_open)
        if name in _LOW or name == "equals":
            low = max(low, (limit, strict))
        if name in _HIGH or name == "equals":
            high = min(high, (limit, strict), key=lambda end: (end[0], not end[1]))
        return _Span(low[0], high[0], low[1], high[1])

    @property
    def empty(self) -> bool:
        return self.low > self.high or (self.low == self.high and (self.low_open or self.high_open))


def _number(threshold: Threshold) -> float | None:
    if threshold.comparison == "one_of" or isinstance(threshold.limit, bool):
        return None
    if threshold.comparison == "equals":
        return float(threshold.limit) if isinstance(threshold.limit, int | float) else None
    quantity = split_quantity(threshold.limit)
    return quantity[0] if quantity else None


def _span(spec: FactSpec, stated: Iterable[Threshold]) -> _Span:
    span = _Span(*(spec.within or ()))
    for each in stated:
        span = span.but(each)
    return span


def _impossible(spec: FactSpec, stated: Sequence[Threshold], spans: Mapping[str, _Span]) -> str:
    said = f"{spec.name} cannot be " + " and ".join(_said(each) for each in stated)
    if spec.type is not FactType.NUMBER:
        return "" if _values(spec, stated) else said + _choices(spec)
    if spans[spec.name].empty:
        low, high = spec.within or (-inf, inf)
        return said + (
            f": it lies from {low:g} to {high:g}" if _span(spec, ()) != _Span() and high < 1e9 else ""
        )
    return said if any(_beyond(spec.name, each, spans) for each in stated) or _both_ways(stated) else ""


def _said(threshold: Threshold) -> str:
    return in_words(threshold).removeprefix(f"{threshold.fact} ")


def _choices(spec: FactSpec) -> str:
    return f": it is one of {', '.join(spec.choices)}" if spec.choices else ""


def _values(spec: FactSpec, stated: Iterable[Threshold]) -> set[bool | str]:
    """What a flag or text can be; `*` where it can be any text."""
    left: set[bool | str] = {True, False} if spec.type is FactType.FLAG else set(spec.choices) or {"*"}
    for each in stated:
        wanted = set(each.limit if each.comparison == "one_of" else (each.limit,))
        left = wanted if left == {"*"} else left & wanted
    return left


def _beyond(fact: str, threshold: Threshold, spans: Mapping[str, _Span]) -> bool:
    """Whether the fact that is the limit is never where it would have to be."""
    if not isinstance(threshold.limit, FactLimit):
        return False
    own, other = spans[fact], spans[threshold.limit.fact]
    least, most = (own, other) if threshold.comparison in _HIGH else (other, own)
    strict = threshold.comparison in ("above", "below") or least.low_open or most.high_open
    return least.low > most.high or (least.low == most.high and strict)


def _both_ways(stated: Iterable[Threshold]) -> bool:
    """Whether the fact would have to be above another one and not, at once."""
    by_limit: dict[str, set[str]] = {}
    for each in stated:
        if isinstance(each.limit, FactLimit):
            by_limit.setdefault(each.limit.fact, set()).add(each.comparison)
    return any(names & _LOW and names & _HIGH and names & {"above", "below"} for names in by_limit.values())


def facts_of(together: Iterable[Threshold]) -> Iterator[str]:
    """The facts that must be known for all of them."""
    for each in together:
        yield each.fact
        if isinstance(each.limit, FactLimit):
            yield each.limit.fact
