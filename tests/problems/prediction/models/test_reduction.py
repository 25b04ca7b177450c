"""Fewer columns of wide tables: those that scikit-learn's scores name, and no fold tells another."""

import numpy as np
import pandas as pd
from sklearn.feature_selection import f_classif, r_regression

from problems.prediction.hpc.grids import SearchPlan
from problems.prediction.hpc.open_rows import OpenRows
from problems.prediction.hpc.search import Search
from problems.prediction.models.pipelines import joined, preprocessing
from problems.prediction.models.reduction import (
    blocks_of,
    class_relevance,
    fitted_reduction,
    number_relevance,
    reduced,
    reduced_grid,
)
from problems.prediction.tables.table import Column
from toolbox.models.skops_file import dump_estimator, load_estimator

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
    assert {"C": 0.1, "block_components": 10} in reduced_grid(grid, 60, 2000, blocks=True)


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


def test_each_kind_of_columns_has_components_of_its_own() -> None:
    """Of pixels that vary a hundred times as much as texture, all components would be pixels'."""
    names = [*(f"pixel {place}" for place in range(30)), "age", *(f"texture {place}" for place in range(12))]
    columns = tuple(Column(name, "number") for name in names)
    kinds = {"pixels": tuple(names[:30]), "texture": tuple(names[31:])}
    blocks = blocks_of(columns, kinds)
    assert blocks == [list(range(30)), list(range(31, 43))]
    assert blocks_of(columns, {"pixels": kinds["pixels"]}) == []  # one kind is all of them
    frame = pd.DataFrame(RANDOM.normal(size=(60, 43)), columns=names)
    prepare = preprocessing(columns)
    data = np.asarray(prepare.fit_transform(frame))
    step = fitted_reduction({"block_components": 10}, data, np.zeros(43), 1, blocks)
    found = reduced(step, data)
    assert found.shape == (60, 21)
    np.testing.assert_allclose(found.std(axis=0), 1)
    # components of pixels know nothing of texture: to change all of it changes the last eleven alone
    other = data.copy()
    other[:, 31:] = other[::-1, 31:]
    np.testing.assert_allclose(reduced(step, other)[:, :10], found[:, :10])
    assert not np.allclose(reduced(step, other)[:, 10:20], found[:, 10:20])


def test_a_model_of_kinds_of_columns_is_read_again_as_it_was() -> None:
    from sklearn.linear_model import LogisticRegression

    frame = pd.DataFrame(RANDOM.normal(size=(40, 6)), columns=list("abcdef"))
    columns = tuple(Column(str(name), "number") for name in frame)
    prepare = preprocessing(columns)
    data = np.asarray(prepare.fit_transform(frame))
    step = fitted_reduction({"block_components": 2}, data, np.zeros(6), 1, [[0, 1, 2], [3, 4, 5]])
    fit = LogisticRegression().fit(reduced(step, data), np.tile([0, 1], 20))
    pipeline = joined(prepare, fit, step)
    again = load_estimator(dump_estimator(pipeline))
    np.testing.assert_array_equal(again.predict_proba(frame), pipeline.predict_proba(frame))
