"""Packing problems as penalised quadratic forms, with weights that are derived.

A packing has items with a benefit each. Each item belongs to an owner; an owner has one item at most, one who
is required exactly one. Some pairs of items exclude each other, and some items together use a capacity. To be
least is base - Σ benefit.

Why the weights hold. Slack bits that reach exactly 0 … capacity leave max(0, excess)² of a capacity's square,
so for given items the penalties never fall when an item is added: dropping one hurts by its benefit alone.
Take any choice of items that breaks something.
1. Where an owner has several, drop the one worth least. The penalty falls by more than it is worth, as the
   weight is one more than the second largest benefit of the owner.
2. Where an excluded pair is chosen, drop the one worth less, or the one whose owner need not be served; the
   weight is one more than what is lost. Where a capacity is exceeded by one or more, drop the item worth
   least among those that use it and whose owners need not be served. A choice that exceeds it holds one worth
   no more than the `threshold`: the item at which the capacity overflows, when first all required owners
   take their largest use and then the others' items come in falling order of benefit. The weight is one more.
3. What is still broken is broken by required owners alone. Serving them all, and nobody else, is possible in
   some way wherever anything is, and costs at most base - Σ_required least benefit; the choice has
   base - Σ largest benefits, and at least one penalty. `beyond`, one more than the difference, is the weight
   of every constraint that required owners can break among themselves.
Every step falls strictly, so whatever breaks a constraint is above the least cost of what breaks none. Half
the weights are too little: the tests show it. (For one kind of constraint this is the argument of Hammer &
Rudeanu 1968; cf. Lucas 2014, Front. Phys. 2, 5.)
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import gcd

Form = dict[tuple[int, ...], int]
"""A quadratic form in bits: () the constant, (i,) linear, (i, j) with i < j products."""


@dataclass(frozen=True)
class Penalty:
    """A constraint as a form that is 0 where the constraint holds and at least 1 elsewhere.

    Attributes:
        constraint: which, in words.
        weight: what it is multiplied by.
        unit: the form, slack bits included; 0 for the best slack where the constraint holds.
    """

    constraint: str
    weight: int
    unit: Mapping[tuple[int, ...], int]


@dataclass(frozen=True)
class ResourceUse:
    """Items (by number) that use a capacity, how much of it, and how much there is."""

    name: str
    uses: Mapping[int, int]
    limit: int


@dataclass(frozen=True)
class Packing:
    """What to pack.

    Attributes:
        base: cost of packing nothing.
        benefits: at least 1, one an item.
        owners: one an item.
        required: owners that need exactly one item.
        excluded: pairs of items i < j of different owners that exclude each other.
        capacities: what is used up.
    """

    base: int
    benefits: tuple[int, ...]
    owners: tuple[int, ...]
    required: frozenset[int] = frozenset()
    excluded: tuple[tuple[int, int], ...] = ()
    capacities: tuple[ResourceUse, ...] = ()

    @cached_property
    def items_of(self) -> dict[int, list[int]]:
        """Items of each owner, those worth most first; required owners without any have none."""
        items: dict[int, list[int]] = {owner: [] for owner in sorted(self.required)}
        for item, owner in enumerate(self.owners):
            items.setdefault(owner, []).append(item)
        return {owner: sorted(own, key=lambda i: -self.benefits[i]) for owner, own in items.items()}

    @cached_property
    def beyond(self) -> int:
        """One more than anything gains by leaving required owners unserved."""
        gain = 0
        for owner, own in self.items_of.items():
            worth = [self.benefits[item] for item in own]
            if owner in self.required:
                gain += max(worth, default=0) - min(worth, default=0)
            else:
                gain += max(worth)
        return gain + 1

    def needed(self, item: int) -> bool:
        """Whether the item's owner is required."""
        return self.owners[item] in self.required

    def penalties(self) -> Iterator[Penalty]:
        """Every constraint, with its weight."""
        for owner, own in self.items_of.items():
            yield from self._ownership(owner, own)
        pairs: dict[int, Form] = {}
        for i, j in self.excluded:
            pairs.setdefault(self.exclusion(i, j), {})[i, j] = 1
        for weight, unit in sorted(pairs.items()):
            yield Penalty("items that exclude each other", weight, unit)
        slack = len(self.benefits)
        for capacity in self.capacities:
            for penalty in self._capacity(capacity, slack):
                slack = max(slack, 1 + max(bit for key in penalty.unit for bit in key))
                yield penalty

    def exclusion(self, i: int, j: int) -> int:
        """The weight of a pair of different owners' items that exclude each other."""
        if self.needed(i) and self.needed(j):
            return self.beyond
        free = [self.benefits[item] for item in (i, j) if not self.needed(item)]
        return min(free) + 1

    def threshold(self, capacity: ResourceUse) -> int:
        """The most that the least of the free items chosen can be worth where they exceed the capacity."""
        most: dict[int, int] = {}
        for item, use in capacity.uses.items():
            if self.needed(item):
                most[self.owners[item]] = max(use, most.get(self.owners[item], 0))
        used = sum(most.values())
        free = [item for item in capacity.uses if not self.needed(item)]
        for item in sorted(free, key=lambda i: -self.benefits[i]):
            used += capacity.uses[item]
            if used > capacity.limit:
                return self.benefits[item]
        return 0

    def _ownership(self, owner: int, own: list[int]) -> Iterator[Penalty]:
        second = self.benefits[own[1]] + 1 if len(own) > 1 else 1
        pairs: Form = {(min(p), max(p)): 1 for p in combinations(own, 2)}
        if owner not in self.required:
            if pairs:
                yield Penalty("one item an owner", second, pairs)
            return
        unit: Form = {(): 1} | {(item,): -1 for item in own} | dict.fromkeys(pairs, 2)
        yield Penalty("exactly one item for an owner that is required", max(second, self.beyond), unit)

    def _capacity(self, capacity: ResourceUse, slack: int) -> Iterator[Penalty]:
        """A square with slack; pairs where any two items are too much."""
        uses = {item: use for item, use in capacity.uses.items() if use}
        if sum(uses.values()) <= capacity.limit:
            return
        least = sorted(uses.values())[:2]
        # the two smallest uses are too much together, so any two are: excluded pairs need no slack bits
        if max(uses.values()) <= capacity.limit < sum(least):
            yield from self._pairwise(capacity.name, list(uses))
            return
        unit = square(uses, capacity.limit, slack)
        owners = {self.owners[item] for item in uses if self.needed(item)}
        alone = sum(max(uses.get(i, 0) for i in self.items_of[owner]) for owner in owners)
        weight = self.threshold(capacity) + 1
        if alone > capacity.limit:  # required owners can exceed it by themselves: step 3 above
            weight = max(weight, self.beyond)
        yield Penalty(capacity.name, weight, unit)

    def _pairwise(self, name: str, items: list[int]) -> Iterator[Penalty]:
        pairs: dict[int, Form] = {}
        for i, j in combinations(sorted(items), 2):
            if self.owners[i] != self.owners[j]:
                pairs.setdefault(self.exclusion(i, j), {})[i, j] = 1
        for weight, unit in sorted(pairs.items()):
            yield Penalty(name, weight, unit)


def square(uses: Mapping[int, int], limit: int, slack: int) -> Form:
    """(Σ use x + Σ slack - limit)², divided by the uses' common divisor; slack bits count from `slack`.

    The slack takes every value from 0 to the limit and no other: powers of two, and what is left (Lucas 2014,
    section 2.4). All uses are multiples of the divisor, so that the limit may be rounded down to one.
    """
    unit = gcd(*uses.values())
    limit = limit // unit
    terms = {item: use // unit for item, use in uses.items()}
    left, power = limit, 1
    while left > 0:
        terms[slack] = min(power, left)
        left, power, slack = left - terms[slack], 2 * power, slack + 1
    form: Form = {(): limit * limit}
    for i, a in terms.items():  # x² = x for bits, so that squares are linear
        form[i,] = a * a - 2 * a * limit
    for (i, a), (j, b) in combinations(terms.items(), 2):
        form[min(i, j), max(i, j)] = 2 * a * b
    return form
