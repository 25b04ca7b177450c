"""Rows by predicted risk: Kaplan-Meier's limits against a published table."""

import numpy as np
import pytest

from toolbox.stats import curves
from toolbox.stats.bounds import clopper_pearson_upper
from toolbox.stats.survival import Censored, kaplan_meier
from toolbox.stats.survival_bounds import Predicted
from toolbox.stats.survival_curves import net_benefit, risk_groups, risk_limits


def test_limits_are_those_of_the_log_log_scale() -> None:
    # R, survival package: survfit(Surv(time, status) ~ 1, conf.type = "log-log") of the remission times of
    # Freireich and others (1963) on 6-MP: S(10) = 0.753, 95 % from 0.503 to 0.889
    weeks = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
    texts = weeks.split()
    curve = kaplan_meier(
        np.array([float(week.rstrip("+")) for week in texts]), np.array(["+" not in week for week in texts])
    )
    low, high = risk_limits(curve, 10.0, 15)
    assert (1 - high, 1 - low) == pytest.approx((0.503, 0.889), abs=6e-4)


def test_groups_hold_a_third_of_the_rows_each_and_nobody_at_risk_has_no_event() -> None:
    risk = np.repeat([0.1, 0.4, 0.7], 30)
    rng = np.random.default_rng(2)
    times = np.where(risk == 0.1, 9.0, rng.exponential(2.0, 90))
    rows = Censored(times, times < 5)
    low, middle, high = risk_groups(
        Predicted(rows, 1 - risk[:, None], np.array([5.0]), 5.0, np.arange(90)), parts=3
    )
    assert [low.rows, middle.rows, high.rows] == [30, 30, 30]
    assert [low.predicted, middle.predicted, high.predicted] == pytest.approx([0.1, 0.4, 0.7])
    assert (low.events, low.observed, low.low) == (0, 0, 0)
    assert low.high == pytest.approx(clopper_pearson_upper(0, 30, 0.025))
    assert high.observed == pytest.approx(np.mean(times[60:] <= 5))
    assert high.low < high.observed < high.high


def test_few_rows_are_one_group() -> None:
    rows = Censored(np.arange(1.0, 31.0), np.ones(30, dtype=bool))
    of = Predicted(rows, np.linspace(0, 1, 30)[:, None], np.array([5.0]), 5.0, np.arange(30))
    assert len(risk_groups(of)) == 1


def test_the_net_benefit_of_times_that_are_all_seen_is_that_of_two_classes() -> None:
    rng = np.random.default_rng(4)
    risk, thresholds = rng.random(60), np.array([0.1, 0.4, 0.9, 0.999999])
    times = rng.exponential(2 / risk)
    rows = Predicted(
        Censored(times, np.full(60, True)), 1 - risk[:, None], np.array([5.0]), 5.0, np.arange(60)
    )
    labels = (times <= 5).astype(np.int64)
    assert net_benefit(rows, thresholds) == pytest.approx(curves.net_benefit(labels, risk, thresholds))
