"""Vertex sets made independent, and then larger."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from problems.optimisation.model.models import IndependentSet

Neighbours = tuple[frozenset[int], ...]


def neighbours(model: IndependentSet) -> Neighbours:
    """The neighbours of each vertex."""
    found: list[set[int]] = [set() for _ in range(model.vertices)]
    for u, v in model.edges:
        found[u].add(v)
        found[v].add(u)
    return tuple(frozenset(each) for each in found)


def repaired(bits: NDArray[np.int32], graph: Neighbours) -> NDArray[np.int32]:
    """Leaves out the vertices with most neighbours inside until the set is independent, then enlarges it.

    Enlarging means: add what can be added, then put two vertices for one while that is possible, the
    (1,2)-swaps of Andrade, Resende & Werneck 2012, J. Heuristics 18, 525.
    """
    inside = set(np.flatnonzero(bits).tolist())
    _make_independent(inside, graph)
    _fill(inside, range(len(graph)), graph)
    while (swap := _two_for_one(inside, graph)) is not None:
        leaves, enter = swap
        inside.remove(leaves)
        inside.update(enter)
        _fill(inside, graph[leaves], graph)
    found = np.zeros(len(graph), dtype=np.int32)
    found[sorted(inside)] = 1
    return found


def _make_independent(inside: set[int], graph: Neighbours) -> None:
    while True:
        clashes = [(len(graph[v] & inside), v) for v in inside]
        worst, vertex = max(clashes, default=(0, -1))
        if worst == 0:
            return
        inside.remove(vertex)


def _fill(inside: set[int], among: Iterable[int], graph: Neighbours) -> None:
    """Adds vertices that have no neighbour inside, those with few neighbours first."""
    for v in sorted(among, key=lambda v: (len(graph[v]), v)):
        if v not in inside and inside.isdisjoint(graph[v]):
            inside.add(v)


def _two_for_one(inside: set[int], graph: Neighbours) -> tuple[int, tuple[int, int]] | None:
    """A vertex of the set and two outside, not joined, whose one neighbour inside it is."""
    only: dict[int, list[int]] = {}
    for v in range(len(graph)):
        if v not in inside:
            held = graph[v] & inside
            if len(held) == 1:
                only.setdefault(next(iter(held)), []).append(v)
    for vertex, free in sorted(only.items()):
        for place, first in enumerate(free):
            second = next((w for w in free[place + 1 :] if w not in graph[first]), None)
            if second is not None:
                return vertex, (first, second)
    return None
