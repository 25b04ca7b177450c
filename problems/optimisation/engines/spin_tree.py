"""Branch and bound over spins, on semidefinite bounds with triangles (Rendl, Rinaldi & Wiegele 2010).

Math. Program. 121, 307 (Biq Mac) branches in the same way; the bounds are those of `bounds.cutting`.
"""

import heapq
from typing import Any, ClassVar

import numpy as np
from threadpoolctl import threadpool_limits

from problems.optimisation.engines.base import Incumbent, Unsuitable
from problems.optimisation.engines.bounds.cutting import Cutting
from problems.optimisation.engines.bounds.low_rank import sparse_matrix
from problems.optimisation.engines.bounds.multipliers import places
from problems.optimisation.engines.bounds.rounding import Reader, hyperplanes
from problems.optimisation.engines.proof_tree import proof_nodes
from problems.optimisation.engines.spin_nodes import SpinNode, child, plant, rows, take, undecided
from problems.optimisation.forms.spins import spin_form
from problems.optimisation.model.models import IndependentSet, MaxCut, Model, Qubo
from problems.optimisation.proofs.model import Proof

MOST_SPINS = 500
"""Beyond, a node takes minutes."""
MOST_NODES = 5000
"""Their multipliers stay in memory, and go into the proof."""
SAMPLES = 20
"""Hyperplanes at the root; a node has a fifth of that."""
PATIENCE = 4
"""Rounds of the latest gains that may be missing; with more missing, the node is divided."""
TRIED = 2
"""Rounds that every node has, and whose gains are looked at."""
LATER = 1.25
"""Factor of work after which an open tree's bound is proven again."""


class SpinTree:
    """Best first: the node with the least bound is tightened, and divided where that gains too little."""

    name: ClassVar[str] = "spin_tree"
    deterministic: ClassVar[bool] = True

    def __init__(self, model: Model, seed: int) -> None:
        if not isinstance(model, Qubo | MaxCut | IndependentSet):
            raise Unsuitable(f"expected an instance of bits, got {model.kind}")
        if not 2 <= model.size <= MOST_SPINS:
            raise Unsuitable(f"expected 2 to {MOST_SPINS} variables, got {model.size}")
        self._form = spin_form(model)
        self._matrix = sparse_matrix(self._form)
        self._reader = Reader(model)
        self._rng = np.random.default_rng(seed)
        self._root: SpinNode | None = None
        self._open: list[tuple[float, int, SpinNode]] = []
        self._nodes, self._pushed = 0, 0
        self._work_s, self._told_s = 0.0, 0.0
        self._board: Incumbent

    def run(self, incumbent: Incumbent, effort_s: float) -> bool:
        """See `base.Engine`; a round of triangles in a node is one step."""
        self._board = incumbent
        with threadpool_limits(1):
            return self._run(effort_s)

    def _run(self, effort_s: float) -> bool:
        until_s = self._work_s + effort_s
        while not self._board.stop():
            if self._root is None:
                self._plant()
            elif not self._open or self._nodes >= MOST_NODES:
                self._tell()
                return False
            elif self._work_s >= until_s:
                return True
            else:
                self._step()
        if self._root is not None:
            self._tell()
        return self._root is None or bool(self._open)

    def notes(self) -> dict[str, Any]:
        """Nodes so far, those that are open, and the root's bound."""
        bound = self._root.proven if self._root else None
        return {"nodes": self._nodes, "open": len(self._open), "root": bound}

    def _plant(self) -> None:
        """The root; under a mirror where turning every spin changes nothing."""
        self._root = plant(self._form)
        self._round(self._root, SAMPLES)
        if self._form.symmetric:
            self._root.split = undecided(self._root)
            self._root.children = (child(self._root, self._root.split, 0, self._form),)
        self._enter(self._root.children[0] if self._root.children else self._root)
        self._tell()

    def _enter(self, node: SpinNode) -> None:
        """Counts a new node, and keeps it open unless it is closed by its first bound."""
        self._nodes += 1
        if node.cutting is not None:
            self._work_s += node.cutting.work_s
        self._keep(node)

    def _keep(self, node: SpinNode) -> None:
        cost = self._board.cost
        if node.cutting is None or (cost is not None and node.proven >= cost):
            node.cutting = None
            return
        self._pushed += 1
        heapq.heappush(self._open, (node.cutting.value, self._pushed, node))

    def _step(self) -> None:
        """Tightens or divides the node with the least bound."""
        _, _, node = heapq.heappop(self._open)
        cutting, cost = node.cutting, self._board.cost
        assert cutting is not None
        assert cost is not None
        missing = cost - 1 - cutting.value
        if node.proven >= cost:
            node.cutting = None
        elif len(node.gains) < TRIED or missing <= PATIENCE * max(node.gains[-TRIED:], default=0.0):
            self._tighten(node, cutting, cost)
        else:
            self._divide(node)
        if self._work_s > LATER * self._told_s:
            self._tell()

    def _tighten(self, node: SpinNode, cutting: Cutting, cost: int) -> None:
        worked, before = cutting.work_s, cutting.value
        cutting.round(cost, self._board.stop)
        node.gains.append(cutting.value - before)
        take(node)
        self._work_s += cutting.work_s - worked
        self._round(node, SAMPLES // 5)
        self._keep(node)

    def _divide(self, node: SpinNode) -> None:
        node.split = undecided(node)
        node.children = tuple(child(node, node.split, bit, self._form) for bit in (0, 1))
        node.cutting, node.leaf = None, {}
        for each in node.children:
            self._enter(each)

    def _tell(self) -> None:
        """Proves the least bound of what is open; with nothing open, the best cost that is known."""
        assert self._root is not None
        self._told_s = self._work_s
        cost = self._board.cost
        assert cost is not None
        bound = min([cost, *(node.proven for _, _, node in self._open)])
        known = self._board.certified_bound
        if known is None or bound > known:
            data = {"form": "spins", "shift": places(self._form), "nodes": proof_nodes(self._root)}
            self._board.prove(Proof("tree", bound, data), self.name)

    def _round(self, node: SpinNode, samples: int) -> None:
        """Offers points from a node's primal, improved with no bit fixed any more."""
        front = not self._form.symmetric
        vectors = rows(node) if front else rows(node)[1:]
        for spins in hyperplanes(self._matrix, vectors, samples, self._rng):
            self._board.offer(self._reader.point(spins, front), self.name)
