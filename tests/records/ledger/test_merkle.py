"""The tree of RFC 9162, against published vectors and its own definition taken literally."""

from hashlib import sha256

import pytest

from records.ledger.merkle import Tree, leaf_hash, node_hash, path, root_of

LEAVES = [
    bytes.fromhex(each)
    for each in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""Of the test data of google/certificate-transparency (`merkle_tree_test.cc`), over the first leaves."""


def slow(leaves: list[bytes]) -> bytes:
    """MTH of RFC 9162, section 2.1.1."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while 2 * split < len(leaves):
        split *= 2
    return sha256(b"\x01" + slow(leaves[:split]) + slow(leaves[split:])).digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_the_published_vectors(size: int) -> None:
    assert root_of(LEAVES[:size]).hex() == ROOTS[size - 1]


def test_a_tree_that_grows_has_at_every_size_the_root_that_the_rfc_defines() -> None:
    tree, leaves = Tree(), list[bytes]()
    assert tree.root() == slow([])
    for number in range(70):
        leaves.append(str(number).encode())
        tree.add(leaves[-1])
        assert tree.root() == slow(leaves)
        assert (tree.size, len(tree.complete)) == (number + 1, (number + 1).bit_count())


def test_a_tree_goes_on_from_its_complete_subtrees() -> None:
    first = Tree()
    for leaf in LEAVES[:5]:
        first.add(leaf)
    again = Tree(first.size, list(first.complete))
    for leaf in LEAVES[5:]:
        again.add(leaf)
    assert again.root().hex() == ROOTS[7]


def climbed(leaf: bytes, place: int, size: int, beside: list[bytes]) -> bytes:
    """The root that a path leads to, as RFC 9162, section 2.1.3.2, has a client compute it."""
    at, last, found = place, size - 1, leaf_hash(leaf)
    for sibling in beside:
        assert last > 0
        if at % 2 or at == last:
            found = node_hash(sibling, found)
            while at % 2 == 0 and at:
                at, last = at // 2, last // 2
        else:
            found = node_hash(found, sibling)
        at, last = at // 2, last // 2
    assert last == 0
    return found


def test_the_path_of_every_leaf_leads_to_the_root() -> None:
    for size in range(1, 20):
        leaves = [bytes([number]) for number in range(size)]
        for place in range(size):
            beside = path(leaves, place)
            assert climbed(leaves[place], place, size, [left or right for left, right in beside]) == root_of(
                leaves
            )
