"""Nodes of a branch and bound over spins."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from problems.optimisation.engines.bounds.branches import FRONT, inherited, names_of
from problems.optimisation.engines.bounds.cutting import Cutting
from problems.optimisation.engines.bounds.rounding import factor
from problems.optimisation.forms.spins import SpinForm
from toolbox.arrays.types import Floats

Ints = NDArray[np.int64]


@dataclass(eq=False)
class SpinNode:
    """A part of all answers: those with some bits fixed.

    Attributes:
        fixed: the bits.
        form: of the spins that are left.
        cutting: its relaxation while it is open; None once it is closed, or where nothing is left.
        proven: a bound that its multipliers prove.
        leaf: the node of the proof while it has no children.
        split: the variable that its children differ in.
        children: nodes where that bit is 0 and 1; a mirror has the first alone.
        gains: what each round of triangles added to its bound.
    """

    fixed: dict[int, int]
    form: SpinForm
    cutting: Cutting | None = None
    proven: int = 0
    leaf: dict[str, Any] = field(default_factory=dict)
    split: int = -1
    children: tuple["SpinNode", ...] = ()
    gains: list[float] = field(default_factory=list)

    @property
    def names(self) -> Ints:
        """What the rows of its matrix are."""
        return names_of(self.form.size + len(self.fixed), self.fixed, not self.form.symmetric)

    def stated(self, places: list[int]) -> dict[str, Any]:
        """See `proof_tree.Stated`."""
        if len(places) == 2:
            return {"branch": self.split, "children": places}
        return {"mirror": self.split, "child": places[0]} if places else self.leaf


def plant(form: SpinForm) -> SpinNode:
    """The root, with its basic relaxation."""
    root = SpinNode({}, form, Cutting(form))
    take(root)
    return root


def take(node: SpinNode) -> None:
    """Makes the relaxation's best multipliers the node's proof."""
    assert node.cutting is not None
    multipliers = node.cutting.multipliers()
    proof = multipliers.proof(node.form)
    if proof is not None and (not node.leaf or proof.bound > node.proven):
        node.proven, node.leaf = proof.bound, multipliers.node()


def child(node: SpinNode, variable: int, bit: int, root: SpinForm) -> SpinNode:
    """The part of a node where one more bit is fixed; it starts from the triangles of its parent."""
    assert node.cutting is not None
    fixed = {**node.fixed, variable: bit}
    made = SpinNode(fixed, root.fix(fixed))
    if made.form.size == 0:
        made.proven = made.form.constant // 4
        made.leaf = {"value": made.proven}
        return made
    used = node.cutting
    active, t = inherited(used.active, used.t, node.names, (variable, bit), made.names)
    made.cutting = Cutting(made.form, active, t, used.shift)
    take(made)
    return made


def undecided(node: SpinNode) -> int:
    """The free variable whose sign the relaxation knows least; without a front spin, the heaviest."""
    assert node.cutting is not None
    names = node.names
    if names[0] == FRONT:
        return int(names[1 + np.abs(node.cutting.x[0, 1:]).argmin()])
    weight = np.zeros(node.form.size, dtype=np.int64)
    for ends in node.form.pairs.T:
        np.add.at(weight, ends, np.abs(node.form.couplings))
    return int(names[weight.argmax()])


def rows(node: SpinNode) -> Floats:
    """Every spin of the instance, behind the one that is always 1, as vectors of the relaxation."""
    assert node.cutting is not None
    v = factor(node.cutting.x)
    names = node.names
    found = np.zeros((1 + node.form.size + len(node.fixed), len(v) + 1))
    found[0, -1] = 1.0
    found[names + 1, :-1] = v
    if names[0] == FRONT:
        found[0, -1] = 0.0
    for variable, bit in node.fixed.items():
        found[variable + 1] = (2 * bit - 1) * found[0]
    return found
