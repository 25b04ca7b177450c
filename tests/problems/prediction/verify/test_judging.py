"""What a certificate could say at best: the bound itself on every outcome of small tables, and sentences."""

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from escalation.model.certificate import CertificateStatus
from escalation.model.problem import Target
from problems.prediction.verify.certify import certify
from problems.prediction.verify.judging import at_best
from toolbox.stats.bounds import METRICS, bound


def target(metric: str, limit: float, confidence: float = 0.95) -> Target:
    side = "at_most" if METRICS[metric].less_is_better else "at_least"
    return Target.model_validate({"metric": metric, side: limit, "confidence": confidence})


@pytest.mark.parametrize("metric", sorted(METRICS))
@pytest.mark.parametrize("groups", [range(5), [0, 0, 1, 2, 2]], ids=["independent", "grouped"])
def test_of_all_scores_on_five_rows_none_has_a_better_bound(metric: str, groups: Any) -> None:
    """Every one of 3^5 ways to give the rows a score of 0, 0.5 or 1, against the labels themselves."""
    labels, numbers = np.array([1, 0, 1, 0, 1]), np.array(groups)
    best = bound(metric, labels, labels.astype(float), numbers, 0.05).value
    sign = -1 if METRICS[metric].less_is_better else 1
    for scores in product([0.0, 0.5, 1.0], repeat=5):
        assert sign * bound(metric, labels, np.array(scores), numbers, 0.05).value <= sign * best + 1e-12


@pytest.mark.parametrize(
    ("metric", "alpha", "value"),
    [
        ("accuracy", 0.05, 0.05 ** (1 / 32)),  # Clopper and Pearson without an error: α^(1/n)
        ("sensitivity", 0.05, 0.05 ** (1 / 16)),
        ("balanced_accuracy", 0.05, 0.025 ** (1 / 16)),
        ("accuracy", 0.05 / 3, (0.05 / 3) ** (1 / 32)),
        ("brier", 0.05, 1 - 0.025 ** (1 / 32)),  # Hoeffding at α/2: KL(0, μ) = -ln(1 - μ) = ln(2/α)/n
    ],
)
def test_of_32_rows_it_is_the_closed_form(make_bench: Any, metric: str, alpha: float, value: float) -> None:
    instance = make_bench(sealed_rows=32).instance
    found = at_best(instance, target(metric, 0.5), alpha)
    assert found.value == pytest.approx(value, abs=1e-9)


def test_the_area_of_few_rows_is_the_root_of_its_own_variance(make_bench: Any) -> None:
    """1 - θ = z √V(θ), V by Hanley and McNeil (1982) for 16 and 16 rows, by bisection here."""
    low, high = 0.0, 1.0
    for _ in range(60):
        theta = (low + high) / 2
        one, two = theta / (2 - theta) - theta**2, 2 * theta**2 / (1 + theta) - theta**2
        variance = (theta * (1 - theta) + 15 * one + 15 * two) / 256
        low, high = (theta, high) if 1 - theta > 1.6448536 * variance**0.5 else (low, theta)
    found = at_best(make_bench(sealed_rows=32).instance, target("roc_auc", 0.5), 0.05)
    assert found.value == pytest.approx(low, abs=1e-6)


@pytest.mark.parametrize("metric", sorted(METRICS))
def test_more_rows_and_a_larger_error_allow_more(make_bench: Any, metric: str) -> None:
    sign = -1 if METRICS[metric].less_is_better else 1
    by_rows = [
        at_best(make_bench(sealed_rows=n).instance, target(metric, 0.5), 0.05).value for n in (20, 32, 80)
    ]
    instance = make_bench(sealed_rows=32).instance
    by_alpha = [at_best(instance, target(metric, 0.5), alpha).value for alpha in (0.01, 0.05, 0.2)]
    for values in (by_rows, by_alpha):
        assert [sign * float(each or 0) for each in values] == sorted(
            sign * float(each or 0) for each in values
        )


def test_it_is_said_for_people_where_the_target_is_out_of_reach(make_bench: Any) -> None:
    instance = make_bench(sealed_rows=32).instance
    found = at_best(instance, target("accuracy", 0.95), 0.05 / 3)
    assert not found.reaches
    (said,) = found.said
    assert "on 32 rows kept aside (16 of the class to predict) no accuracy above 0.8799 can be shown" in said
    assert "with 95 % confidence (98.33 % for each of the steps)" in said
    # 0.0167^(1/n) ≥ 0.95 from n = 80 on; between repetitions of the 32 rows it is interpolated
    assert "0.95 is asked for: about 81 such rows would do" in said
    assert at_best(instance, target("accuracy", 0.8), 0.05 / 3).said == ()


def test_a_target_that_no_rows_could_show_is_called_so(make_bench: Any) -> None:
    (said,) = at_best(make_bench(sealed_rows=32).instance, target("roc_auc", 1.0), 0.05).said
    assert "not even 200,000 such rows would do" in said


def test_neither_open_labels_nor_features_nor_the_order_of_rows_play_a_part(make_bench: Any) -> None:
    instance = make_bench(sealed_rows=40, group_size=2).instance
    turned = replace(instance, sealed_index=instance.sealed_index[::-1])
    other = replace(instance, frame=instance.frame.assign(x0=0.0, x1=1.0))
    found = {at_best(each, target("roc_auc", 0.9), 0.05) for each in (instance, turned, other)}
    assert len(found) == 1


def by_site(make_bench: Any, sites: int, rows: int = 20) -> Any:
    made = make_bench(sealed_rows=sites * rows, group_size=rows, shift=3.0)
    return replace(made, instance=replace(made.instance, by_site=True, grouped=True))


def test_fewer_sites_than_any_bound_needs_are_said_beforehand_and_certify_nothing(make_bench: Any) -> None:
    made = by_site(make_bench, 6)
    found = at_best(made.instance, target("roc_auc", 0.6), 0.05 / 3)
    assert (found.value, found.reaches) == (None, False)
    assert "of the sites kept aside, 6 have 10 rows and 5 of each kind" in found.said[0]
    assert "and 7 must have them" in found.said[0]  # 0.55^7 ≤ 0.0167 < 0.55^6
    certificate = certify(made.instance, target("roc_auc", 0.6), made.candidate(), (), 0.05 / 3)
    assert certificate.status is CertificateStatus.HEURISTIC
    assert "no bound holds for a new site with fewer than 7" in certificate.reasons[0]


def test_enough_sites_are_certified_by_site(make_bench: Any) -> None:
    made = by_site(make_bench, 7)
    certificate = certify(made.instance, target("roc_auc", 0.6), made.candidate(), (), 0.05 / 3)
    assert certificate.status is CertificateStatus.CERTIFIED
    assert "7 sites" in certificate.kind
    assert "approximate" in certificate.kind
    assert certificate.evidence["by_site"]
    assert "by_site" not in certify(*certified_by_rows(make_bench)).evidence


def certified_by_rows(make_bench: Any) -> Any:
    made = make_bench()
    return made.instance, target("roc_auc", 0.6), made.candidate(), (), 0.05
