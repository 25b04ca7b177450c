"""Conditions over a record that may not hold the facts they need: met, not met, or not to be told.

The logic is Kleene's strong one: what the record lacks counts only where the rest does not settle the answer
(S. C. Kleene, Introduction to Metamathematics, 1952, §64). A fact that was looked up and found unknown is no
gap in the record: it is not met, as it was then.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Final, Literal, TypeGuard

from escalation.model.decision import Miss
from escalation.model.facts import FactValue
from escalation.policy.checks import known_facts
from escalation.policy.conditions import (
    AllOf,
    AnyOf,
    Condition,
    FactLimit,
    Threshold,
    met,
    split_quantity,
)


class Gap(Enum):
    """What stands for a fact that the record does not hold."""

    UNTOLD = "untold"


UNTOLD: Final = Gap.UNTOLD
Told = FactValue | Literal[Gap.UNTOLD] | None
Find = Callable[[str], Told]
"""From a fact's name to its value; None where it was looked up and is unknown."""
Limit = FactValue | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A threshold: its fact, its comparison, and a limit that is a value or the name of another fact."""

    fact: str
    comparison: str
    limit: Limit
    limit_fact: str | None

    def met(self, find: Find) -> bool | None:
        """Whether it is met; None where the record cannot tell."""
        value = find(self.fact)
        limit = self.limit if self.limit_fact is None else find(self.limit_fact)
        if value is None or limit is None:
            return False
        if value is UNTOLD or limit is UNTOLD:
            return None
        return met(self.comparison, value, limit)

    def misses(self, find: Find) -> Iterator[Miss]:
        """The comparison with what was found, where it is known not to be met."""
        if self.met(find) is False:
            yield self.found(find)

    def found(self, find: Find) -> Miss:
        """The comparison with what was found, whether or not it is met."""
        value, limit = find(self.fact), self.limit if self.limit_fact is None else find(self.limit_fact)
        value, limit = (None if value is UNTOLD else value), (None if limit is UNTOLD else limit)
        margin = float(value) - float(limit) if _is_number(value) and _is_number(limit) else None
        return Miss(
            fact=self.fact,
            value=value,
            unit=known_facts()[self.fact].unit,
            comparison=self.comparison,
            limit=limit,
            margin=margin,
            note="unknown" if value is None else "",
        )

    @property
    def comparisons(self) -> Iterator["Comparison"]:
        """Itself."""
        yield self


@dataclass(frozen=True, slots=True)
class _Joined:
    """Conditions joined by one connective."""

    parts: tuple["Check", ...]

    def folded(self, find: Find, *, decides: bool) -> bool | None:
        """What the first part says that decides for all; else the other, or None where one cannot be told."""
        found: bool | None = not decides
        for part in self.parts:
            one = part.met(find)
            if one is decides:
                return decides
            if one is None:
                found = None
        return found

    @property
    def comparisons(self) -> Iterator[Comparison]:
        """All within."""
        for part in self.parts:
            yield from part.comparisons


class Every(_Joined):
    """Met where all parts are."""

    __slots__ = ()

    def met(self, find: Find) -> bool | None:
        """Whether it is met; None where the record cannot tell."""
        return self.folded(find, decides=False)

    def misses(self, find: Find) -> Iterator[Miss]:
        """What is known not to be met."""
        for part in self.parts:
            yield from part.misses(find)


class Some(_Joined):
    """Met where one part is."""

    __slots__ = ()

    def met(self, find: Find) -> bool | None:
        """Whether it is met; None where the record cannot tell."""
        return self.folded(find, decides=True)

    def misses(self, find: Find) -> Iterator[Miss]:
        """What is known not to be met, where no part can be."""
        if self.met(find) is False:
            for part in self.parts:
                yield from part.misses(find)


Check = Comparison | Every | Some


def compiled(condition: Condition) -> Check:
    """The condition with its quantities read once."""
    if isinstance(condition, AllOf):
        return Every(tuple(map(compiled, condition.all)))
    if isinstance(condition, AnyOf):
        return Some(tuple(map(compiled, condition.any)))
    return _comparison(condition)


def every(checks: Iterable[Check], find: Find) -> bool | None:
    """Whether all are met; None where the record cannot tell."""
    return Every(tuple(checks)).met(find)


@cache
def _comparison(threshold: Threshold) -> Comparison:
    limit, comparison = threshold.limit, threshold.comparison
    if isinstance(limit, FactLimit):
        return Comparison(threshold.fact, comparison, None, limit.fact)
    if comparison not in ("equals", "one_of"):
        quantity = split_quantity(limit)
        limit = quantity[0] if quantity else None
    return Comparison(threshold.fact, comparison, limit, None)


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
