"""Trees of branch and bound as the nodes of a proof."""

from collections.abc import Sequence
from typing import Any, Protocol


class ProvableNode(Protocol):
    """A node that knows how the proof states it."""

    @property
    def children(self) -> Sequence["ProvableNode"]:
        """None for a leaf."""

    def stated(self, places: list[int]) -> dict[str, Any]:
        """As `proofs.model` has it, with the places of its children."""


def proof_nodes(root: ProvableNode) -> list[dict[str, Any]]:
    """Every node of a tree, the root first."""
    nodes: list[dict[str, Any]] = [{}]
    waiting = [(root, 0)]
    while waiting:
        node, place = waiting.pop()
        places = list(range(len(nodes), len(nodes) + len(node.children)))
        nodes += [{} for _ in places]
        waiting += zip(node.children, places, strict=True)
        nodes[place] = node.stated(places)
    return nodes
