"""Branch and bound over the MIP, with multipliers for a proof in exact arithmetic."""

import heapq
from typing import Any, ClassVar

import numpy as np
from threadpoolctl import threadpool_limits

from problems.optimisation.engines.base import Incumbent, Unsuitable
from problems.optimisation.engines.mip_nodes import MipNode, MipNodeMaker
from problems.optimisation.engines.proof_tree import proof_nodes
from problems.optimisation.forms.compile import compile_mip
from problems.optimisation.forms.vertex_sets import neighbours, repaired
from problems.optimisation.model.models import Appointments, IndependentSet, Model, Triage
from problems.optimisation.proofs.model import Proof

MOST_COLUMNS = 20_000
"""Beyond, a node takes seconds."""
MOST_NUMBERS = 20_000_000
"""Of the multipliers of all leaves together, which go into the proof."""
LATER = 1.25
"""Factor of work after which an open tree's bound is proven again."""


class MipTree:
    """Best first: the node with the least bound is divided (Land & Doig 1960, Econometrica 28, 497)."""

    name: ClassVar[str] = "mip_tree"
    deterministic: ClassVar[bool] = True

    def __init__(self, model: Model, seed: int) -> None:
        if not isinstance(model, Appointments | Triage | IndependentSet):
            raise Unsuitable(f"{self.name} treats appointments, triage and independent_set, not {model.kind}")
        self._mip = compile_mip(model)
        if self._mip.columns > MOST_COLUMNS:
            raise Unsuitable(f"expected at most {MOST_COLUMNS} columns, got {self._mip.columns}")
        self._nodes = MipNodeMaker(self._mip)
        self._graph = neighbours(model) if isinstance(model, IndependentSet) else None
        self._root = MipNode()
        self._open: list[tuple[int, int, MipNode]] = []
        self._made, self._told_s = 0, 0.0
        self._board: Incumbent

    def run(self, incumbent: Incumbent, effort_s: float) -> bool:
        """See `base.Engine`; a node is one step."""
        self._board = incumbent
        with threadpool_limits(1):
            return self._run(effort_s)

    def _run(self, effort_s: float) -> bool:
        until_s = self._nodes.work_s + effort_s
        while not self._board.stop() and self._nodes.work_s < until_s:
            if self._made and not self._open:
                break
            if self._made * self._mip.rows > MOST_NUMBERS:
                self._tell()
                return False
            self._step()
        if self._made:
            self._tell()
        return not self._made or bool(self._open)

    def notes(self) -> dict[str, Any]:
        """Nodes so far, and those that are open."""
        return {"nodes": self._made, "open": len(self._open)}

    def _step(self) -> None:
        """Bounds the root, or divides the open node with the least bound and bounds its children."""
        if not self._made:
            self._enter(self._root)
            return
        _, _, node = heapq.heappop(self._open)
        cost = self._board.cost
        if cost is not None and node.proven >= cost:
            return
        children = self._nodes.divide(node)
        if children is None:
            return
        for child in children:
            self._enter(child)
        node.children, node.duals, node.x = children, None, None
        if self._nodes.work_s > LATER * self._told_s:
            self._tell()

    def _enter(self, node: MipNode) -> None:
        """Bounds a new node, and keeps it open unless that closes it."""
        self._nodes.bound(node, self._board.cost, self._board.left_s())
        self._made += 1
        self._offer(node)
        cost = self._board.cost
        if not node.empty and (cost is None or node.proven < cost):
            heapq.heappush(self._open, (node.proven, -self._made, node))

    def _offer(self, node: MipNode) -> None:
        whole = self._nodes.whole(node)
        if whole is not None:
            self._board.offer(self._mip.point_of(whole), self.name)
        elif self._graph is not None and node.x is not None:
            self._board.offer(repaired((node.x > 0.5).astype(np.int32), self._graph), self.name)

    def _tell(self) -> None:
        """Proves the least bound of what is open; with nothing open, the best cost that is known."""
        self._told_s = self._nodes.work_s
        least = [node.proven for _, _, node in self._open]
        if self._board.cost is not None:
            least.append(self._board.cost)
        known = self._board.certified_bound
        if not least or (known is not None and min(least) <= known):
            return
        data = {"form": "mip", "shift": self._nodes.shift, "nodes": proof_nodes(self._root)}
        self._board.prove(Proof("tree", min(least), data), self.name)
