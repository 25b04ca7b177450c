"""The nodes of a tree over spins: branches on a bit, a mirror, semidefinite leaves, leaves with all bits."""

from typing import Any

from problems.optimisation.forms.spins import SpinForm
from problems.optimisation.proofs.reading import Faulty, Undecided, fields, integer, shift_of
from problems.optimisation.proofs.semidefinite import check_spins
from problems.optimisation.proofs.tree import Node, Path, Step, Walked, steps_of, two, walk

MOST_WORK = 2 * 10**12
"""Sum of the cubes of the leaves' orders: about two minutes of factorisations on one core."""


class SpinNodes:
    """Reads nodes, and checks that every leaf proves one bound."""

    def __init__(self, form: SpinForm, shift: int, bound: int) -> None:
        self._form, self._shift, self._bound = form, shift, bound
        self._work = 0

    def __call__(self, node: Node, path: Path | None) -> list[tuple[Any, Step]]:
        """Reads one node; see `tree.Read`."""
        fixed = {variable: bit for variable, bit, _ in steps_of(path)}
        if "branch" in node:
            sent, children = fields(node, ("branch", "children"))
            variable, (zero, one) = self._free(sent, fixed), two(children)
            return [(zero, (variable, 0, 0)), (one, (variable, 1, 1))]
        if "mirror" in node:
            sent, child = fields(node, ("mirror", "child"))
            if fixed or not self._form.symmetric:
                raise Faulty("a mirror is allowed only where nothing is fixed, in a form without fields")
            return [(child, (self._free(sent, fixed), 0, 0))]
        self._leaf(node, fixed)
        return []

    def _free(self, sent: Any, fixed: dict[int, int]) -> int:
        variable = integer(sent, "a branch's variable", 0, self._form.size - 1)
        if variable in fixed:
            raise Faulty(f"variable {variable} is branched on twice on one path")
        return variable

    def _leaf(self, node: Node, fixed: dict[int, int]) -> None:
        left = self._form.fix(fixed) if fixed else self._form
        if "value" in node:
            self._value(fields(node, ("value",))[0], left)
            return
        diagonal, triangles = fields(node, ("diagonal", "triangles"))
        self._work += (left.size + 1) ** 3
        if self._work > MOST_WORK:
            raise Undecided("the tree's leaves are more work than the verifier does")
        check_spins(left, diagonal, triangles, self._shift, self._bound)

    def _value(self, sent: Any, left: SpinForm) -> None:
        if left.size:
            raise Faulty(f"a leaf states a value while {left.size} variables are open")
        if type(sent) is not int or 4 * sent != left.constant:
            raise Faulty(f"a leaf states another value than its answer has, {left.constant // 4}")
        if sent < self._bound:
            raise Faulty(f"a leaf's answer costs {sent}, which is below {self._bound}")


def check_spin_tree(form: SpinForm, data: dict[str, Any], bound: int) -> Walked:
    """Checks a `tree` of the form `spins`; raises `Faulty` or `Undecided` where it does not prove `bound`."""
    return walk(data["nodes"], SpinNodes(form, shift_of(data["shift"]), bound))
