"""Bounds of survival metrics: without censoring the known ones, with it error rates by simulation."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from bench import survival_bounds as survival_bounds_bench
from bench.survival_bounds import ALPHAS, Scenario, wrong
from toolbox.stats import survival_bounds
from toolbox.stats.bounds import clopper_pearson_upper
from toolbox.stats.survival import Censored
from toolbox.stats.survival_bounds import METRICS, Predicted, bound, dependence, missing


def predicted(n: int, seed: int = 4, groups: Any = None) -> Predicted:
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=n)
    until, followed = rng.exponential(np.exp(-truth)), rng.exponential(1.5, n)
    rows = Censored(np.minimum(until, followed), until <= followed)
    grid = np.array([0.25, 0.5, 1.0])
    surviving = np.exp(-np.outer(np.exp(truth), grid))
    return Predicted(rows, surviving, grid, 1.0, np.arange(n) if groups is None else groups)


def test_bounds_err_no_more_often_than_promised(monkeypatch: pytest.MonkeyPatch) -> None:
    sets = 80
    monkeypatch.setattr(survival_bounds_bench, "DRAWN", 50_000)
    monkeypatch.setattr(survival_bounds_bench, "PAIRS", 400_000)
    rates, _ = wrong(Scenario("random", 0.5, "poor"), 100, sets, 1)
    for each in rates.values():
        for alpha, rate in zip(ALPHAS, each, strict=True):
            assert rate * sets <= stats.binom.ppf(0.999, sets, alpha)


def test_pairs_that_repeat_each_other_count_once() -> None:
    alone = predicted(100)
    twice = np.repeat(np.arange(100), 2)
    rows = Censored(alone.rows.times[twice], alone.rows.events[twice])
    doubled = Predicted(rows, alone.surviving[twice], alone.grid, 1.0, twice)
    naive = Predicted(rows, alone.surviving[twice], alone.grid, 1.0, np.arange(200))
    for metric, how in METRICS.items():
        once, paired, apart = (bound(metric, each, 0.05) for each in (alone, doubled, naive))
        assert paired.estimate == pytest.approx(once.estimate, abs=5e-3)  # pairs of twins are no pairs
        assert paired.value == pytest.approx(once.value, abs=6e-3)
        wider = paired.value - apart.value if how.less_is_better else apart.value - paired.value
        assert wider > 0.005


def test_constant_predictions_without_censoring_are_bounded_as_a_proportion_is() -> None:
    # of 40 rows 12 have the event; all are predicted to survive, so that the Brier score is their share
    events = np.arange(40) < 12
    times = np.where(events, 1.0 + np.arange(40) / 100, 9.0)
    rows = Censored(times, events)
    found = bound("brier", Predicted(rows, np.ones((40, 1)), np.array([5.0]), 5.0, np.arange(40)), 0.05)
    assert found.estimate == pytest.approx(0.3)
    # Student's t in place of the normal makes it a little wider than Clopper and Pearson's
    assert clopper_pearson_upper(12, 40, 0.05) < found.value < clopper_pearson_upper(12, 40, 0.05) + 0.02


def test_predictions_without_an_error_show_what_as_many_rows_without_one_would() -> None:
    events = np.arange(60) < 20
    times = np.where(events, 1.0 + np.arange(60) / 100, 9.0)
    surviving = np.stack([times > 1.5, ~events], axis=1).astype(float)
    surviving[:, 0] = np.where(events, 0.5 + np.arange(60) / 1000, 1.0)
    rows = Censored(times, events)
    perfect = Predicted(rows, np.where(events, 0.0, 1.0)[:, None], np.array([5.0]), 5.0, np.arange(60))
    assert bound("brier", perfect, 0.05).value == pytest.approx(1 - 0.05 ** (1 / 60))
    assert bound("roc_auc", perfect, 0.05).value == pytest.approx(0.05 ** (1 / 20))
    assert bound("roc_auc", perfect, 0.05).estimate == 1


def test_censoring_that_hangs_on_the_risk_is_seen_and_other_is_not() -> None:
    rng = np.random.default_rng(2)
    risk = rng.random(400)
    until = rng.exponential(1 / (0.5 + risk))
    values = []
    for followed in (rng.exponential(1.0, 400), rng.exponential(1 / (0.3 + 2 * risk))):
        rows = Censored(np.minimum(until, followed), until <= followed)
        values.append(dependence(rows, risk, 2.0))
    assert values[0] > 0.05
    assert values[1] < survival_bounds.DEPENDS
    everybody = Censored(until, np.ones(400, dtype=bool))
    assert dependence(everybody, risk, 2.0) == 1


def test_it_is_the_score_test_of_coxs_model() -> None:
    # by hand: censored at 2 (rows of rank 2, 3, 4 at risk) and at 3 (3, 4); ranks over 4
    rows = Censored(np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, False, False, True]))
    statistic = ((2 - 3) + (3 - 3.5)) / np.sqrt(2 / 3 + 1 / 4)
    expected = 2 * stats.norm.sf(abs(statistic))
    assert dependence(rows, np.array([0.1, 0.2, 0.3, 0.4]), 3.5) == pytest.approx(expected)


def test_too_few_events_or_rows_that_outlast_bound_nothing() -> None:
    times = np.arange(1.0, 41.0)
    assert missing(Censored(times, np.arange(40) < 9), 20.0).startswith("9 rows have the event by 20")
    assert missing(Censored(times, np.arange(40) < 20), 35.0).startswith("6 rows are known to be without")
    assert not missing(Censored(times, np.arange(40) < 10), 20.0)


def test_of_few_rows_less_is_needed_to_hold_censoring_dependent() -> None:
    found = [survival_bounds.depends_below(rows) for rows in (20, 100, 400, 1000, 10_000)]
    assert found == pytest.approx([0.1, 0.1, 0.025, 0.01, 0.01])
