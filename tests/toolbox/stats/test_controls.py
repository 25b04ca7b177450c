"""Paired tests against published values, exact enumeration, and their error rates under the null."""

from itertools import product
from math import exp
from typing import Any

import numpy as np
import pytest
from scipy import stats

from toolbox.stats import controls
from toolbox.stats.bounds import METRICS


@pytest.mark.parametrize(
    ("other", "difference", "both_sides"), [("albumin", 0.0108, 0.9102), ("protein", -0.0780, 0.4561)]
)
def test_differences_of_areas_from_the_kg_score_are_those_of_sas(
    ovarian: Any, other: Any, difference: Any, both_sides: Any
) -> None:
    labels, scores = ovarian
    gain, p_value = controls.compare("roc_auc", labels, scores[other], scores["kg"], np.arange(labels.size))
    assert gain == pytest.approx(difference, abs=5e-5)
    # SAS reports both sides, from the normal; here it is one side, from Student's t
    assert min(p_value, 1 - p_value) == pytest.approx(both_sides / 2, abs=5e-3)


def test_decisions_are_compared_by_the_exact_test_of_mcnemar() -> None:
    # the 150 and 86 discordant pairs of Agresti's approval ratings; scipy's binomial test is the reference
    labels = np.ones(236, dtype=int)
    candidate = np.repeat([0.9, 0.1], [150, 86])
    gain, p_value = controls.compare("accuracy", labels, candidate, 1 - candidate, np.arange(236))
    assert gain == pytest.approx(64 / 236)
    assert p_value == pytest.approx(stats.binomtest(150, 236, 0.5, alternative="greater").pvalue, rel=1e-9)


def test_flipped_signs_agree_with_all_arrangements_counted_out() -> None:
    gains = np.array([0.5, 0.4, -0.1, 0.3, 0.2, 0.7, -0.2, 0.05])
    signs = np.array(list(product((-1, 1), repeat=gains.size)))
    exact = np.mean(signs @ gains >= gains.sum() - 1e-12)
    assert controls.flip_signs(gains, np.arange(8)) == pytest.approx(exact, abs=5e-3)


def test_a_group_changes_sides_as_one() -> None:
    gains = np.full(30, 0.1)
    assert controls.flip_signs(gains, np.arange(30)) == pytest.approx(1e-4)
    assert controls.flip_signs(gains, np.repeat([0, 1], 15)) == pytest.approx(0.25, abs=0.02)


@pytest.mark.parametrize("metric", sorted(METRICS))
def test_a_control_that_is_the_candidate_is_never_beaten(metric: Any) -> None:
    rng = np.random.default_rng(2)
    labels, scores = rng.integers(0, 2, 50), rng.random(50)
    gain, p_value = controls.compare(metric, labels, scores, scores.copy(), np.arange(50))
    assert gain == 0.0
    assert p_value == 1.0


@pytest.mark.parametrize("metric", sorted(METRICS))
@pytest.mark.parametrize("grouped", [False, True])
def test_a_clearly_better_candidate_is_told_from_noise(metric: Any, grouped: Any) -> None:
    rng = np.random.default_rng(3)
    labels = np.arange(200) % 2
    groups = np.arange(200) // 2 if grouped else np.arange(200)
    scores = np.clip(0.6 * labels + rng.uniform(0, 0.5, 200), 0, 1)
    gain, p_value = controls.compare(metric, labels, scores, rng.random(200), groups)
    assert gain > 0.05
    assert p_value < 1e-3
    assert controls.compare(metric, labels, rng.random(200), scores, groups)[1] > 0.5


def test_full_separation_against_ties_falls_back_on_hoeffding() -> None:
    labels = np.repeat([0, 1], [30, 20])
    gain, p_value = controls.compare("roc_auc", labels, labels * 0.8, np.full(50, 0.5), np.arange(50))
    assert gain == 0.5
    assert p_value == pytest.approx(exp(-20 * 0.5**2 / 2))


@pytest.mark.parametrize("metric", sorted(METRICS))
def test_two_equally_good_scores_differ_no_more_often_than_promised(metric: Any) -> None:
    rng = np.random.default_rng(4)
    labels = np.repeat([0, 1], [60, 40])
    found = 0
    for _ in range(100):
        common = 0.4 * labels + rng.uniform(0, 0.3, 100)
        one, other = (np.clip(common + rng.uniform(0, 0.3, 100), 0, 1) for _ in range(2))
        found += controls.compare(metric, labels, one, other, np.arange(100))[1] <= 0.05
    assert found <= stats.binom.ppf(0.999, 100, 0.05)
