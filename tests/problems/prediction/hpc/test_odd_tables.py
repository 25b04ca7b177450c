"""Folds of odd tables: few rows, a rare class, runs of one class, giant groups, order of time."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from problems.prediction.hpc.grids import SearchPlan
from problems.prediction.hpc.open_rows import OpenRows
from problems.prediction.hpc.search import Search

NEIGHBOURS = [{"n_neighbors": k} for k in (41, 21, 11, 5, 1)]
GRIDS: dict[str, list[dict[str, Any]]] = {
    "ridge": [{"C": 1.0}],
    "svm_rbf": [{"C": 1.0, "gamma": 0.1}],
    "nearest_neighbours": NEIGHBOURS,
}


def odd(seed: int) -> Search:
    random = np.random.default_rng(seed)
    rows = int(random.integers(30, 250))
    place = np.arange(rows)
    share = [np.ones(rows), np.where(place < rows * 0.3, 2.2, 0.4), 2.0 * place / rows][seed % 3]
    labels = (random.random(rows) < random.choice([0.1, 0.3, 0.5]) * share).astype(np.int8)
    labels[[0, 1, -1, -2]] = [0, 1, 0, 1]
    groups = [place, place // 4, random.integers(0, 12, rows), np.where(place % 5 < 2, 0, place)][seed % 4]
    frame = pd.DataFrame({"x": random.normal(size=rows)})
    table = OpenRows((), frame, labels, np.unique(groups, return_inverse=True)[1], ("",) * rows, frame)
    metric = str(random.choice(["roc_auc", "accuracy", "specificity"]))
    return Search(table, SearchPlan(GRIDS, outer_repeats=1), metric, seed, forward=seed % 2 == 0)


def test_whatever_is_planned_can_be_fitted_in_every_fold() -> None:
    """Both classes are on both sides, and no training set is smaller than its neighbours."""
    searched = 0
    for seed in range(60):
        try:
            search = odd(seed).fitting()
        except ValueError:  # the rows cannot be divided: told before any tier starts
            continue
        searched += 1
        asked = [each["n_neighbors"] for each in search.plan.grids.get("nearest_neighbours", [])]
        outer = [(one.train, one.test) for one in search.rounds[:-1]]
        for train, test in [*outer, *(pair for pairs in search.inner for pair in pairs)]:
            assert all(len(np.unique(search.rows.labels[side])) == 2 for side in (train, test)), seed
            assert len(train) >= max(asked, default=0), seed
            assert not set(search.rows.groups[train]) & set(search.rows.groups[test]), seed
            assert not search.forward or train.max() < test.min(), seed
            assert not search.forward or train.max() < test.min(), seed
        assert search.models
    assert searched >= 40


def test_rows_that_cannot_be_divided_at_all_are_refused() -> None:
    frame, labels = pd.DataFrame({"x": range(20)}), np.repeat([0, 1], 10).astype(np.int8)
    rows = OpenRows((), frame, labels, np.repeat([0, 1], 10), ("",) * 20, frame)
    with pytest.raises(ValueError, match="both classes"):
        Search(rows, SearchPlan(GRIDS), "roc_auc", 1, forward=False).fitting()
