"""Metrics of weighted rows: known ones where weights are equal, thresholds by hand, simulated error rates."""

from math import sqrt
from typing import Any

import numpy as np
import pytest
from scipy import stats

from bench import weighted_bounds as bench
from toolbox.stats import auc, bounds
from toolbox.stats import weighted_bounds as weighted
from toolbox.stats.weighted_bounds import Weighted, ams, bound, region_bound
from toolbox.stats.weighted_metrics import weighted_metric


def rows(n: int = 120, seed: int = 3) -> Any:
    rng = np.random.default_rng(seed)
    labels = np.tile([0, 1, 0], n // 3)
    scores = (1 / (1 + np.exp(-rng.normal(size=n) - labels + 0.5))).round(2)
    return labels, scores, rng.gamma(2.0, size=n)


@pytest.mark.parametrize("metric", list(weighted.MEASURES))
def test_estimates_are_those_of_weighted_metrics(metric: str) -> None:
    labels, scores, weights = rows()
    found = weighted.MEASURES[metric](labels, scores, weights)
    assert found[0] == pytest.approx(weighted_metric(metric, labels.astype(np.int8), scores, weights))


@pytest.mark.parametrize("metric", [*weighted.MEASURES, "background_rejection"])
def test_influences_are_what_more_of_a_row_changes(metric: str) -> None:
    labels, scores, weights = rows()

    def measure(given: Any) -> Any:
        if metric == "background_rejection":
            return weighted.background_rejection(labels, scores, given, 0.7)
        return weighted.MEASURES[metric](labels, scores, given)

    estimate, influences = measure(weights)
    for place in (0, 1, 50, 119):
        step = np.where(np.arange(120) == place, 1e-7 * weights, 0.0)
        if metric == "background_rejection" and labels[place]:
            continue  # the threshold is taken as known
        assert (measure(weights + step)[0] - estimate) / 1e-7 == pytest.approx(influences[place], abs=1e-6)
    assert influences.sum() == pytest.approx(0, abs=1e-12)


def test_equal_weights_give_delongs_variance_and_nearly_the_bounds_without_weights() -> None:
    labels, scores, _ = rows()
    given = Weighted(labels, np.full(120, 7.0), np.arange(120))
    area, influences = weighted.roc_auc(labels, scores, given.weights)
    placed = auc.placements(labels, scores)
    centred = placed.positive - area, placed.negative - area
    # DeLong divides by one row less in each class
    assert np.sum(influences**2) == pytest.approx(auc.variance(labels, centred, np.arange(120))[0], rel=0.03)
    for metric in weighted.MEASURES:
        plain = bounds.bound(metric, labels, scores, np.arange(120), 0.05)
        found = bound(metric, given, scores, 0.05)
        assert found.estimate == pytest.approx(plain.estimate)
        if metric == "brier":  # Hoeffding's in its simpler form
            assert plain.value <= found.value == pytest.approx(plain.estimate + sqrt(np.log(20) / 240))
        else:
            assert found.value == pytest.approx(plain.value, abs=0.02)


def test_a_row_of_ten_times_the_weight_counts_as_ten_that_depend_on_each_other() -> None:
    labels, scores, weights = rows()
    weights = np.where(np.arange(120) < 6, 10.0, 1.0)
    again = np.repeat(np.arange(120), weights.astype(int))
    one = Weighted(labels, weights, np.arange(120))
    ten = Weighted(labels[again], np.ones(len(again)), again)
    for metric in weighted.MEASURES:
        found, expected = bound(metric, one, scores, 0.05), bound(metric, ten, scores[again], 0.05)
        assert found.estimate == pytest.approx(expected.estimate)
        assert found.value == pytest.approx(expected.value, abs=1e-9)


def test_rejection_is_bounded_by_two_exact_bounds() -> None:
    # 50 signal rows score 0.01, …, 0.50 and 40 of background below, at or above the threshold. To keep 0.7
    # with 97.5 %, 41 of 50 must be kept: Clopper-Pearson's lower bounds of 41 and 42 are 0.686 and 0.709
    low = [float(stats.beta.ppf(0.025, kept, 51 - kept)) for kept in (41, 42)]
    assert low[0] < 0.7 < low[1]
    signal = np.arange(1, 51) / 100
    background = np.repeat([0.0, 0.085, 0.09, 0.3], 10)
    labels = np.repeat([1, 0], [50, 40])
    given = Weighted(labels, np.ones(90), np.arange(90))
    found = region_bound("background_rejection", given, np.append(signal, background), 0.05, efficiency=0.7)
    # 42 signal rows score 0.09 and above; of the background 20 of 40 score less
    assert found.value == pytest.approx(stats.beta.ppf(0.025, 20, 21))
    assert found.estimate == pytest.approx(0.75)  # at 0.16, which 35 of 50 reach
    assert "exact" in found.method


def test_too_few_signal_rows_bound_no_rejection() -> None:
    labels = np.repeat([1, 0], [5, 40])
    given = Weighted(labels, np.ones(45), np.arange(45))
    assert region_bound("background_rejection", given, labels.astype(float), 0.05, efficiency=0.7).value == 0


def test_significance_is_the_published_one_and_follows_from_the_rejection() -> None:
    # of many background events it is s / √b; the regularisation adds ten
    assert ams(10.0, 999_990.0) == pytest.approx(10 / sqrt(1e6), rel=1e-4)
    # by hand: s = 10, b = 0: √(2 (20 ln 2 - 10))
    assert ams(10.0, 0.0) == pytest.approx(sqrt(2 * (20 * np.log(2) - 10)))
    labels, scores, weights = rows()
    given = Weighted(labels, weights, np.arange(120))
    rejection = region_bound("background_rejection", given, scores, 0.05, efficiency=0.5)
    found = region_bound("ams", given, scores, 0.05, efficiency=0.5, yields=(700.0, 40_000.0))
    assert found.value == pytest.approx(ams(350, (1 - rejection.value) * 40_000))
    assert found.estimate == pytest.approx(ams(350, (1 - rejection.estimate) * 40_000))


@pytest.mark.parametrize("kind", ["tiny signal", "hard are heavy"])
def test_bounds_err_no_more_often_than_promised(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "POPULATION", 100_000)
    sets = 60
    for each in bench.wrong(kind, 1.0, 100, sets, 1).values():
        for alpha, rate in zip(bench.ALPHAS, each, strict=True):
            assert rate * sets <= stats.binom.ppf(0.999, sets, alpha)


def test_a_row_that_outweighs_all_shows_nothing() -> None:
    labels, scores, weights = rows()
    weights[7] = 1e6
    scores = np.where(labels == 1, 0.9, 0.1)
    found = bound("accuracy", Weighted(labels, weights, np.arange(120)), scores, 0.05)
    assert found.estimate == 1.0
    assert found.value == pytest.approx(0.05, abs=0.01)  # one row: α


def test_heavy_rows_that_are_missing_here_count_where_they_are_known() -> None:
    """Two rows in a thousand weigh 100 and are told wrongly: most sets of 400 have none of them."""
    rng = np.random.default_rng(0)
    told = np.zeros(2)
    for _ in range(40):
        labels = rng.integers(0, 2, 400)
        rare = rng.random(400) < 0.002
        scores, weights = np.where(labels ^ rare, 0.9, 0.1), np.where(rare, 100.0, 1.0)
        for place, heaviest in enumerate(((0.0, 0.0), (100.0, 100.0))):
            given = Weighted(labels, weights, np.arange(400), heaviest)
            told[place] += bound("accuracy", given, scores, 0.05).value > 0.998 / (0.998 + 0.2)
    assert told[0] > 10
    assert told[1] == 0
