"""Which cases are verified again tonight: half of them those that waited longest, half drawn at random.

Who waits is a queue: a case joins it at its end, when it is over and again whenever it was tried, and nobody
comes in before those that wait. Each sample takes at least half of its number from the front, so a case that
is the n-th of the queue is tried within n / half samples, however many cases end meanwhile. The random half
comes to cases anywhere in the queue before it is their turn.
"""

from collections.abc import Mapping
from random import Random


def draw(waits_since: Mapping[str, str], size: int, seed: str) -> tuple[str, ...]:
    """The cases to try, those that waited longest first.

    Args:
        waits_since: by case, when it ended or was last tried, whichever is later; ISO 8601 in UTC.
        size: how many at most.
        seed: of the random half.
    """
    queue = sorted(waits_since, key=lambda case_id: (waits_since[case_id], case_id))
    due, others = queue[: from_the_front(size)], queue[from_the_front(size) :]
    return (*due, *Random(seed).sample(others, min(size - len(due), len(others))))


def from_the_front(size: int) -> int:
    """How many of so many are those that waited longest."""
    return (size + 1) // 2


def within_nights(waiting: int, size: int) -> int:
    """The nights within which each of so many waiting cases is tried, whatever else is drawn."""
    return -(-waiting // from_the_front(size))
