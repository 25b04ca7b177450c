"""The section on sites: their names, those too small, what a new one may expect."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.special import expit, logit

from problems.prediction.report.between_sites import FISHER, LOGARITHM, between_sites, interval, summary
from problems.prediction.report.predicted_rows import PredictedRows
from problems.prediction.tasks.task import Outcomes
from toolbox.stats.site_bounds import SiteValue


def sites(bench: Any, **changes: Any) -> Any:
    made = bench(sealed_rows=66, group_size=20, open_rows=80, shift=3.0)
    names = {group: f"<{group}>" for group in made.instance.frame["__group__"].unique()}
    instance = replace(made.instance, sites=names, by_site=True, **changes)
    scores = made.fit().predict_proba(instance.sealed_features)[:, 1]
    groups = np.repeat(np.arange(4), [20, 20, 20, 6])
    outcomes = Outcomes(instance.sealed_labels.astype(int), groups=groups)
    return instance, made.candidate(), PredictedRows(outcomes, instance.asked, scores)


def test_every_sealed_site_is_listed_with_its_own_name_escaped(make_bench: Any) -> None:
    instance, candidate, rows = sites(make_bench)
    html = between_sites(instance, "roc_auc", candidate, rows)
    assert re.findall(r"&lt;(g\d+)&gt;", html)[-1] == "g7"  # the one that is too small comes last
    assert html.count("too small") == 1
    assert "3 of 4" in html
    assert "a new site, 95 % prediction interval" in html


def test_open_sites_are_listed_as_the_method_states_them(make_bench: Any) -> None:
    instance, candidate, rows = sites(make_bench)
    one = {"site": "g0", "rows": 20, "positives": 10, "value": 0.9, "variance": 0.01}
    stated = replace(candidate, notes={"open_sites": [one, {**one, "site": "g1"}]})
    html = between_sites(instance, "roc_auc", stated, rows)
    assert "stated by the method, not verified" in html
    assert "&lt;g0&gt;" in html
    for odd in ([{"site": "nowhere"}], [3], [{**one, "value": "x"}], 7):
        other = replace(candidate, notes={"open_sites": odd})
        assert "stated by the method" not in between_sites(instance, "roc_auc", other, rows)
    said = replace(candidate, notes={"open_sites": "it learns once"})
    assert "the method states nothing: it learns once." in between_sites(instance, "roc_auc", said, rows)


@pytest.mark.parametrize(
    ("scale", "value", "edges"),
    [(FISHER, 0.5, np.tanh(np.arctanh(0.5) + np.array([-1, 1]) * 1.959964 * 0.1 / 0.75)),
     (LOGARITHM, 4.0, 4 * np.exp(np.array([-1, 1]) * 1.959964 * 0.1 / 4))],
)  # fmt: skip
def test_metrics_with_other_limits_have_scales_of_their_own(scale: Any, value: float, edges: Any) -> None:
    assert interval(value, 0.01, scale) == pytest.approx(tuple(edges))


def test_without_sites_there_is_no_section(make_bench: Any) -> None:
    instance, candidate, rows = sites(make_bench)
    assert between_sites(replace(instance, sites={}), "roc_auc", candidate, rows) == ""


def test_an_interval_is_wald_on_the_logit_scale() -> None:
    low, high = interval(0.8, 0.0016)
    step = 1.959964 * 0.04 / 0.16  # the logit's derivative is 1 / (0.8 · 0.2)
    assert (low, high) == pytest.approx((expit(logit(0.8) - step), expit(logit(0.8) + step)))
    assert interval(1.0, 0.01)[1] <= 1.0


def test_sites_that_do_not_count_are_not_pooled() -> None:
    small = SiteValue(0, 3, 1, None, None, None)
    assert summary([small, SiteValue(1, 50, 20, 0.8, 0.004, None)]) is None
    found = summary([small, *(SiteValue(k, 50, 20, 0.8, 0.004, None) for k in (1, 2, 3))])
    assert found is not None
    assert expit(found.estimate) == pytest.approx(0.8)
