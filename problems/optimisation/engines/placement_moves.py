"""What a large neighbourhood search of placements takes out, and how it puts it back in.

Greedy by benefit density is the usual start for knapsacks (Kellerer, Pferschy & Pisinger 2004, ch. 10);
removals and noise follow Ropke & Pisinger 2006, Transportation Science 40, 455.
"""

from collections.abc import Callable
from random import Random

from problems.optimisation.engines.placement_state import PlacementState

Removal = Callable[[PlacementState, int, Random], list[int]]
"""Chooses about so many placed patients of a placement that has some."""
Insertion = Callable[[PlacementState, list[int], Random], int]
"""Puts patients back in, where possible; returns how many it tried."""

_BLINK = 0.1
"""How often a possible place is passed over."""


def random_removal(placement: PlacementState, count: int, random: Random) -> list[int]:
    """Anybody."""
    placed = placement.placed()
    return random.sample(placed, min(count, len(placed)))


def place_removal(placement: PlacementState, count: int, random: Random) -> list[int]:
    """Everybody of some places, place after place until there are enough."""
    placed = placement.placed()
    order = list({placement.place[p]: None for p in random.sample(placed, len(placed))})
    chosen: list[int] = []
    for place in order:
        if len(chosen) >= count:
            break
        chosen += [p for p in placed if placement.place[p] == place]
    return chosen


def sparse_removal(placement: PlacementState, count: int, random: Random) -> list[int]:
    """Those who use much for what is gained."""
    density = placement.ward.density
    return sorted(placement.placed(), key=lambda p: density[p] * random.random())[:count]


def rival_removal(placement: PlacementState, count: int, random: Random) -> list[int]:
    """Those who are where somebody who waits could be; anybody where nobody waits."""
    waiting = [p for p in placement.waiting() if placement.ward.suited[p]]
    if not waiting:
        return random_removal(placement, count, random)
    wanted = set(placement.ward.suited[random.choice(waiting)])
    rivals = [p for p in placement.placed() if placement.place[p] in wanted]
    return random.sample(rivals, min(count, len(rivals)))


def greedy_insertion(placement: PlacementState, patients: list[int], random: Random) -> int:
    """By density."""
    density = placement.ward.density
    return _in_order(placement, sorted(patients, key=lambda p: -density[p]), random)


def perturbed_insertion(placement: PlacementState, patients: list[int], random: Random) -> int:
    """By density with noise."""
    density = placement.ward.density
    noisy = {p: -density[p] * (0.4 + random.random()) for p in patients}
    return _in_order(placement, sorted(patients, key=noisy.__getitem__), random)


def gainful_insertion(placement: PlacementState, patients: list[int], random: Random) -> int:
    """By what each can gain at most, with noise."""
    gain = placement.ward.gain
    noisy = {p: -max(gain[p].values(), default=0) * (0.6 + random.random()) for p in patients}
    return _in_order(placement, sorted(patients, key=noisy.__getitem__), random)


def choosy_insertion(placement: PlacementState, patients: list[int], random: Random) -> int:
    """Those first whom fewest places suit, with noise."""
    suited = placement.ward.suited
    noisy = {p: len(suited[p]) * (0.5 + random.random()) for p in patients}
    return _in_order(placement, sorted(patients, key=noisy.__getitem__), random)


def _in_order(placement: PlacementState, patients: list[int], random: Random) -> int:
    for patient in patients:
        for place in placement.ward.suited[patient]:
            if placement.fits(patient, place) and random.random() >= _BLINK:
                placement.put(patient, place)
                break
    return len(patients)


REMOVALS: tuple[Removal, ...] = (random_removal, place_removal, sparse_removal, rival_removal)
INSERTIONS: tuple[Insertion, ...] = (
    greedy_insertion,
    perturbed_insertion,
    gainful_insertion,
    choosy_insertion,
)
