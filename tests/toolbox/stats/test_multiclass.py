"""Metrics of classes against scikit-learn's; bounds against special cases, resampling and simulation."""

from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from toolbox.stats import auc, bounds, multiclass

ROWS = np.arange(240)
accuracy: Any = multiclass.accuracy
balanced_accuracy: Any = multiclass.balanced_accuracy
roc_auc: Any = multiclass.roc_auc
log_loss: Any = multiclass.log_loss
top_accuracy: Any = multiclass.top_accuracy


@pytest.fixture(scope="module")
def guesses() -> Any:
    rng = np.random.default_rng(1)
    labels = rng.choice(4, 240, p=(0.5, 0.2, 0.2, 0.1))
    logits = rng.normal(size=(240, 4)) + 1.5 * np.eye(4)[labels]
    return labels, np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def test_estimates_are_those_of_scikit_learn(guesses: Any) -> None:
    labels, p = guesses
    given = labels, p, ROWS, 0.05
    decided = p.argmax(axis=1)
    assert accuracy(*given).estimate == pytest.approx(metrics.accuracy_score(labels, decided))
    recall = metrics.balanced_accuracy_score(labels, decided)
    assert balanced_accuracy(*given).estimate == pytest.approx(recall)
    area = metrics.roc_auc_score(labels, p, multi_class="ovr")
    assert roc_auc(*given).estimate == pytest.approx(area)
    top = metrics.top_k_accuracy_score(labels, p, k=2)
    assert top_accuracy(*given, top=2).estimate == pytest.approx(top)
    assert log_loss(*given).estimate == pytest.approx(metrics.log_loss(labels, p))  # none < 0.001
    assert (multiclass.confusion(labels, decided, 4) == metrics.confusion_matrix(labels, decided)).all()


def test_every_bound_is_on_its_own_side_of_the_estimate(guesses: Any) -> None:
    for bound in (accuracy, balanced_accuracy, roc_auc):
        found = bound(*guesses, ROWS, 0.05)
        assert found.estimate - 0.2 < found.value < found.estimate
    assert log_loss(*guesses, ROWS, 0.05).value > log_loss(*guesses, ROWS, 0.05).estimate


def test_rows_repeated_within_their_group_bring_no_certainty(guesses: Any) -> None:
    labels, p = guesses
    thrice = np.repeat(labels, 3), np.repeat(p, 3, axis=0), np.repeat(ROWS, 3), 0.05
    for bound in (accuracy, balanced_accuracy, roc_auc):
        assert bound(*thrice).value == pytest.approx(bound(labels, p, ROWS, 0.05).value, abs=1e-9)


def test_the_balanced_bound_of_one_class_is_that_of_clopper_and_pearson() -> None:
    found = multiclass.melded_lower(np.array([0.8]), np.array([40.0]), 0.05)
    exact = bounds.clopper_pearson_lower(32, 40, 0.05)
    assert exact - 1 / multiclass.CELLS <= found <= exact


def test_the_balanced_bound_is_a_quantile_of_the_mean_of_drawn_betas() -> None:
    hits, sizes = np.array([18.0, 5.0, 30.0]), np.array([20.0, 9.0, 31.0])
    drawn = np.random.default_rng(2).beta(hits, sizes - hits + 1, (200_000, 3)).mean(axis=1)
    found = multiclass.melded_lower(hits / sizes, sizes, 0.05)
    assert found == pytest.approx(np.quantile(drawn, 0.05), abs=2e-3)
    bonferroni = np.mean(
        [bounds.clopper_pearson_lower(h, n, 0.05 / 3) for h, n in zip(hits, sizes, strict=True)]
    )
    assert found > bonferroni + 0.05


def test_the_area_of_two_classes_is_bounded_as_delong_does() -> None:
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 2, 240)
    scores = 1 / (1 + np.exp(-labels - rng.normal(size=240)))
    found = roc_auc(labels, np.column_stack([1 - scores, scores]), ROWS, 0.05)
    assert found.estimate == pytest.approx(auc.placements(labels, scores).auc)
    assert found.value == pytest.approx(auc.delong_lower(labels, scores, ROWS, 0.05), abs=0.01)


def test_perfect_answers_of_few_rows_prove_little() -> None:
    labels = np.repeat(np.arange(3), 8)
    found = roc_auc(labels, np.eye(3)[labels], np.arange(24), 0.05)
    assert found.estimate == 1.0
    assert 0.6 < found.value < 0.95


def test_ties_do_not_bring_a_class_among_the_most_probable() -> None:
    found = top_accuracy(np.array([0, 1, 2]), np.full((3, 3), 1 / 3), np.arange(3), 0.05, top=2)
    assert found.estimate == 0.0


def test_a_class_that_was_ruled_out_costs_the_stated_loss_and_no_more() -> None:
    losses = multiclass.log_losses(np.array([0, 1]), np.array([[0.0, 1.0], [0.0, 1.0]]))
    assert losses == pytest.approx([-np.log(multiclass.FLOOR), 0.0])
