"""Interchangeable clinicians (or rooms): who can serve the same requests during the same span of time.

An appointment lies within one span of one of them. So members of a pool are counted, not named, while
planning; names are dealt out afterwards, by colouring intervals greedily in order of their starts, which
never needs more members than are busy at once (Golumbic 1980, ch. 8).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from problems.optimisation.model.models import Clinician, Names, Room, Span


@dataclass(frozen=True)
class ResourcePool:
    """Members who are all there in the slots from first to the one before last, and serve the same requests.

    Attributes:
        members: their places in the model's list, in order.
        serves: the requests (sets of skills or equipment, sorted names) that each of them meets.
        first: first slot of the span.
        last: slot after the span's last.
    """

    members: tuple[int, ...]
    serves: frozenset[Names]
    first: int
    last: int

    def takes(self, request: Names, start: int, end: int) -> bool:
        """Whether an appointment fits, as far as one alone goes."""
        return request in self.serves and self.first <= start and end <= self.last


def pools(resources: Sequence[Clinician | Room], requests: Iterable[Names]) -> tuple[ResourcePool, ...]:
    """Groups clinicians or rooms, by the requests that occur and by span; in order of span."""
    asked = sorted(set(requests))
    found: dict[tuple[Span, tuple[Names, ...]], list[int]] = {}
    for place, resource in enumerate(resources):
        offered = set(resource.skills if isinstance(resource, Clinician) else resource.equipment)
        serves = tuple(request for request in asked if offered.issuperset(request))
        if serves:
            for span in resource.shifts:
                found.setdefault((span, serves), []).append(place)
    return tuple(
        ResourcePool(tuple(members), frozenset(serves), *span)
        for (span, serves), members in sorted(found.items())
    )


def deal(pool: ResourcePool, spans: Sequence[Span]) -> list[int]:
    """Returns a member for each appointment, none of them double-booked.

    Raises:
        ValueError: where more are busy at once than the pool has members.
    """
    free_from = dict.fromkeys(pool.members, pool.first)
    chosen = [-1] * len(spans)
    for k in sorted(range(len(spans)), key=lambda k: spans[k]):
        start, end = spans[k]
        member = next((m for m in pool.members if free_from[m] <= start), None)
        if member is None:
            raise ValueError(f"more than {len(pool.members)} appointments at slot {start} in one pool")
        chosen[k], free_from[member] = member, end
    return chosen
