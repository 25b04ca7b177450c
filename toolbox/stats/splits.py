"""Splits of rows: stratified by label, whole groups on one side, or forward in time. Pure numpy, seeded."""

from collections.abc import Hashable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from toolbox.arrays.types import Index, Ints


def stratified_parts(labels: Ints, groups: Index, shares: Sequence[float], seed: int) -> Index:
    """Deals rows to parts so that every part has its share of each class and no group is divided.

    Groups of several rows are dealt first, largest first, each to the part that it leaves closest to
    its shares (as scikit-learn's StratifiedGroupKFold does); single rows then fill the parts up to
    their shares exactly, so that without groups every count is within one row of its share.

    Args:
        labels: class or stratum of each row as an integer from 0, shape (n,).
        groups: group of each row as an integer from 0, shape (n,).
        shares: share of each part, summing to 1.
        seed: decides among equals.

    Returns:
        The part of each row, shape (n,).
    """
    rng = np.random.default_rng(seed)
    strata = range(max(2, int(labels.max(initial=0)) + 1))
    wanted = np.array([_apportion(int(np.sum(labels == label)), shares, rng) for label in strata]).T
    counts = np.zeros_like(wanted)
    part_of_row = np.full(len(labels), -1, dtype=np.intp)
    sizes = np.bincount(groups)
    members = _members(groups, sizes)
    multiple = rng.permutation(np.flatnonzero(sizes > 1))
    for group in multiple[np.argsort(-sizes[multiple], kind="stable")]:
        rows = members[group]
        added = np.bincount(labels[rows], minlength=len(strata))
        part = _best_part(wanted, counts, added)
        part_of_row[rows] = part
        counts[part] += added
    for label in strata:
        rows = rng.permutation(np.flatnonzero((part_of_row < 0) & (labels == label)))
        part_of_row[rows] = _fill(wanted[:, label], counts[:, label], len(rows), rng)
    return part_of_row


def stratified_folds(labels: Ints, groups: Index, folds: int, seed: int) -> Index:
    """Returns the fold (0 … folds - 1) in which each row is held out; see `stratified_parts`."""
    return stratified_parts(labels, groups, [1 / folds] * folds, seed)


def train_test_pairs(
    labels: Ints, groups: Index, folds: int, seed: int, *, time_ordered: bool = False, least: int = 2
) -> list[tuple[Index, Index]]:
    """Returns (train, test) row positions of a cross-validation, both ascending; fewer folds where need be.

    At least `least` classes are on both sides of every pair, and no group is. Where groups or the order of
    time leave a fold with less, fewer folds are cut; in order of time such a fold is left out first.

    Args:
        labels: class or stratum of each row as an integer from 0, shape (n,).
        groups: group of each row as an integer from 0, shape (n,).
        folds: number of folds at most; of forward blocks where `time_ordered`.
        seed: of the shuffle; without effect where `time_ordered`.
        time_ordered: rows are in order of time, so a fold trains on what came before it only.
        least: classes that either side has to hold; 1 where labels are strata that only balance the folds.

    Raises:
        ValueError: when not even two folds have as many classes on both sides.
    """
    for count in range(folds, 1, -1):
        pairs = (
            _forward_pairs(labels, groups, count, least)
            if time_ordered
            else _pairs(labels, groups, count, seed, least)
        )
        if pairs:
            return pairs
    raise ValueError(
        f"expected both classes on both sides of 2 to {folds} folds, got too few groups of one class"
    )


def leave_one_group_out(labels: Ints, groups: Index, least: int = 2) -> list[tuple[Index, Index]]:
    """Returns (train, test) row positions of every group that has classes enough, against all of the others.

    Args:
        labels: class or stratum of each row as an integer from 0, shape (n,).
        groups: group of each row as an integer from 0, shape (n,).
        least: classes that either side has to hold.
    """
    pairs = [
        (np.flatnonzero(groups != group), np.flatnonzero(groups == group)) for group in np.unique(groups)
    ]
    return [pair for pair in pairs if _usable(labels, pair, least)]


LEAST_GROUPS = 10
"""Groups of either class that a sample of rows keeps, where there are so many: two for each of five folds."""


def keep_classes(sample: Index, labels: Ints, groups: Index) -> Index:
    """Returns the sample with rows exchanged, as few as can be, so that it holds every class.

    Where the sample has fewer than `LEAST_GROUPS` groups of a class and there are more outside, a row of each
    of these comes in, the latest first, for the earliest rows of the other class. Without that, the latest
    rows of a table may hold nobody of a rare class.

    Args:
        sample: ascending positions.
        labels: class or stratum of all rows as integers from 0, shape (n,).
        groups: integers, shape (n,).

    Returns:
        As many ascending positions.
    """
    for label in np.unique(labels):
        own, other = sample[labels[sample] == label], sample[labels[sample] != label]
        present = np.unique(groups[own])
        spare = np.setdiff1d(np.flatnonzero(labels == label), sample)[::-1]
        spare = spare[~np.isin(groups[spare], present)]
        first = np.sort(np.unique(groups[spare], return_index=True)[1])
        wanted = spare[first][: max(0, min(LEAST_GROUPS - len(present), len(other) - LEAST_GROUPS))]
        sample = np.sort(np.concatenate([own, other[len(wanted) :], wanted])).astype(np.intp)
    return sample


def latest_rows(times: NDArray[np.float64], share: float) -> NDArray[np.bool_]:
    """Tells the latest rows: the share nearest to `share` that leaves rows of equal time together.

    Args:
        times: finite, of two values at least, shape (n,).
        share: between 0 and 1.
    """
    starts, counts = np.unique(times, return_counts=True)
    later = np.cumsum(counts[::-1])[::-1] / len(times)  # of the rows from each time on
    best = 1 + int(np.argmin(np.abs(later[1:] - share)))  # from the first time on would be all
    return np.asarray(times >= starts[best])


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


def _pairs(labels: Ints, groups: Index, folds: int, seed: int, least: int) -> list[tuple[Index, Index]]:
    """The folds, dealt by class and group; none where one of them lacks a class."""
    fold = stratified_folds(labels, groups, folds, seed)
    pairs = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(folds)]
    return pairs if all(_usable(labels, pair, least) for pair in pairs) else []


def _usable(labels: Ints, pair: tuple[Index, Index], least: int) -> bool:
    return all(len(np.unique(labels[side])) >= least for side in pair)


def _forward_pairs(labels: Ints, groups: Index, folds: int, least: int) -> list[tuple[Index, Index]]:
    """Block k is tested on after training on all blocks before it; pairs that lack a class are left out.

    Blocks have equal numbers of rows; where that leaves no pair (one class comes early or late), equal
    numbers of rows of the rarer class.
    """
    rarer = np.flatnonzero(labels == np.argmin(np.bincount(labels, minlength=2)))
    even = np.linspace(0, len(groups), folds + 2).astype(np.intp)
    inner = rarer[(np.arange(1, folds + 1) * len(rarer)) // (folds + 1)] if len(rarer) else even[1:-1]
    for edges in (even, np.r_[0, inner, len(groups)]):
        pairs = [_forward_pair(labels, groups, start, stop, least) for start, stop in pairwise(edges[1:])]
        usable = [pair for pair in pairs if _usable(labels, pair, least)]
        if usable:
            return usable
    return []


def _forward_pair(labels: Ints, groups: Index, start: int, stop: int, least: int) -> tuple[Index, Index]:
    """Rows before `start` less the block's groups, and the block; or all of them, the block less theirs."""
    test = np.arange(start, stop, dtype=np.intp)
    train = np.flatnonzero(~np.isin(groups[:start], groups[start:stop]))
    if _usable(labels, (train, test), least):
        return train, test
    return np.arange(start, dtype=np.intp), test[~np.isin(groups[start:stop], groups[:start])]
