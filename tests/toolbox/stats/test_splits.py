"""Invariants of the splits: disjoint, covering, stratified, groups whole, time forward."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolbox.stats.splits import (
    LEAST_GROUPS,
    codes,
    keep_classes,
    latest_rows,
    leave_one_group_out,
    merge_groups,
    stratified_folds,
    stratified_parts,
    train_test_pairs,
)

Pairs = list[tuple[int, int]]

labels_and_groups = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 12)), min_size=1, max_size=120)
seeds = st.integers(0, 2**32 - 1)


@given(st.lists(st.integers(0, 1), min_size=1, max_size=200), st.integers(2, 6), seeds)
@settings(deadline=None, max_examples=60)
def test_without_groups_every_fold_has_each_class_within_one_row_of_its_share(
    labels: list[int], folds: int, seed: int
) -> None:
    y = np.array(labels)
    fold = stratified_folds(y, np.arange(len(y)), folds, seed)
    assert set(fold) <= set(range(folds))
    for label in (0, 1):
        counts = np.bincount(fold[y == label], minlength=folds)
        assert counts.sum() == np.sum(y == label)
        assert np.all(np.abs(counts - counts.sum() / folds) < 1)


@given(labels_and_groups, st.floats(0.1, 0.8), seeds)
@settings(deadline=None, max_examples=60)
def test_groups_never_straddle_and_every_row_has_a_part(rows: Pairs, share: float, seed: int) -> None:
    labels, groups = (np.array(column) for column in zip(*rows, strict=True))
    part = stratified_parts(labels, groups, [1 - share, share], seed)
    assert np.all((part == 0) | (part == 1))
    assert all(len(set(part[groups == group])) == 1 for group in set(groups))


@given(labels_and_groups, seeds)
@settings(deadline=None, max_examples=40)
def test_a_split_depends_on_its_seed_alone(rows: Pairs, seed: int) -> None:
    labels, groups = (np.array(column) for column in zip(*rows, strict=True))
    first, second = (stratified_folds(labels, groups, 3, seed) for _ in range(2))
    assert np.array_equal(first, second)


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=60))
@settings(deadline=None, max_examples=60)
def test_merged_groups_are_the_closure_of_both(pairs: Pairs) -> None:
    first, second = (codes(column) for column in zip(*pairs, strict=True))
    merged = merge_groups(first, second)
    slow = list(range(len(pairs)))  # the obvious twin: relabel until nothing changes
    for _ in pairs:
        for i in range(len(pairs)):
            for j in range(len(pairs)):
                if first[i] == first[j] or second[i] == second[j]:
                    slow[i] = slow[j] = min(slow[i], slow[j])
    assert np.array_equal(merged, codes(slow))


def test_cross_validation_pairs_partition_the_rows() -> None:
    labels, groups = np.tile([0, 1], 30), np.repeat(np.arange(20), 3)
    pairs = train_test_pairs(labels, groups, 4, seed=3)
    assert np.array_equal(np.sort(np.concatenate([test for _, test in pairs])), np.arange(60))
    for train, test in pairs:
        assert np.array_equal(np.sort(np.r_[train, test]), np.arange(60))
        assert not set(groups[train]) & set(groups[test])


@given(st.lists(st.integers(0, 1), min_size=20, max_size=60), st.integers(2, 5))
@settings(deadline=None, max_examples=40)
def test_forward_folds_train_on_earlier_rows_only_and_never_on_a_tested_group(
    labels: list[int], folds: int
) -> None:
    y = np.array([*labels, 0, 1, 0, 1, *labels, 0, 1])
    groups = np.arange(len(y)) // 3
    for train, test in train_test_pairs(y, groups, folds, seed=0, time_ordered=True):
        assert train.max() < test.min()
        assert not set(groups[train]) & set(groups[test])


def test_a_class_in_few_groups_gets_as_many_folds_as_it_can_fill() -> None:
    assert len(train_test_pairs(np.array([0] * 20 + [1] * 2), np.arange(22), 5, seed=0)) == 2
    with pytest.raises(ValueError, match="both classes on both sides"):
        train_test_pairs(np.array([0] * 21 + [1]), np.arange(22), 5, seed=0)


def test_in_order_of_time_blocks_follow_the_rarer_class_where_equal_ones_leave_no_fold() -> None:
    labels = (np.arange(120) < 10).astype(int)  # equal blocks of 20 rows: no later block holds a 1
    labels[[4, 7]] = 0
    groups = np.arange(120)
    pairs = train_test_pairs(labels, groups, 3, seed=0, time_ordered=True)
    ones = [(labels[train].sum(), labels[test].sum()) for train, test in pairs]
    assert ones == [(4, 2), (6, 2)]  # the first 2 ones and the next 2 have no 0 among them
    assert all(train.max() < test.min() for train, test in pairs)
    with pytest.raises(ValueError, match="both classes on both sides"):  # no moment divides these
        train_test_pairs(np.repeat([0, 1], 20), np.arange(40), 5, seed=0, time_ordered=True)


def test_long_lived_groups_are_left_out_of_the_tested_block_where_training_needs_them() -> None:
    labels, groups = np.tile([0, 1], 30), np.r_[np.tile([0, 1], 20), np.tile([0, 1, 2, 3], 5)]
    pairs = train_test_pairs(labels, groups, 2, seed=0, time_ordered=True)
    assert [sorted(set(groups[test])) for _, test in pairs] == [[2, 3]]
    assert all(set(groups[train]) == {0, 1} for train, _ in pairs)


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 60)), min_size=1, max_size=150), seeds)
@settings(deadline=None, max_examples=60)
def test_a_sample_keeps_both_classes_and_its_size(rows: Pairs, seed: int) -> None:
    labels, groups = (np.array(column) for column in zip(*rows, strict=True))
    sample = np.sort(np.random.default_rng(seed).permutation(len(labels))[: max(1, len(labels) // 2)])
    kept = keep_classes(sample, labels, groups)
    assert len(kept) == len(sample) == len(set(kept.tolist()))
    assert np.array_equal(kept, np.sort(kept))
    for label in (0, 1):
        have, had, all_of = (
            len(set(groups[each][labels[each] == label])) for each in (kept, sample, np.arange(len(labels)))
        )
        assert have >= min(had, LEAST_GROUPS)
        if len(sample) >= 2 * LEAST_GROUPS and np.array_equal(groups, np.unique(groups)):
            assert have >= min(all_of, LEAST_GROUPS)


@pytest.mark.parametrize(("share", "first"), [(0.5, 4.0), (0.6, 3.0), (0.05, 7.0), (0.99, 1.0)])
def test_the_latest_rows_are_the_nearest_share_with_ties_together(share: float, first: float) -> None:
    times = np.array([5.0, 1.0, 3.0, 3.0, 2.0, 4.0, 0.0, 3.0, 6.0, 7.0])
    latest = latest_rows(times, share)  # 40 % are from 4 on, 70 % from 3 on
    assert times[latest].min() == first
    assert times[~latest].max() < first


def test_every_group_with_both_classes_is_left_out_once() -> None:
    labels, groups = np.array([0, 1, 1, 0, 0, 0, 1]), np.array([2, 2, 0, 0, 1, 1, 0])
    found = [(train.tolist(), test.tolist()) for train, test in leave_one_group_out(labels, groups)]
    assert found == [([0, 1, 4, 5], [2, 3, 6]), ([2, 3, 4, 5, 6], [0, 1])]  # group 1 has one class


def test_every_part_has_its_share_of_each_of_many_classes() -> None:
    labels = np.repeat([0, 1, 2, 3], [40, 30, 20, 10])
    part = stratified_parts(labels, np.arange(100), [0.3, 0.7], 4)
    assert [int(np.sum(labels[part == 0] == label)) for label in range(4)] == [12, 9, 6, 3]


def test_folds_of_a_number_need_no_two_strata() -> None:
    strata = np.repeat([0, 1], 20)  # it only rises: the last block is of one stratum
    with pytest.raises(ValueError, match="both classes"):
        train_test_pairs(np.zeros(40, dtype=int), np.arange(40), 3, 0, time_ordered=True)
    pairs = train_test_pairs(strata, np.arange(40), 3, 0, time_ordered=True, least=1)
    assert [(len(train), len(test)) for train, test in pairs] == [(10, 10), (20, 10), (30, 10)]
