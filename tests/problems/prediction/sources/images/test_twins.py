"""Copies among pictures: all pairs above the limit, chains of them, and nothing else."""

from typing import Any

import numpy as np

from problems.prediction.sources.images import twins
from problems.prediction.sources.images.twins import twin_groups


def by_pairs(pictures: Any, from_r: float) -> list[int]:
    """The slow twin: numpy's correlation of each pair, groups joined one after the other."""
    group = list(range(len(pictures)))
    for i in range(len(pictures)):
        for j in range(i):
            if np.corrcoef(pictures[i].ravel(), pictures[j].ravel())[0, 1] > from_r:
                group = [group[i] if each == group[j] else each for each in group]
    seen: dict[int, int] = {}
    return [seen.setdefault(each, len(seen)) for each in group]


def test_groups_are_those_of_every_pair(monkeypatch: Any) -> None:
    rng = np.random.default_rng(5)
    base = rng.normal(size=(12, 10, 9))
    pictures = (
        base[rng.integers(0, 12, 40)]
        + rng.normal(size=(40, 10, 9)) * rng.choice([0.05, 0.2, 0.4], 40)[:, None, None]
    )
    pictures = pictures * rng.uniform(0.1, 9, 40)[:, None, None] + rng.normal(size=40)[:, None, None]
    monkeypatch.setattr(twins, "BLOCK", 16)  # several blocks
    for from_r in (0.9, 0.98):
        found = twin_groups(pictures, from_r).tolist()
        assert found == by_pairs(pictures, from_r)
        assert len(set(found)) < 40


def test_a_chain_of_pairs_is_one_group() -> None:
    a, b = np.zeros(64), np.zeros(64)
    a[:8], b[8:16] = 1, 1
    a, b = (each - each.mean() for each in (a, b))
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    b = b - (a @ b) * a
    b /= np.linalg.norm(b)
    ways = [np.cos(t) * a + np.sin(t) * b for t in (0, 0.15, 0.3, 0.9)]  # cos 0.15 = 0.989, cos 0.3 = 0.955
    assert twin_groups(np.array(ways).reshape(4, 8, 8), 0.98).tolist() == [0, 0, 0, 1]


def test_pictures_of_one_brightness_are_twins_of_the_same_brightness() -> None:
    even = np.array([np.full((4, 4), level, dtype=np.uint8) for level in (3, 5, 3)])
    varied = np.arange(16, dtype=np.uint8).reshape(1, 4, 4)
    assert twin_groups(np.concatenate([even, varied]), 0.98).tolist() == [0, 1, 0, 2]
