"""Fewer columns of wide tables: those that scikit-learn's scores name, and no fold tells another."""

import numpy as np
import pandas as pd
from sklearn.feature_selection import f_classif, r_regression

from problems.prediction.hpc.grids import SearchPlan
from problems.prediction.hpc.search import OpenRows, Search
from problems.prediction.models.reduction import class_relevance, number_relevance, reduced_grid
from problems.prediction.tables.table import Column

RANDOM = np.random.default_rng(2)
DATA = np.column_stack([RANDOM.normal(size=(40, 6)), np.ones(40)])


def test_relevance_is_that_of_scikit_learn_and_0_of_a_constant() -> None:
    labels, numbers = RANDOM.integers(0, 3, 40), RANDOM.normal(size=40)
    np.testing.assert_allclose(class_relevance(DATA, labels)[:6], f_classif(DATA[:, :6], labels)[0])
    squared = r_regression(DATA[:, :6], numbers) ** 2
    np.testing.assert_allclose(number_relevance(DATA, numbers)[:6], squared)
    assert class_relevance(DATA, labels)[6] == number_relevance(DATA, numbers)[6] == 0


def test_only_wide_tables_have_settings_with_fewer_columns() -> None:
    grid = [{"C": 0.1}, {"C": 1.0}]
    assert reduced_grid(grid, 500, 200) == grid
    found = reduced_grid(grid, 60, 2000)
    assert {"C": 0.1, "columns": 20} in found
    assert {"C": 1.0, "components": 15} in found
    assert found[-2:] == grid


def test_columns_are_chosen_without_the_rows_that_test_them() -> None:
    """Of 1,500 columns of noise the 20 best tell 40 labels apart; the rows of other folds they do not."""
    labels = np.tile([0, 1], 20).astype(np.int8)
    frame = pd.DataFrame(RANDOM.normal(size=(40, 1500))).add_prefix("x")
    columns = tuple(Column(str(name), "number") for name in frame)
    rows = OpenRows(columns, frame, labels, np.arange(40), ("",) * 40, frame)
    plan = SearchPlan({"ridge": [{"C": 1.0, "columns": 20}]}, outer_folds=4, outer_repeats=1)
    search = Search(rows, plan, "roc_auc", 1, forward=False)
    found = np.mean([search.tune(number)[0] for number in range(3)])
    assert 0.25 < found < 0.75
    whole = search.train(len(search.rounds) - 1, "ridge", plan.grids["ridge"][0])
    assert np.mean(whole.predict(frame) == labels) > 0.95
