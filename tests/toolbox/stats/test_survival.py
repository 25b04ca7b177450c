"""Censored times: values by hand and from scikit-survival, influences by replication of rows."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sksurv import metrics as theirs
from sksurv.nonparametric import kaplan_meier_estimator
from sksurv.util import Surv

from toolbox.stats import survival_metrics as ours
from toolbox.stats.survival import Censored, kaplan_meier

# Freireich and others (1963), weeks in remission on 6-MP, as in Gehan (1965), Biometrika 52:203
TEXT = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
WEEKS = TEXT.split()
REMISSION = Censored(
    np.array([float(week.rstrip("+")) for week in WEEKS]), np.array(["+" not in week for week in WEEKS])
)


def simulated(n: int, decimals: int = 12) -> tuple[Censored, Any, Any]:
    """Rows, the log risk of a middling model, its survival at ten times until 1."""
    rng = np.random.default_rng(8)
    truth = rng.normal(size=n)
    until, followed = rng.exponential(np.exp(-truth)), rng.exponential(1.5, n)
    rows = Censored(np.minimum(until, followed).round(decimals), until <= followed)
    log_risk = (truth + rng.normal(size=n)).round(1)
    return rows, log_risk, np.exp(-np.outer(np.exp(log_risk / 2), np.linspace(0.1, 1, 10)))


def test_remission_times_have_the_published_survival_and_errors() -> None:
    curve = kaplan_meier(REMISSION.times, REMISSION.events)
    # Klein and Moeschberger (2003), Survival Analysis, table 4.1A
    np.testing.assert_array_equal(curve.times, [6, 7, 10, 13, 16, 22, 23])
    np.testing.assert_array_equal(curve.at_risk, [21, 17, 15, 12, 11, 7, 6])
    np.testing.assert_allclose(curve.values, [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448], atol=5e-4)
    np.testing.assert_allclose(
        curve.errors, [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346], atol=5e-5
    )


def test_who_has_the_event_when_another_is_censored_is_not_at_risk_of_that() -> None:
    censoring = REMISSION.still_seen
    _, expected = kaplan_meier_estimator(REMISSION.events, REMISSION.times, reverse=True)
    np.testing.assert_allclose(censoring.at(np.unique(REMISSION.times)), expected)
    # at 6 three of 21 have the event and one is censored: 17 of 18 are seen on; at 9 one of 16 is not
    np.testing.assert_allclose(censoring.before(np.array([6.0, 7.0, 10.0])), [1, 17 / 18, 17 / 18 * 15 / 16])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=2, max_size=30), st.integers(1, 9))
def test_weights_stand_for_every_row_and_give_kaplan_meier(seen: Any, horizon: int) -> None:
    rows = Censored(np.array([float(time) for time, _ in seen]), np.array([event for _, event in seen]))
    if not rows.known(horizon).any() or rows.times.max() < horizon:
        return
    weights = rows.weights(horizon)
    assert weights.sum() == pytest.approx(len(seen))
    observed = 1 - kaplan_meier(rows.times, rows.events).at(np.array([float(horizon)]))[0]
    assert weights[rows.happened(horizon)].sum() / len(seen) == pytest.approx(observed)


def test_who_is_censored_at_the_horizon_has_outlasted_it() -> None:
    rows = Censored(np.array([1.0, 2.0, 5.0, 5.0]), np.array([True, False, False, False]))
    np.testing.assert_allclose(rows.weights(5.0), [1, 0, 3 / 2, 3 / 2])


def test_metrics_are_those_of_scikit_survival() -> None:
    rows, log_risk, surviving = simulated(200)
    seen, grid = Surv.from_arrays(rows.events, rows.times), np.linspace(0.1, 1, 10)
    expected = theirs.concordance_index_ipcw(seen, seen, log_risk, tau=1.0)[0]
    assert ours.uno_c(rows, log_risk, 1.0).estimate == pytest.approx(expected, abs=1e-12)
    area = theirs.cumulative_dynamic_auc(seen, seen, log_risk, [1.0])[0][0]
    assert ours.area_at(rows, log_risk, 1.0).estimate == pytest.approx(area, abs=1e-12)
    score = theirs.brier_score(seen, seen, surviving, grid)[1]
    assert ours.brier(rows, surviving[:, 4], grid[4]).estimate == pytest.approx(score[4], abs=1e-12)
    integrated = theirs.integrated_brier_score(seen, seen, surviving, grid)
    assert ours.integrated_brier(rows, surviving, grid).estimate == pytest.approx(integrated, abs=1e-12)


def test_observed_less_predicted_risk_is_that_of_kaplan_meier() -> None:
    predicted = np.full(21, 0.7)
    found = ours.calibration_in_the_large(REMISSION, predicted, 13.0)
    assert found.estimate == pytest.approx((1 - 0.690) - 0.3, abs=5e-4)
    # of equal predictions the error is Greenwood's, 0.1068
    assert np.sqrt(np.sum(found.influence**2)) / 21 == pytest.approx(0.1068, abs=5e-5)


@pytest.mark.parametrize(
    "metric", ["uno_c", "area_at", "brier", "integrated_brier", "calibration_in_the_large"]
)
def test_influences_are_what_one_more_row_changes(metric: str) -> None:
    rows, log_risk, surviving = simulated(30, decimals=1)  # with ties of all kinds
    given, at = {
        "uno_c": (log_risk, 1.0),
        "area_at": (log_risk, 1.0),
        "integrated_brier": (surviving, np.linspace(0.1, 1, 10)),
    }.get(metric, (surviving[:, 4], 0.5))
    measure: Any = getattr(ours, metric)
    found, times = measure(rows, given, at), 50
    for place in (0, 8, 29):
        copies = np.repeat(np.arange(30), times + (np.arange(30) == place))
        more = measure(Censored(rows.times[copies], rows.events[copies]), given[copies], at).estimate
        assert (more - found.estimate) * 30 * times == pytest.approx(found.influence[place], abs=0.04)
    assert found.influence.sum() == pytest.approx(0, abs=1e-9)


def test_pairs_are_compared_in_chunks_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, log_risk, _ = simulated(60)
    at_once = ours.uno_c(rows, log_risk, 1.0)
    monkeypatch.setattr(ours, "CHUNK", 100)
    in_chunks = ours.uno_c(rows, log_risk, 1.0)
    assert in_chunks.estimate == pytest.approx(at_once.estimate)
    np.testing.assert_allclose(in_chunks.influence, at_once.influence, atol=1e-12)


def test_without_a_case_there_is_no_concordance() -> None:
    rows = Censored(np.array([1.0, 2.0, 3.0]), np.array([False, False, False]))
    assert np.isnan(ours.uno_c(rows, np.arange(3.0), 2.5).estimate)
    assert np.isnan(ours.area_at(rows, np.arange(3.0), 2.5).estimate)
