"""Error rates on few tables: that a bound errs far too often would show; the table of all is printed."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from bench import task_bounds
from toolbox.stats.bounds import Bound

TABLES = 60


@pytest.mark.parametrize(
    ("metric", "place"),
    [
        ("balanced_accuracy", 1),
        ("roc_auc", 3),
        ("weighted_kappa", 1),
        ("rank_correlation", 1),
        ("average_precision", 7),
    ],
)
def test_a_bound_errs_no_more_often_than_promised(
    metric: Any, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_bounds, "POPULATION", 50_000)
    scenario = task_bounds.METRICS[metric][1][place]
    for alpha, rate in zip(task_bounds.ALPHAS, task_bounds.wrong(metric, scenario, TABLES), strict=True):
        assert rate * TABLES <= stats.binom.ppf(0.999, TABLES, alpha)


def test_a_bound_that_does_not_hold_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    bounding, scenarios = task_bounds.METRICS["weighted_kappa"]

    def estimate_itself(*given: Any) -> Any:
        found: Any = bounding(*given)
        return Bound(found.estimate, found.estimate, "none")

    monkeypatch.setitem(task_bounds.METRICS, "weighted_kappa", (estimate_itself, scenarios))
    monkeypatch.setattr(task_bounds, "POPULATION", 50_000)
    assert max(task_bounds.wrong("weighted_kappa", scenarios[1], 20)) > 0.2


def test_halls_bound_is_nearer_to_its_error_than_students_and_both_miss_it_for_skewed_errors() -> None:
    values = np.random.default_rng(1).lognormal(size=(2000, 30))
    wrong = [
        float(np.mean(upper(values, 0.05) < np.exp(0.5))) for upper in (task_bounds.student, task_bounds.hall)
    ]
    assert wrong[0] > wrong[1] > 0.08
