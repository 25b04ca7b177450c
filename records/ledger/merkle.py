"""The Merkle tree of RFC 9162, section 2.1 (that of RFC 6962), over SHA-256, grown leaf by leaf.

Leaves are hashed after a byte 0, nodes after a byte 1, so that no node can be passed off as a leaf. A tree of
n leaves is split at the largest power of two below n; so a growing tree never changes its complete subtrees,
and their roots are all that has to be kept to go on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node over its two children."""
    return sha256(b"\x01" + left + right).digest()


@dataclass
class Tree:
    """A tree that grows.

    Attributes:
        size: number of leaves.
        complete: roots of the complete subtrees, largest first: one for each binary digit 1 of `size`.
    """

    size: int = 0
    complete: list[bytes] = field(default_factory=list)

    def add(self, data: bytes) -> None:
        """Adds a leaf at the end."""
        self.complete.append(leaf_hash(data))
        self.size += 1
        full = self.size
        while full % 2 == 0:
            right = self.complete.pop()
            self.complete.append(node_hash(self.complete.pop(), right))
            full //= 2

    def root(self) -> bytes:
        """The root; of an empty tree the hash of nothing."""
        if not self.complete:
            return sha256(b"").digest()
        root = self.complete[-1]
        for left in reversed(self.complete[:-1]):
            root = node_hash(left, root)
        return root


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over those leaves."""
    tree = Tree()
    for data in leaves:
        tree.add(data)
    return tree.root()


def path(leaves: Sequence[bytes], place: int) -> list[tuple[bytes, bytes]]:
    """The inclusion path of a leaf: the roots of the subtrees beside its way up, the nearest first.

    Args:
        leaves: data of all leaves.
        place: of the leaf, from 0.

    Returns:
        Of each the root as the left and the right neighbour, one of which is empty.
    """
    if len(leaves) == 1:
        return []
    split = 1 << (len(leaves) - 1).bit_length() - 1
    left, right = leaves[:split], leaves[split:]
    if place < split:
        return [*path(left, place), (b"", root_of(right))]
    return [*path(right, place - split), (root_of(left), b"")]
