"""Which problems lie on a heavy-hex lattice as they are: every coupling between two coupled qubits.

Heavy-hex: rows of qubits, joined by bridges at every fourth column, shifted by two from row to row
(Chamberland et al. 2020, Phys. Rev. X 10, 011022).
"""

from collections.abc import Sequence
from functools import cache

import networkx as nx

ROWS = 8
COLUMNS = 16
"""Of the rows of heavy-hex devices with 156 qubits."""

MOST_STEPS = 200_000

Place = tuple[int, int]
"""Row and column; bridges lie in odd rows."""


@cache
def heavy_hex(rows: int = ROWS, columns: int = COLUMNS) -> "nx.Graph[Place]":
    """Returns the lattice; its vertices are places."""
    lattice: nx.Graph[Place] = nx.Graph()
    for row in range(rows):
        nx.add_path(lattice, [(2 * row, column) for column in range(columns)])
    for row in range(rows - 1):
        for column in range(3 if row % 2 == 0 else 1, columns, 4):
            nx.add_path(lattice, [(2 * row + k, column) for k in range(3)])
    return lattice


def embed(size: int, pairs: Sequence[tuple[int, int]]) -> tuple[Place, ...] | None:
    """Places vertices on the lattice so that every pair is coupled there.

    Depth first, each vertex next to one that is placed already (so at most three choices), in an order that
    closes cycles early; given up after `MOST_STEPS`.

    Returns:
        One place a vertex; None where there is no way, or none was found.
    """
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(size))
    graph.add_edges_from(pairs)
    if size > heavy_hex().number_of_nodes() or not _possible(graph):
        return None
    search = _Search(graph, _order(graph))
    return tuple(search.placed[v] for v in range(size)) if search.run() else None


def _possible(graph: "nx.Graph[int]") -> bool:
    """Cheap conditions: degrees up to 3, no two vertices of degree 3 side by side, two colours."""
    degree = dict(graph.degree())
    if max(degree.values(), default=0) > 3 or not nx.is_bipartite(graph):
        return False
    return not any(degree[a] == 3 and degree[b] == 3 for a, b in graph.edges())


def _order(graph: "nx.Graph[int]") -> list[int]:
    """Component by component, largest first; next the vertex with most placed neighbours, then degree."""
    order: list[int] = []
    pieces = sorted(nx.connected_components(graph), key=lambda piece: (-len(piece), min(piece)))
    for piece in pieces:
        start = max(piece, key=lambda v: (graph.degree(v), -v))
        front, seen = [start], {start}
        while front:
            taken = set(order)
            best = max(
                front, key=lambda v: (sum(w in taken for w in graph[v]), graph.degree(v), -front.index(v))
            )
            front.remove(best)
            order.append(best)
            fresh = [w for w in sorted(graph[best]) if w not in seen]
            front += fresh
            seen.update(fresh)
    return order


class _Search:
    def __init__(self, graph: "nx.Graph[int]", order: list[int]) -> None:
        self.graph, self.order = graph, order
        self.lattice = heavy_hex()
        self.middle = sorted(self.lattice, key=lambda p: abs(p[0] - ROWS + 1) + abs(p[1] - COLUMNS // 2))
        self.placed: dict[int, Place] = {}
        self.taken: set[Place] = set()
        self.steps = 0

    def run(self) -> bool:
        """Without recursion: one iterator of choices a depth."""
        choices = [iter(self._choices(0))] if self.order else []
        while choices:
            depth = len(choices) - 1
            vertex = self.order[depth]
            if vertex in self.placed:
                self.taken.discard(self.placed.pop(vertex))
            place = next(choices[-1], None)
            self.steps += 1
            if self.steps > MOST_STEPS:
                return False
            if place is None:
                choices.pop()
                continue
            self.placed[vertex] = place
            self.taken.add(place)
            if depth + 1 == len(self.order):
                return True
            choices.append(iter(self._choices(depth + 1)))
        return not self.order

    def _choices(self, depth: int) -> list[Place]:
        vertex = self.order[depth]
        near = [self.placed[w] for w in self.graph[vertex] if w in self.placed]
        options = self.lattice[near[0]] if near else self.middle
        return [
            place
            for place in options
            if place not in self.taken
            and self.lattice.degree(place) >= self.graph.degree(vertex)
            and all(self.lattice.has_edge(place, other) for other in near)
        ]
