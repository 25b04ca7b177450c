"""Independent sets made feasible and improved by exchanges."""

import numpy as np

from problems.optimisation.model.models import IndependentSet
from problems.optimisation.model.points import Point


def improved(model: IndependentSet, point: Point) -> Point:
    """Leaves out vertices until no edge is inside, adds what fits, then exchanges one vertex for two.

    The exchange is that of Andrade, Resende & Werneck 2012 (J. Heuristics 18, 525): a member leaves for two
    vertices that are not joined and have no other neighbour among the members. Never smaller than
    `members - edges inside`.
    """
    near: list[set[int]] = [set() for _ in range(model.vertices)]
    for u, v in model.edges:
        near[u].add(v)
        near[v].add(u)
    members = {int(v) for v in np.flatnonzero(point)}
    _leave(near, members)
    _fill(near, members)
    while _exchange(near, members):
        _fill(near, members)
    made = np.zeros(model.vertices, dtype=np.int32)
    made[sorted(members)] = 1
    return made


def _leave(near: list[set[int]], members: set[int]) -> None:
    while True:
        inside = {v: len(near[v] & members) for v in members}
        worst = max(members, key=lambda v: (inside[v], -v), default=None)
        if worst is None or not inside[worst]:
            return
        members.discard(worst)


def _fill(near: list[set[int]], members: set[int]) -> None:
    for v in range(len(near)):
        if v not in members and not near[v] & members:
            members.add(v)


def _exchange(near: list[set[int]], members: set[int]) -> bool:
    for v in sorted(members):
        loose = sorted(w for w in near[v] if near[w] & members == {v})
        for w in loose:
            other = next((x for x in loose if x > w and x not in near[w]), None)
            if other is not None:
                members -= {v}
                members |= {w, other}
                return True
    return False
