"""Branch and bound, checked after the fact: the division is complete, and every leaf has its bound."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from problems.optimisation.proofs.reading import Faulty, integer

Node = dict[str, Any]
Step = tuple[int, int, int]
"""What a branch leaves of a variable: (variable, bit, bit) of spins, (column, least, most) of a MIP."""


@dataclass(frozen=True)
class Path:
    """The steps from the root to a node, the latest first."""

    step: Step
    before: "Path | None"


Read = Callable[[Node, Path | None], list[tuple[Any, Step]]]
"""Reads a node that some steps lead to: its children as they were sent, each with one more step; none for a
leaf, whose bound it has then checked. Raises `Faulty` on a branch that leaves answers out, and on a leaf that
does not prove its bound."""


@dataclass(frozen=True)
class Walked:
    """The size of a tree: its leaves, and the most steps that lead to one."""

    leaves: int
    depth: int


def steps_of(path: Path | None) -> list[Step]:
    """The steps of a path, the latest first."""
    steps = []
    while path is not None:
        steps.append(path.step)
        path = path.before
    return steps


def walk(nodes: Any, read: Read) -> Walked:
    """Reads every node once, from the root `nodes[0]` down.

    Raises:
        Faulty: on a node that is missing, shared, reached in a circle or not at all, and what `read` raises.
    """
    if not isinstance(nodes, list) or not nodes or not all(isinstance(node, dict) for node in nodes):
        raise Faulty("expected a list of nodes")
    reached = [False] * len(nodes)
    waiting: list[tuple[Any, Path | None, int]] = [(0, None, 0)]
    leaves = deepest = 0
    while waiting:
        sent, path, depth = waiting.pop()
        number = integer(sent, "a child", 0, len(nodes) - 1)
        if reached[number]:
            raise Faulty(f"node {number} is reached more than once")
        reached[number] = True
        children = read(nodes[number], path)
        leaves, deepest = leaves + (not children), max(deepest, depth)
        waiting += [(child, Path(step, path), depth + 1) for child, step in children]
    if not all(reached):
        raise Faulty(f"node {reached.index(False)} is never reached")
    return Walked(leaves, deepest)


def two(children: Any) -> tuple[Any, Any]:
    """Returns the two children of a branch."""
    if not isinstance(children, list) or len(children) != 2:
        raise Faulty("expected two children of a branch")
    return children[0], children[1]
