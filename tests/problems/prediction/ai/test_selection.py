import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics

from escalation.model.errors import BadInput
from problems.prediction.ai.fitting import Fit, fit
from problems.prediction.ai.selection import measure, prior_shift, standard_error_of_difference
from problems.prediction.ai.tuning import Aim, Budget, budget_for, configurations, small_budget_for
from problems.prediction.prediction_sets.partitions import check_labels, hold_out, partition, thin
from problems.prediction.tables.encoding import Rows
from problems.prediction.tables.table import Column

TINY = Budget(2, 1, 3, 1, (5,), 2000, 20, 30)


def smooth(rows: int, seed: int, columns: int = 4) -> Rows:
    """The label hangs on a sum of two columns out of `columns`."""
    random = np.random.default_rng(seed)
    features = random.normal(size=(rows, columns)).astype(np.float32)
    labels = (features[:, 0] + features[:, 1] + 0.7 * random.normal(size=rows) > 0).astype(np.int8)
    return Rows(features, labels, np.arange(rows))


def aim(metric: str = "roc_auc", columns: int = 4, time_ordered: bool = False) -> Aim:
    return Aim(tuple(Column(f"x{place}", "number") for place in range(columns)), metric, time_ordered)


def ignore(_fits: int, _message: str) -> None:
    return None


def fitted(rows: Rows, budget: Budget, target: Aim) -> Fit:
    return fit(rows, target, budget, 3, ignore)


def test_the_forest_wins_where_boosting_may_grow_a_single_tree() -> None:
    starved = Budget(2, 1, 3, 1, (5,), 2000, 60, 1)
    result = fitted(smooth(240, 1), starved, aim())
    assert result.trained.model_format == "forest"
    assert result.notes["chosen"] == "random_forest"
    assert result.notes["xgboost_minus_forest"]["mean"] < 0


def test_boosting_wins_where_the_forest_has_a_single_stunted_tree() -> None:
    starved = Budget(2, 1, 3, 1, (60,), 2000, 1, 60)
    result = fitted(smooth(240, 1), starved, aim())
    assert result.trained.model_format == "xgboost"
    assert set(result.notes["cross_validation"]) == {"xgboost", "random_forest"}


def test_out_of_fold_probabilities_are_near_what_fresh_rows_give() -> None:
    result = fitted(smooth(600, 1), TINY, aim("brier"))
    fresh = smooth(3000, 2)
    scores = result.calibration(result.trained.log_odds(aim().columns, fresh.features))
    stated = result.notes["cross_validation"][result.notes["chosen"]]["brier"]
    assert measure("brier", fresh.labels, scores) == pytest.approx(stated, abs=0.03)


def test_the_default_settings_are_always_tried_and_the_search_depends_on_the_seed_alone() -> None:
    assert configurations(5, 1) == configurations(5, 1)
    assert configurations(5, 1)[0] == configurations(5, 2)[0]
    assert configurations(5, 1)[1:] != configurations(5, 2)[1:]


@pytest.mark.parametrize(
    "budget", [TINY, Budget(4, 2, 3, 2, (1, 5), 2000, 10, 20)], ids=["tiny", "two stages"]
)
def test_no_more_fits_are_made_than_the_budget_states(budget: Budget) -> None:
    counted: list[int] = []
    fit(smooth(150, 1), aim(), budget, 3, lambda fits, _: counted.append(fits))
    assert 0 < sum(counted) <= budget.fits


def test_budgets_shrink_as_tables_grow_and_survive_json() -> None:
    for rows in (300, 5000, 100_000):
        assert Budget.from_json(budget_for(rows).to_json()) == budget_for(rows)
        assert small_budget_for(rows).fits < budget_for(rows).fits
    assert budget_for(300).fits > budget_for(5000).fits > budget_for(100_000).fits


def test_a_table_beyond_the_budget_is_thinned_for_selection_but_trained_on_whole() -> None:
    thinned = Budget(2, 1, 3, 1, (5,), 100, 10, 20)
    result = fitted(smooth(300, 1), thinned, aim())
    assert (result.notes["rows"], result.notes["selection_rows"]) == (300, 100)


@pytest.mark.parametrize(
    "metric", ["roc_auc", "accuracy", "balanced_accuracy", "sensitivity", "specificity", "brier"]
)
def test_metrics_agree_with_scikit_learn(metric: str) -> None:
    random = np.random.default_rng(4)
    labels = (random.random(200) < 0.3).astype(np.int8)
    scores = np.round(np.clip(0.3 * labels + random.random(200) * 0.7, 0, 1), 2)  # with ties
    decided = scores >= 0.5
    expected = {
        "roc_auc": metrics.roc_auc_score(labels, scores),
        "accuracy": metrics.accuracy_score(labels, decided),
        "balanced_accuracy": metrics.balanced_accuracy_score(labels, decided),
        "sensitivity": metrics.recall_score(labels, decided),
        "specificity": metrics.recall_score(labels, decided, pos_label=0),
        "brier": metrics.brier_score_loss(labels, scores),
    }
    assert measure(metric, labels, np.asarray(scores, dtype=np.float64)) == pytest.approx(expected[metric])


def test_a_metric_of_no_target_is_refused() -> None:
    with pytest.raises(ValueError, match="f1"):
        measure("f1", np.array([0, 1], dtype=np.int8), np.array([0.1, 0.9]))


def test_balanced_accuracy_alone_moves_the_threshold_to_the_prevalence() -> None:
    labels = np.array([1, 0, 0, 0], dtype=np.int8)
    assert prior_shift("balanced_accuracy", labels) == pytest.approx(np.log(3))
    assert prior_shift("roc_auc", labels) == 0


@pytest.mark.parametrize(("rows", "beyond", "most"), [(600, 2.0, 0.12), (1800, 3.0, 0.025)])
def test_an_imbalanced_table_gets_a_useful_balanced_accuracy(rows: int, beyond: float, most: float) -> None:
    random = np.random.default_rng(5)
    features = random.normal(size=(rows, 2)).astype(np.float32)
    labels = (features[:, 0] + random.normal(size=rows) > beyond).astype(np.int8)
    assert 0.01 < labels.mean() < most
    result = fitted(Rows(features, labels, np.arange(rows)), TINY, aim("balanced_accuracy", 2))
    # the rule x > 0.9 reaches about 0.83; deciding at probability 0.5 stays near 0.6, of one in 50 near 0.5
    chosen = result.notes["cross_validation"][result.notes["chosen"]]
    assert chosen["balanced_accuracy"] > 0.7


def test_the_error_of_a_difference_counts_overlapping_training_sets() -> None:
    # by hand: variance of (0.1, 0.3) is 0.02; (1/2 + 1/4) of it
    assert standard_error_of_difference([0.1, 0.3], [0, 0], 5) == pytest.approx(np.sqrt(0.02 * 0.75))
    assert standard_error_of_difference([0.1], [0.0], 5) == 0


def labels_of(positive: int, negative: int) -> NDArray[np.int8]:
    return np.array([1] * positive + [0] * negative, dtype=np.int8)


def rows_with(labels: NDArray[np.int8], groups: NDArray[np.intp] | None = None) -> Rows:
    ids = np.arange(len(labels)) if groups is None else groups
    return Rows(np.zeros((len(labels), 1), dtype=np.float32), labels, ids)


def test_a_rare_class_gets_as_many_folds_as_it_has_rows() -> None:
    folds = partition(rows_with(labels_of(3, 40)), 5, 1, time_ordered=False)
    assert len(folds) == 3


@pytest.mark.parametrize("positive", [0, 3])
def test_too_few_rows_of_a_class_are_refused_in_one_line(positive: int) -> None:
    with pytest.raises(BadInput, match=f"got {positive} positive and 30 negative") as caught:
        check_labels(rows_with(labels_of(positive, 30)))
    assert "\n" not in str(caught.value)


def test_a_class_within_one_group_is_refused() -> None:
    groups = np.array([0] * 6 + list(range(1, 31)))
    with pytest.raises(BadInput, match="groups"):
        partition(rows_with(labels_of(6, 30), groups), 5, 1, time_ordered=False)


def test_rows_in_order_of_time_are_held_out_last() -> None:
    labels = np.tile([0, 1], 60).astype(np.int8)
    train, held = hold_out(rows_with(labels), 1000, 1, time_ordered=True)
    assert train.max() < held.min()
    assert held.max() == 119


def test_selection_looks_forward_only_where_rows_are_in_order_of_time() -> None:
    result = fitted(smooth(240, 1), TINY, aim(time_ordered=True))
    tests = result.winner.out_of_fold.tests
    assert min(int(test.min()) for test in tests) > 0  # the earliest rows are never tested
    assert result.trained.log_odds(aim().columns, smooth(5, 2).features).shape == (5,)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4), st.booleans())
def test_what_is_held_out_shares_no_group_with_the_rest(seed: int, size: int, time_ordered: bool) -> None:
    labels = np.tile([0, 1], 60).astype(np.int8)
    rows = rows_with(labels, np.arange(120) // size)
    train, held = hold_out(rows, 1000, seed, time_ordered)
    assert not set(rows.groups[train]) & set(rows.groups[held])
    assert 24 <= len(held) <= 48


def test_thinning_takes_groups_together_and_the_latest_rows() -> None:
    rows = rows_with(np.tile([0, 1], 50).astype(np.int8), np.arange(100) // 2)
    kept = thin(rows, 40, 1, time_ordered=False)
    assert len(set(rows.groups[kept])) == 20
    np.testing.assert_array_equal(thin(rows, 40, 1, time_ordered=True), np.arange(60, 100))
    assert len(thin(rows, 500, 1, time_ordered=False)) == 100
