"""Branch and bound on the columns that cuts and fixings leave, best first.

Land & Doig 1960, Econometrica 28, 497.
"""

import heapq
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from problems.optimisation.engines.base import Incumbent
from problems.optimisation.engines.bounds.cut_pool import CutPool, spread
from problems.optimisation.engines.mip_nodes import MipNode, MipNodeMaker
from problems.optimisation.engines.proof_tree import proof_nodes

SHIFT = 20
"""Binary places of multipliers."""
MOST_NUMBERS = 5_000_000
"""Of the multipliers of all leaves together, which go into the proof."""


class CutTree:
    """A tree on a pool as it is now.

    Attributes:
        limit: what answers may cost that were looked for when it was planted; None without any known.
        rows: numbers of the cuts in use.
        made: nodes so far.
        over: whether nothing is open, or the proof would be too long.
    """

    def __init__(self, pool: CutPool, limit: int | None) -> None:
        self.limit, self.rows, self.made, self.over = limit, list(pool.active), 0, False
        grown = pool.grown()
        self._columns = np.flatnonzero(grown.top > 0)
        self._whole, self._base = grown, pool.mip
        self._part = replace(
            grown,
            cost=grown.cost[self._columns],
            matrix=csr_array(grown.matrix[:, self._columns]),
            top=grown.top[self._columns],
        )
        self._nodes, self._root = MipNodeMaker(self._part), MipNode()
        self._nodes.shift = SHIFT
        self._open: list[tuple[int, int, MipNode]] = []
        self._stuck: list[int] = []

    def step(self, incumbent: Incumbent) -> float:
        """Bounds the root, or divides a node and bounds its children; returns the work in seconds."""
        before = self.made
        if not self.made:
            self._enter(self._root, incumbent)
        else:
            self._divide(incumbent)
        self.over = not self._open or self.made * self._part.rows > MOST_NUMBERS
        return 1e-4 + (self.made - before) * (5e-3 + 1.5e-6 * int(self._part.matrix.nnz))

    def bounds(self, cost: int | None) -> list[int]:
        """Of what is not closed, and the cost that closes the rest: pruned nodes cost that or more."""
        least = [*self._stuck, *(node.proven for _, _, node in self._open)]
        return least if cost is None else [*least, cost]

    def stated(self, number: dict[int, int]) -> list[dict[str, Any]]:
        """The nodes of the proof, columns and rows numbered as there."""
        return [self._renamed(node, number) for node in proof_nodes(self._root)]

    def notes(self) -> dict[str, Any]:
        """Nodes so far, those that are open, and the columns that they divide."""
        return {"nodes": self.made, "open": len(self._open), "columns": len(self._columns)}

    def _renamed(self, node: dict[str, Any], number: dict[int, int]) -> dict[str, Any]:
        if "branch" in node:
            return node | {"branch": int(self._columns[node["branch"]])}
        ((kind, duals),) = node.items()
        names = [*range(self._base.rows), *self.rows]
        return {kind: spread(dict(zip(names, duals, strict=True)), number, len(number))}

    def _divide(self, incumbent: Incumbent) -> None:
        _, _, node = heapq.heappop(self._open)
        if incumbent.cost is not None and node.proven >= incumbent.cost:
            return
        children = self._nodes.divide(node)
        if children is None:
            self._stuck.append(node.proven)
            return
        for child in children:
            self._enter(child, incumbent)
        node.children, node.duals, node.x = children, None, None

    def _enter(self, node: MipNode, incumbent: Incumbent) -> None:
        self._nodes.bound(node, incumbent.cost, incumbent.left_s())
        self.made += 1
        whole = self._nodes.whole(node)
        if whole is not None:
            x = np.zeros(self._base.columns, dtype=np.int64)
            x[self._columns] = whole
            incumbent.offer(self._base.point_of(x), "cutting_planes")
        if not node.empty and (incumbent.cost is None or node.proven < incumbent.cost):
            heapq.heappush(self._open, (node.proven, -self.made, node))
