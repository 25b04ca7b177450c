"""Values against published tables; error rates against simulation; fast routines against slow twins."""

from itertools import product
from math import log, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from toolbox.stats import auc, bounds
from toolbox.stats.groups import kish_size

# Hanley and McNeil (1982), Radiology 143:29, table II: ratings of 109 computed tomographs
RATINGS = {0: (33, 6, 6, 11, 2), 1: (3, 2, 2, 11, 33)}


def tomographs() -> Any:
    labels = np.repeat([0, 1], [58, 51])
    scores = np.concatenate([np.repeat(np.arange(5.0), RATINGS[label]) for label in (0, 1)])
    return labels, scores


def standard_error(labels: Any, scores: Any) -> Any:
    found = auc.placements(labels, scores)
    centred = found.positive - found.auc, found.negative - found.auc
    return sqrt(auc.variance(labels, centred, np.arange(len(labels)))[0])


def test_area_and_standard_errors_of_the_tomographs_are_the_published_ones() -> None:
    labels, scores = tomographs()
    assert auc.placements(labels, scores).auc == pytest.approx(0.893, abs=5e-4)  # Hanley and McNeil
    assert sqrt(auc.hanley_mcneil_variance(0.893, 51, 58)) == pytest.approx(0.032, abs=6e-4)  # the same
    assert standard_error(labels, scores) == pytest.approx(0.0307, abs=5e-5)  # Stata's roctab manual, DeLong


@pytest.mark.parametrize(
    ("name", "area", "error"), [("albumin", 0.7366, 0.0927), ("protein", 0.6478, 0.1), ("kg", 0.7258, 0.1028)]
)
def test_areas_and_errors_of_the_ovarian_cancer_data_are_those_of_sas(
    ovarian: Any, name: Any, area: Any, error: Any
) -> None:
    labels, scores = ovarian
    assert auc.placements(labels, scores[name]).auc == pytest.approx(area, abs=5e-5)
    assert standard_error(labels, scores[name]) == pytest.approx(error, abs=5e-5)


@pytest.mark.parametrize(
    ("successes", "trials", "lower", "upper"),
    [(81, 263, 0.2527, 0.3676), (15, 148, 0.0578, 0.1617), (0, 20, 0.0, 0.1684), (1, 29, 0.0009, 0.1776)],
)
def test_proportion_bounds_are_the_exact_ones_of_newcombe_1998_table_1(
    successes: Any, trials: Any, lower: Any, upper: Any
) -> None:
    assert bounds.clopper_pearson_lower(successes, trials, 0.025) == pytest.approx(lower, abs=5e-5)
    assert bounds.clopper_pearson_upper(successes, trials, 0.025) == pytest.approx(upper, abs=5e-5)


def test_proportion_bound_agrees_with_scipy_over_many_tables() -> None:
    for successes, trials, alpha in product((0, 1, 7, 12), (12, 40), (0.05, 0.01)):
        exact = (
            stats.binomtest(successes, trials, alternative="greater").proportion_ci(1 - alpha, "exact").low
        )
        assert bounds.clopper_pearson_lower(successes, trials, alpha) == pytest.approx(exact, abs=1e-12)


def test_hoeffding_bound_of_no_loss_at_all_is_the_closed_form() -> None:
    assert bounds.hoeffding_upper(np.zeros(40), 40, 0.05) == pytest.approx(1 - 0.05 ** (1 / 40), abs=1e-9)


def test_hoeffding_bound_is_no_looser_than_his_simpler_one() -> None:
    losses = np.random.default_rng(3).beta(1, 6, 120)
    simple = losses.mean() + sqrt(log(1 / 0.02) / (2 * 120))
    assert losses.mean() < bounds.hoeffding_upper(losses, 120, 0.02) <= simple


def test_empirical_bernstein_bound_is_theorem_4_of_maurer_and_pontil() -> None:
    losses = np.array([0.0, 0.5, 0.25, 0.25])  # mean 1/4, sample variance 1/24
    deviation = sqrt(2 / 24 * log(2 / 0.9) / 4)
    by_hand = 0.25 + deviation + 7 * log(2 / 0.9) / (3 * 3)
    assert bounds.empirical_bernstein_upper(losses, 0.9) == pytest.approx(min(1.0, by_hand))


def slow_placements(labels: Any, scores: Any) -> Any:
    above, below = scores[labels == 1], scores[labels == 0]
    wins = np.array([[(x > y) + 0.5 * (x == y) for y in below] for x in above])
    return wins.mean(), wins.mean(axis=1), wins.mean(axis=0)


def slow_variance(labels: Any, scores: Any, groups: Any) -> Any:
    """Obuchowski (1997), equations 2 to 5, cluster by cluster."""
    area, v10, v01 = slow_placements(labels, scores)
    kinds = [(v10, groups[labels == 1]), (v01, groups[labels == 0])]
    sums = [{k: sum(v[g == k] - area) for k in set(groups.tolist())} for v, g in kinds]
    total = 0.0
    for (v, g), own in zip(kinds, sums, strict=True):
        clusters = len(set(g.tolist()))
        total += clusters / (clusters - 1) / len(v) ** 2 * sum(s**2 for s in own.values())
    every = len(set(groups.tolist()))
    cross = sum(sums[0][k] * sums[1][k] for k in sums[0])
    return total + 2 * every / (every - 1) * cross / (len(v10) * len(v01))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 9), st.integers(2, 9), st.integers(1, 5))
def test_fast_placements_and_variance_equal_the_slow_ones(
    seed: Any, positives: Any, negatives: Any, levels: Any
) -> None:
    rng = np.random.default_rng(seed)
    labels = np.repeat([1, 0], [positives, negatives])
    scores = rng.integers(0, levels, labels.size).astype(float)
    groups = rng.permutation(labels.size) // 2 if seed % 2 else np.arange(labels.size)
    groups[[0, 1]], groups[[-1, -2]] = (90, 91), (92, 93)  # at least two groups a class
    groups = np.unique(groups, return_inverse=True)[1]
    found, (area, positive, negative) = auc.placements(labels, scores), slow_placements(labels, scores)
    np.testing.assert_allclose(found.positive, positive, atol=1e-12)
    np.testing.assert_allclose(found.negative, negative, atol=1e-12)
    fast = auc.variance(labels, (found.positive - area, found.negative - area), groups)[0]
    assert fast == pytest.approx(max(slow_variance(labels, scores, groups), 0.0), abs=1e-12)


def test_perfect_separation_does_not_prove_a_perfect_area() -> None:
    labels = np.repeat([0, 1], [40, 30])
    found = bounds.bound("roc_auc", labels, labels * 0.9, np.arange(70), 0.05)
    assert found.estimate == 1.0
    assert 0.9 < found.value < 0.97  # z²/(2·30) below 1, as the exponential model has it


def test_score_bound_of_a_full_area_nears_one_only_as_fast_as_the_smaller_class_grows() -> None:
    z = stats.norm.isf(0.05)
    for rows in (100, 10_000, 1_000_000):
        assert 1 - auc.score_lower(1.0, rows, rows * 5, 0.05) == pytest.approx(z**2 / 2 / rows, rel=0.1)


def test_constant_scores_have_area_one_half_and_a_bound_below_it() -> None:
    labels = np.repeat([0, 1], [60, 20])
    found = bounds.bound("roc_auc", labels, np.full(80, 0.3), np.arange(80), 0.05)
    assert found.estimate == 0.5
    assert found.value < 0.5


@pytest.mark.parametrize("metric", sorted(bounds.METRICS))
def test_a_smaller_error_asks_for_a_wider_bound(metric: Any) -> None:
    rng = np.random.default_rng(4)
    labels = rng.integers(0, 2, 90)
    scores = np.clip(0.3 * labels + rng.uniform(0, 0.7, 90), 0, 1)
    found = [bounds.bound(metric, labels, scores, np.arange(90), alpha) for alpha in (0.1, 0.05, 0.01)]
    distances = [abs(one.value - one.estimate) for one in found]
    assert distances == sorted(distances)
    assert distances[0] > 0
    assert (found[0].value > found[0].estimate) == bounds.METRICS[metric].less_is_better


@pytest.mark.parametrize("metric", sorted(set(bounds.METRICS) - {"brier"}))
def test_rows_repeated_within_their_group_bring_no_certainty(metric: Any) -> None:
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 2, 60)
    scores = np.clip(0.4 * labels + rng.uniform(0, 0.6, 60), 0, 1)
    once = bounds.bound(metric, labels, scores, np.arange(60), 0.05)
    groups = np.repeat(np.arange(60), 3)
    thrice = bounds.bound(metric, np.repeat(labels, 3), np.repeat(scores, 3), groups, 0.05)
    assert thrice.value == pytest.approx(once.value, abs=1e-9)
    assert "groups of dependent rows" in thrice.method


def test_effective_size_is_that_of_kish() -> None:
    assert kish_size(np.array([0, 1, 2, 3])) == 4.0
    assert kish_size(np.array([0, 0, 1, 1])) == 2.0
    assert kish_size(np.array([0, 0, 0, 1])) == pytest.approx(16 / 10)


# ---- error rates -------------------------------------------------------------------------------------------

REPLICATES = 200


def most_errors(alpha: Any, replicates: Any = REPLICATES) -> Any:
    """99.9 % limit of a binomial count: a bound that errs as often as promised passes 999 times in 1,000."""
    return stats.binom.ppf(0.999, replicates, alpha)


def binormal(rng: Any, area: Any, m: Any, n: Any, spread: Any) -> Any:
    shift = stats.norm.ppf(area) * sqrt(1 + spread**2)
    return rng.normal(shift, spread, m), rng.normal(0, 1, n)


def exponential(rng: Any, area: Any, m: Any, n: Any, _: Any) -> Any:
    return rng.exponential(area / (1 - area), m), rng.exponential(1, n)


def with_undetectable(rng: Any, area: Any, m: Any, n: Any, _: Any) -> Any:
    """A share of the positives looks just like negatives, the others cannot be missed."""
    hidden = rng.random(m) < 2 * (1 - area)
    return np.where(hidden, rng.normal(0, 1, m), rng.normal(30, 1, m)), rng.normal(0, 1, n)


SCENARIOS = [
    (binormal, 0.5, 10, 10, 1.0),
    (binormal, 0.7, 10, 100, 1.0),
    (binormal, 0.8, 20, 60, 1.0),
    (binormal, 0.9, 100, 20, 1 / 3),
    (binormal, 0.9, 20, 200, 3.0),
    (binormal, 0.97, 53, 90, 1.0),
    (binormal, 0.99, 60, 140, 1.0),
    (exponential, 0.9, 15, 150, 1.0),
    (exponential, 0.99, 80, 40, 1.0),
    (with_undetectable, 0.9, 20, 60, 1.0),
    (with_undetectable, 0.97, 50, 100, 1.0),
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: f"{s[0].__name__}-{s[1]}-{s[2]}x{s[3]}")
def test_area_bound_errs_no_more_often_than_promised(scenario: Any) -> None:
    draw, area, m, n, spread = scenario
    rng = np.random.default_rng(20_261_120)
    labels, groups = np.repeat([1, 0], [m, n]), np.arange(m + n)
    errors = dict.fromkeys((0.05, 0.0167), 0)
    for _ in range(REPLICATES):
        scores = np.concatenate(draw(rng, area, m, n, spread))
        for alpha in errors:
            errors[alpha] += bounds.bound("roc_auc", labels, scores, groups, alpha).value > area
    for alpha, count in errors.items():
        assert count <= most_errors(alpha)


def test_area_bound_holds_with_ties() -> None:
    rng = np.random.default_rng(11)
    chances = {1: np.array([0.1, 0.2, 0.7]), 0: np.array([0.6, 0.3, 0.1])}
    area = sum(chances[1][i] * (chances[0][:i].sum() + chances[0][i] / 2) for i in range(3))
    labels = np.repeat([1, 0], [30, 90])
    errors = 0
    for _ in range(REPLICATES):
        scores = np.concatenate([rng.choice(3, 30, p=chances[1]), rng.choice(3, 90, p=chances[0])])
        errors += bounds.bound("roc_auc", labels, scores.astype(float), np.arange(120), 0.05).value > area
    assert errors <= most_errors(0.05)


def test_bounds_hold_for_groups_that_would_fool_independent_rows() -> None:
    rng = np.random.default_rng(12)
    clusters, size = 40, 5
    groups = np.repeat(np.arange(clusters), size)
    errors = {"roc_auc": 0, "accuracy": 0}
    naive = 0
    for _ in range(REPLICATES):
        labels = np.repeat(rng.permutation(np.arange(clusters) % 2), size)
        shared = np.repeat(rng.normal(0, 1, clusters), size)
        latent = 1.0 * labels + 0.95 * shared + sqrt(1 - 0.95**2) * rng.normal(0, 1, groups.size)
        scores = stats.norm.cdf(latent - 0.5)
        truth = {"roc_auc": stats.norm.cdf(1 / sqrt(2)), "accuracy": stats.norm.cdf(0.5)}
        for metric in errors:
            errors[metric] += bounds.bound(metric, labels, scores, groups, 0.05).value > truth[metric]
        naive += (
            bounds.bound("accuracy", labels, scores, np.arange(groups.size), 0.05).value > truth["accuracy"]
        )
    assert errors["roc_auc"] <= most_errors(0.05)
    assert errors["accuracy"] <= most_errors(0.05)
    assert naive > most_errors(0.05)  # so the scenario does tell the difference


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "sensitivity", "specificity", "brier"])
@pytest.mark.parametrize("rows", [24, 150])
def test_bounds_of_shares_and_losses_err_no_more_often_than_promised(metric: Any, rows: Any) -> None:
    rng = np.random.default_rng(13)
    right = {1: 0.7, 0: 0.95}
    truth = {
        "sensitivity": 0.7,
        "specificity": 0.95,
        "balanced_accuracy": 0.825,
        "accuracy": 0.25 * 0.7 + 0.75 * 0.95,
    }
    truth["brier"] = 0.81 * (1 - truth["accuracy"]) + 0.01 * truth["accuracy"]
    labels = np.repeat([1, 0], [rows // 4, rows - rows // 4])
    errors = 0
    for _ in range(REPLICATES):
        correct = rng.random(rows) < np.where(labels == 1, right[1], right[0])
        scores = np.where(correct == (labels == 1), 0.9, 0.1)
        found = bounds.bound(metric, labels, scores, np.arange(rows), 0.05)
        wrong_side = found.value < truth[metric] if metric == "brier" else found.value > truth[metric]
        errors += bool(wrong_side)
    assert errors <= most_errors(0.05)
