"""The nodes of a tree over a MIP: branches on a column's range, leaves by weak duality."""

from typing import Any

from problems.optimisation.forms.mip import Ints, Mip
from problems.optimisation.proofs.mip_dual import ExactDual, rounded_up
from problems.optimisation.proofs.reading import Faulty, Undecided, fields, integer, shift_of
from problems.optimisation.proofs.tree import Node, Path, Step, Walked, steps_of, two, walk

MOST_WORK = 2 * 10**10
"""Matrix entries, rows and columns of all leaves together: about two minutes on one core."""


class MipNodes:
    """Reads nodes, and checks that every leaf proves one bound or holds no answer."""

    def __init__(self, mip: Mip, shift: int, bound: int) -> None:
        self._mip, self._shift, self._bound = mip, shift, bound
        self._dual = ExactDual(mip)
        self._each = int(mip.matrix.nnz) + mip.rows + mip.columns
        self._work = 0

    def __call__(self, node: Node, path: Path | None) -> list[tuple[Any, Step]]:
        """Reads one node; see `tree.Read`."""
        if "branch" in node:
            return self._branch(node, path)
        self._work += self._each
        if self._work > MOST_WORK:
            raise Undecided("the tree's leaves are more work than the verifier does")
        low, high = self._box(path)
        if "ray" in node:
            (ray,) = fields(node, ("ray",))
            if self._dual.weigh(ray, self._shift, low, high, priced=False) <= 0:
                raise Faulty("a leaf's ray does not show that it holds no answer")
            return []
        (duals,) = fields(node, ("duals",))
        proven = rounded_up(self._dual.weigh(duals, self._shift, low, high), self._shift)
        if proven < self._bound:
            raise Faulty(f"a leaf's multipliers prove {proven}, not {self._bound}")
        return []

    def _branch(self, node: Node, path: Path | None) -> list[tuple[Any, Step]]:
        sent, at, children = fields(node, ("branch", "at", "children"))
        column = integer(sent, "a branch's column", 0, self._mip.columns - 1)
        least, most = 0, int(self._mip.top[column])
        for other, first, last in steps_of(path):
            if other == column:
                least, most = max(least, first), min(most, last)
        where = integer(at, "where a branch divides", least, most - 1)
        below, above = two(children)
        return [(below, (column, least, where)), (above, (column, where + 1, most))]

    def _box(self, path: Path | None) -> tuple[Ints, Ints]:
        low, high = self._mip.top * 0, self._mip.top.copy()
        for column, first, last in steps_of(path):
            low[column], high[column] = max(low[column], first), min(high[column], last)
        return low, high


def check_mip_tree(mip: Mip, data: dict[str, Any], bound: int) -> Walked:
    """Checks a `tree` of the form `mip`; raises `Faulty` or `Undecided` where it does not hold."""
    return walk(data["nodes"], MipNodes(mip, shift_of(data["shift"]), bound))
