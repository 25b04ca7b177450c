"""Splits of rows: stratified by label, whole groups on one side, or forward in time. Pure numpy, seeded."""

from collections.abc import Hashable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.intp]
Labels = NDArray[np.integer[Any]]


def stratified_parts(labels: Labels, groups: Index, shares: Sequence[float], seed: int) -> Index:
    """Deals rows to parts so that every part has its share of each class and no group is divided.

    Groups of several rows are dealt first, largest first, each to the part that it leaves closest to
    its shares (as scikit-learn's StratifiedGroupKFold does); single rows then fill the parts up to
    their shares exactly, so that without groups every count is within one row of its share.

    Args:
        labels: 0 or 1, shape (n,).
        groups: group of each row as an integer from 0, shape (n,).
        shares: share of each part, summing to 1.
        seed: decides among equals.

    Returns:
        The part of each row, shape (n,).
    """
    rng = np.random.default_rng(seed)
    wanted = np.array([_apportion(int(np.sum(labels == label)), shares, rng) for label in (0, 1)]).T
    counts = np.zeros_like(wanted)
    part_of_row = np.full(len(labels), -1, dtype=np.intp)
    sizes = np.bincount(groups)
    members = _members(groups, sizes)
    multiple = rng.permutation(np.flatnonzero(sizes > 1))
    for group in multiple[np.argsort(-sizes[multiple], kind="stable")]:
        rows = members[group]
        added = np.bincount(labels[rows], minlength=2)
        part = _best_part(wanted, counts, added)
        part_of_row[rows] = part
        counts[part] += added
    for label in (0, 1):
        rows = rng.permutation(np.flatnonzero((part_of_row < 0) & (labels == label)))
        part_of_row[rows] = _fill(wanted[:, label], counts[:, label], len(rows), rng)
    return part_of_row


def stratified_folds(labels: Labels, groups: Index, folds: int, seed: int) -> Index:
    """Returns the fold (0 … folds - 1) in which each row is held out; see `stratified_parts`."""
    return stratified_parts(labels, groups, [1 / folds] * folds, seed)


def train_test_pairs(
    labels: Labels, groups: Index, folds: int, seed: int, *, time_ordered: bool = False
) -> list[tuple[Index, Index]]:
    """Returns (train, test) row positions of a cross-validation, both ascending.

    Args:
        labels: 0 or 1, shape (n,).
        groups: group of each row as an integer from 0, shape (n,).
        folds: number of folds; of forward blocks where `time_ordered`.
        seed: of the shuffle; without effect where `time_ordered`.
        time_ordered: rows are in order of time, so a fold trains on what came before it only.

    Raises:
        ValueError: when a fold would lack a class on either side and none is left.
    """
    if time_ordered:
        pairs = _forward_pairs(groups, folds)
    else:
        fold = stratified_folds(labels, groups, folds, seed)
        pairs = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(folds)]
    usable = [pair for pair in pairs if all(len(np.unique(labels[side])) == 2 for side in pair)]
    if not usable or (len(usable) < len(pairs) and not time_ordered):
        raise ValueError(
            f"expected both classes on both sides of {folds} folds, got too few groups of one class"
        )
    return usable


def latest_rows(times: NDArray[np.float64], share: float) -> NDArray[np.bool_]:
    """Tells the latest rows, about `share` of all; rows of equal time stay together.

    Args:
        times: finite, shape (n,).
        share: between 0 and 1.
    """
    cut = np.sort(times)[int(np.floor(len(times) * (1 - share)))]
    return np.asarray(times >= cut)


def codes(names: Sequence[Hashable]) -> Index:
    """Returns an integer from 0 for each distinct name, in order of first appearance."""
    seen: dict[Hashable, int] = {}
    return np.array([seen.setdefault(name, len(seen)) for name in names], dtype=np.intp)


def merge_groups(first: Index, second: Index) -> Index:
    """Returns the finest grouping that divides no group of either (connected components), numbered from 0."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not len(first):
        return np.zeros(0, dtype=np.intp)
    left, right = int(first.max()) + 1, int(second.max()) + 1
    edges = coo_array((np.ones(len(first)), (first, second + left)), shape=(left + right,) * 2)
    component = connected_components(edges, directed=False)[1][first]
    return codes(component.tolist())


def _apportion(total: int, shares: Sequence[float], rng: np.random.Generator) -> NDArray[np.int64]:
    """Whole numbers that sum to `total`, each within one of its share (largest remainder)."""
    exact = np.asarray(shares) * total
    counts = np.floor(exact + 1e-9).astype(np.int64)
    order = np.lexsort((rng.permutation(len(counts)), -np.round(exact - counts, 9)))
    counts[order[: total - int(counts.sum())]] += 1
    return counts


def _members(groups: Index, sizes: NDArray[np.intp]) -> list[Index]:
    order = np.argsort(groups, kind="stable")
    return list(np.split(order, np.cumsum(sizes)[:-1]))


def _best_part(wanted: NDArray[np.int64], counts: NDArray[np.int64], added: NDArray[np.intp]) -> int:
    """The part whose misfit, relative to the class totals, grows least; the first among equals."""
    scale = np.maximum(wanted.sum(axis=0), 1)
    before = (((wanted - counts) / scale) ** 2).sum(axis=1)
    after = (((wanted - counts - added) / scale) ** 2).sum(axis=1)
    return int(np.argmin(np.round(after - before, 12)))


def _fill(wanted: NDArray[np.int64], counts: NDArray[np.int64], rows: int, rng: np.random.Generator) -> Index:
    """Deals `rows` single rows to the parts that lack most."""
    missing = np.maximum(wanted - counts, 0)
    surplus = int(missing.sum()) - rows
    while surplus > 0:  # groups overfilled other parts: take from the neediest, one at a time
        missing[int(np.argmax(missing))] -= 1
        surplus -= 1
    return rng.permutation(np.repeat(np.arange(len(wanted), dtype=np.intp), missing))


def _forward_pairs(groups: Index, folds: int) -> list[tuple[Index, Index]]:
    """Block k is tested on after training on all blocks before it, less the rows of groups in block k."""
    edges = np.linspace(0, len(groups), folds + 2).astype(np.intp)
    pairs = []
    for start, stop in pairwise(edges[1:]):
        test = np.arange(start, stop, dtype=np.intp)
        train = np.flatnonzero(~np.isin(groups[:start], groups[start:stop]))
        pairs.append((train, test))
    return pairs
