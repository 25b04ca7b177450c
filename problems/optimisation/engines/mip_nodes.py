"""Nodes of a branch and bound over a MIP."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from problems.optimisation.engines.bounds.linear import Linear
from problems.optimisation.forms.mip import FREE, Ints, Mip
from problems.optimisation.proofs.mip_dual import ExactDual, rounded_up

Floats = NDArray[np.float64]

INTEGRAL = 1e-6
"""How far from a whole number a value may be to count as one."""


@dataclass(eq=False)
class MipNode:
    """A box.

    Attributes:
        parent: the node that it is a part of; None for the root.
        step: the column that the parent divides, and its least and most value here.
        x: the relaxation's answer; None where none is known.
        duals: multipliers of the rows, or a ray.
        empty: whether the multipliers are a ray: the box holds no answer.
        proven: a bound that the multipliers prove.
        at: column and value that its children are below or at, and above.
        children: none for a leaf.
    """

    parent: "MipNode | None" = None
    step: tuple[int, int, int] = (0, 0, 0)
    x: Floats | None = None
    duals: Ints | None = None
    empty: bool = False
    proven: int = 0
    at: tuple[int, int] = (0, 0)
    children: tuple["MipNode", ...] = ()

    def stated(self, places: list[int]) -> dict[str, Any]:
        """See `proof_tree.Stated`."""
        if places:
            return {"branch": self.at[0], "at": self.at[1], "children": places}
        assert self.duals is not None
        return {"ray" if self.empty else "duals": self.duals.tolist()}


class MipNodeMaker:
    """Makes nodes of one MIP, and bounds them."""

    def __init__(self, mip: Mip) -> None:
        self._mip = mip
        self._linear, self._exact = Linear(mip), ExactDual(mip)
        self._entries = np.diff(mip.transposed.indptr)
        self.shift = int(mip.matrix.nnz).bit_length() + 2
        self.work_s = 0.0

    def box(self, node: MipNode) -> tuple[Ints, Ints]:
        """Least and most value of every column."""
        low, high = np.zeros_like(self._mip.top), self._mip.top.copy()
        each: MipNode | None = node
        while each is not None and each.parent is not None:
            column, least, most = each.step
            low[column], high[column] = max(low[column], least), min(high[column], most)
            each = each.parent
        return low, high

    def bound(self, node: MipNode, cost: int | None, limit_s: float) -> None:
        """Finds multipliers of a new node: its parent's where they suffice, else its relaxation's."""
        low, high = self.box(node)
        self._try(node, node.parent.duals if node.parent else np.zeros(self._mip.rows), low, high)
        if (cost is not None and node.proven >= cost) or node.empty:
            return
        solved = self._linear.solve(low, high, limit_s)
        self.work_s += 3e-3 + 2e-8 * (solved.steps if solved else 100) * self._mip.matrix.nnz
        if solved is None:
            return
        node.x = solved.x
        whole = np.rint(solved.duals * 2.0**self.shift).astype(np.int64)
        if solved.x is not None:
            self._try(node, whole, low, high)
        elif self._exact.weigh(self._allowed(whole), self.shift, low, high, priced=False) > 0:
            node.duals, node.empty = np.array(self._allowed(whole), dtype=np.int64), True

    def divide(self, node: MipNode) -> tuple[MipNode, MipNode] | None:
        """Two children, by the column furthest from whole numbers; None where the box is one vector."""
        low, high = self.box(node)
        away = np.zeros(len(low)) if node.x is None else np.abs(node.x - np.rint(node.x))
        if away.max(initial=0.0) > INTEGRAL:
            column = int((away * self._entries).argmax())
            assert node.x is not None
            at = int(np.floor(node.x[column]))
        elif (high > low).any():
            column = int((high > low).argmax())
            at = int(low[column])
        else:
            return None
        node.at = (column, at)
        below = MipNode(node, (column, int(low[column]), at))
        return below, MipNode(node, (column, at + 1, int(high[column])))

    def whole(self, node: MipNode) -> Ints | None:
        """The relaxation's answer where it is whole and feasible."""
        if node.x is None or np.abs(node.x - np.rint(node.x)).max(initial=0.0) > INTEGRAL:
            return None
        x = np.rint(node.x).astype(np.int64)
        rows = self._mip.matrix @ x
        fits = (rows >= self._mip.lower) & (rows <= self._mip.upper)
        return x if fits.all() and (x <= self._mip.top).all() else None

    def _try(self, node: MipNode, duals: Any, low: Ints, high: Ints) -> None:
        """Takes multipliers that prove more than the node's do."""
        allowed = self._allowed(np.asarray(duals, dtype=np.int64))
        proven = rounded_up(self._exact.weigh(allowed, self.shift, low, high), self.shift)
        if node.duals is None or proven > node.proven:
            node.duals, node.proven = np.array(allowed, dtype=np.int64), proven

    def _allowed(self, duals: Ints) -> list[int]:
        """Without multipliers for sides that rows do not have, as the solver's tolerances may leave them."""
        wrong = (duals > 0) & (self._mip.lower == -FREE)
        wrong |= (duals < 0) & (self._mip.upper == FREE)
        allowed: list[int] = np.where(wrong, 0, duals).tolist()
        return allowed
