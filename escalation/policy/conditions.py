"""Thresholds over facts, joined by `all` and `any`; whatever is unknown is not met."""

import operator
import re
from collections.abc import Callable, Iterator
from math import isfinite
from typing import Annotated, Any, Self

from pydantic import Discriminator, Field, Tag, model_validator

from escalation.model.decision import Miss
from escalation.model.facts import Fact, FactValue
from escalation.model.frozen import Frozen

COMPARISONS = ("at_least", "at_most", "above", "below", "equals", "one_of")
_QUANTITY = re.compile(
    r"\s*([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)\s*([A-Za-z%/]*)\s*", re.ASCII
)
Lookup = Callable[[str], Fact]
Number = Annotated[float, Field(strict=True)]
"""Whole or not, but no flag: `at_most: yes` is a mistake, not 1."""


class FactLimit(Frozen):
    """A limit that is itself a fact."""

    fact: str


class Threshold(Frozen):
    """`fact`, one comparison, its limit: a number with the fact's unit, a flag, texts, or another fact."""

    fact: str = Field(description="Name of a [fact](facts.md).")
    at_least: Number | str | FactLimit | None = Field(None, description="The fact is the limit or above it.")
    at_most: Number | str | FactLimit | None = Field(None, description="The fact is the limit or below it.")
    above: Number | str | FactLimit | None = Field(None, description="The fact is above the limit.")
    below: Number | str | FactLimit | None = Field(None, description="The fact is below the limit.")
    equals: bool | float | str | None = Field(None, description="The fact is that value.")
    one_of: tuple[str, ...] | None = Field(None, description="The fact is one of those texts.")

    @model_validator(mode="after")
    def _one_comparison(self) -> Self:
        given = [name for name in COMPARISONS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"expected exactly one of {', '.join(COMPARISONS)}, got {len(given)}")
        return self

    @property
    def comparison(self) -> str:
        """The comparison's name."""
        return next(name for name in COMPARISONS if getattr(self, name) is not None)

    @property
    def limit(self) -> Any:
        """The limit as it was written."""
        return getattr(self, self.comparison)


class AllOf(Frozen):
    """Met when every part is."""

    all: tuple["Condition", ...] = Field(min_length=1)


class AnyOf(Frozen):
    """Met when one part is."""

    any: tuple["Condition", ...] = Field(min_length=1)


def _which(value: Any) -> str:
    keys: Any = value if isinstance(value, dict) else getattr(value, "__dict__", {})
    return "all" if "all" in keys else "any" if "any" in keys else "threshold"


Condition = Annotated[
    Annotated[Threshold, Tag("threshold")] | Annotated[AllOf, Tag("all")] | Annotated[AnyOf, Tag("any")],
    Discriminator(_which),
]
AllOf.model_rebuild()
AnyOf.model_rebuild()


def split_quantity(limit: float | str) -> tuple[float, str] | None:
    """Splits `24 h` into (24.0, "h"); a bare number has the unit ""; None is 'not a quantity'.

    Infinity (`1e999 h`) is none: as a limit it would be met by everything.
    """
    if isinstance(limit, bool):
        return None
    if isinstance(limit, int | float):
        return float(limit), ""
    found = _QUANTITY.fullmatch(limit)
    return (float(found[1]), found[2]) if found and isfinite(float(found[1])) else None


def thresholds(condition: Condition) -> Iterator[tuple[Threshold, tuple[str | int, ...]]]:
    """Walks over the thresholds of a condition, each with its path inside the condition."""
    if isinstance(condition, Threshold):
        yield condition, ()
        return
    name, parts = ("all", condition.all) if isinstance(condition, AllOf) else ("any", condition.any)
    for index, part in enumerate(parts):
        for threshold, path in thresholds(part):
            yield threshold, (name, index, *path)


def fact_names(condition: Condition) -> set[str]:
    """Names of all the facts that the condition needs, limits included."""
    names = set()
    for threshold, _ in thresholds(condition):
        names.add(threshold.fact)
        if isinstance(threshold.limit, FactLimit):
            names.add(threshold.limit.fact)
    return names


def misses(condition: Condition, lookup: Lookup) -> tuple[Miss, ...]:
    """Returns the smallest set of thresholds that keeps the condition from being met; () when it is met.

    Of an `any`, that is the part with the fewest misses, and of those the one with the smallest relative
    margin. An unknown fact is a miss.
    """
    if isinstance(condition, AllOf):
        return tuple(miss for part in condition.all for miss in misses(part, lookup))
    if isinstance(condition, AnyOf):
        found = [misses(part, lookup) for part in condition.any]
        return min(found, key=lambda each: (len(each), sum(map(distance, each))))
    miss = _miss(condition, lookup)
    return (miss,) if miss else ()


def distance(miss: Miss) -> float:
    """How far a threshold was missed, relative to its limit; infinite when unknown."""
    if miss.margin is None or isinstance(miss.limit, bool | str | tuple):
        return float("inf") if miss.value is None else 1.0
    return abs(miss.margin) / max(abs(miss.limit or 0.0), 1e-9)


def _miss(threshold: Threshold, lookup: Lookup) -> Miss | None:
    fact = lookup(threshold.fact)
    limit, note = _limit(threshold, lookup)
    known = fact.value is not None and limit is not None
    if known and met(threshold.comparison, fact.value, limit):
        return None
    numeric = known and _is_number(fact.value) and _is_number(limit)
    return Miss(
        fact=fact.name,
        value=fact.value,
        unit=fact.unit,
        comparison=threshold.comparison,
        limit=limit,
        margin=float(fact.value) - float(limit) if numeric else None,  # type: ignore[arg-type]
        note=fact.note or note,
    )


def _limit(threshold: Threshold, lookup: Lookup) -> tuple[Any, str]:
    limit = threshold.limit
    if isinstance(limit, FactLimit):
        other = lookup(limit.fact)
        return other.value, f"limit {limit.fact} is {other.note}" if other.value is None else ""
    if threshold.comparison in ("equals", "one_of"):
        return limit, ""
    quantity = split_quantity(limit)
    return (quantity[0], "") if quantity else (None, f"{limit!r} is not a quantity")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def met(comparison: str, value: Any, limit: Any) -> bool:
    """Whether a known value compares with a known limit as the threshold wants."""
    if comparison == "one_of":
        return isinstance(value, str) and value in limit
    if comparison == "equals":
        return bool(value == limit) and isinstance(value, bool) == isinstance(limit, bool)
    return _is_number(value) and _is_number(limit) and bool(_ORDER[comparison](value, limit))


_ORDER = {"at_least": operator.ge, "at_most": operator.le, "above": operator.gt, "below": operator.lt}
_WORDS = {
    "at_least": "at least",
    "at_most": "at most",
    "above": "above",
    "below": "below",
    "equals": "",
    "one_of": "one of",
}


def words(miss: Miss, shown: str = "") -> str:
    """What would have had to be: `quote.usd were at most 22 USD (is 31 USD)`.

    Args:
        miss: what was missed.
        shown: the value as it is to be read, where it may only be rounded one way.
    """
    return f"{miss.fact} were {_needed(miss)} ({f'is {shown}' if shown else _found(miss)})"


def shortfall(miss: Miss) -> str:
    """What is, and what it takes: `quote.usd is 31 USD, takes at most 22 USD`."""
    return f"{miss.fact} {_found(miss)}, takes {_needed(miss)}"


def _needed(miss: Miss) -> str:
    if isinstance(miss.limit, tuple):
        limit = ", ".join(map(str, miss.limit))
    else:
        limit = "known" if miss.limit is None else show(miss.limit, miss.unit)
    return f"{_WORDS[miss.comparison]} {limit}".strip()


def _found(miss: Miss) -> str:
    if miss.value is None:
        return f"is unknown ({miss.note})" if miss.note != "unknown" else "is unknown"
    return f"is {show(miss.value, miss.unit)}" + (f"; {miss.note}" if miss.note else "")


def show(value: FactValue, unit: str = "") -> str:
    """A value for people: flags as yes and no, numbers with four digits and their unit."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return f"{text} {unit}".strip()
