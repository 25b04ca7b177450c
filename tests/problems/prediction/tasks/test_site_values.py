"""A metric at each site, of every task, with a variance that can be checked."""

import numpy as np
import pytest

from problems.prediction.tasks.site_values import jackknife, site_values, stated
from problems.prediction.tasks.task import Asking, Outcomes

KINDS = Asking("multiclass", ("a", "b", "c"), {"top": 2})
AMOUNTS = Asking("regression", (), {"tolerance": 1.0, "range": [0, 100]})
TIMES = Asking("time_to_event", (), {"horizon": 5.0, "times": [1.0, 3.0, 5.0]})


def test_the_jackknife_of_a_mean_is_its_variance() -> None:
    values = np.array([1.0, 4.0, 2.0, 9.0, 4.0])
    found = jackknife(lambda kept: float(values[kept].mean()), 5)
    assert found == pytest.approx(values.var(ddof=1) / 5)


def test_classes_are_judged_site_by_site_and_small_sites_are_not() -> None:
    labels, sites = np.tile([0, 1, 2, 0], 11), np.repeat([7, 8, 9], [20, 20, 4])
    says = np.eye(3)[np.where(sites == 8, 0, labels)] * 0.8 + 0.1
    found = site_values("accuracy", Outcomes(labels, groups=sites), says, KINDS)
    assert [(each.rows, each.value) for each in found] == [(20, 1.0), (20, 0.5), (4, None)]
    # 20 of 20 right: a share of 21 in 22 has this variance
    assert found[0].variance == pytest.approx(21 / 22 / 22 / 20)
    assert found[1].variance == pytest.approx(0.25 / 19, rel=0.01)
    assert set(stated(found[0], KINDS)) == {"site", "rows", "value", "variance", "limit"}


def test_numbers_and_times_are_too() -> None:
    rng = np.random.default_rng(2)
    sites, true = np.repeat([0, 1], 60), rng.uniform(20, 80, 120)
    said = true + rng.normal(size=120) * np.where(sites, 4, 1)
    near, far = site_values("mae", Outcomes(true, groups=sites), said, AMOUNTS)
    off = np.abs(said - true)[sites == 1]
    assert far.value == pytest.approx(off.mean())
    assert far.variance == pytest.approx(off.var() / 60, rel=0.4)
    assert near.value == pytest.approx(np.abs(said - true)[sites == 0].mean())
    until, seen = rng.exponential(said / 10), rng.uniform(2, 9, 120)
    rows = Outcomes(np.minimum(until, seen), until <= seen, groups=sites)
    surviving = np.exp(-np.outer(10 / said, TIMES.parameters["times"]))
    for each in site_values("brier", rows, surviving, TIMES):
        assert each.positives == rows.events[sites == each.site].sum()  # type: ignore[index]
        assert each.value == pytest.approx(0.2, abs=0.1)
        assert each.variance == pytest.approx(0.0005, rel=0.9)
