"""A bound on a new site: ranks against tables of the sign test, error rates against simulation."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from bench.site_bounds import wrong
from toolbox.stats.bounds import METRICS
from toolbox.stats.site_bounds import bound_of, least_sites, rank, site_bound, site_values


@pytest.mark.parametrize(
    ("sites", "alpha", "place"),
    [
        (5, 0.05, 0),
        (6, 0.05, 1),
        (6, 0.05 / 3, 0),
        (7, 0.05 / 3, 1),
        (8, 0.05, 1),
        (9, 0.05, 2),
        (15, 0.05, 4),
    ],
)
def test_ranks_are_those_of_the_binomial_distribution(sites: int, alpha: float, place: int) -> None:
    # tables of the binomial distribution, p = 0.45: P(X = 0; 5) = 0.0503, P(X = 0; 6) = 0.0277,
    # P(X = 0; 7) = 0.0152, P(X ≤ 1; 8) = 0.0632, P(X ≤ 1; 9) = 0.0385, P(X ≤ 2; 9) = 0.1495,
    # P(X ≤ 3; 15) = 0.0424, P(X ≤ 4; 15) = 0.1204
    assert rank(sites, alpha) == place


@pytest.mark.parametrize(("alpha", "least"), [(0.05, 6), (0.05 / 3, 7), (0.3, 3), (0.01, 8)])
def test_fewer_sites_bound_nothing(alpha: float, least: int) -> None:
    assert least_sites(alpha) == least  # 0.55^least ≤ α
    assert rank(least, alpha) == 1
    assert rank(least - 1, alpha) == 0


def rows(hits: list[int], of: int = 100) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sites of so many rows, so many of which are called correctly."""
    labels = np.tile(np.arange(of) % 2, len(hits))
    right = np.concatenate([np.arange(of) < count for count in hits])
    return labels, np.where(right, labels, 1 - labels).astype(float), np.repeat(np.arange(len(hits)), of)


def test_the_second_worst_limit_of_nine_sites_bounds_them() -> None:
    found = site_bound("accuracy", *rows([95, 90, 60, 92, 93, 97, 70, 91, 99]), 0.05)
    assert found is not None
    assert found.value == pytest.approx(stats.beta.ppf(0.1, 70, 31))  # Clopper and Pearson: 70 of 100
    assert found.estimate == 0.92
    assert "number 2 from the worst of 9 sites" in found.method


def test_small_sites_that_happen_to_be_perfect_are_not_shown_to_be() -> None:
    found = site_bound("accuracy", *rows([10] * 6, of=10), 0.05)
    assert found is not None
    assert found.value == pytest.approx(0.1 ** (1 / 10))


def test_of_errors_the_second_largest_limit_counts() -> None:
    found = site_bound("brier", *rows([100] * 7 + [90, 80]), 0.05)
    assert found is not None
    assert found.value == site_values("brier", *rows([90]))[0].limit


def test_sites_that_are_too_small_do_not_count() -> None:
    labels, scores, sites = rows([9] * 6, of=10)
    kept = (sites != 5) | (np.arange(60) % 10 < 9)  # nine rows of the last
    assert site_bound("accuracy", labels, scores, sites, 0.05) is not None
    assert site_bound("accuracy", labels[kept], scores[kept], sites[kept], 0.05) is None
    small = site_values("accuracy", labels[kept], scores[kept], sites[kept])[5]
    assert (small.rows, small.value) == (9, None)


@given(st.sampled_from(sorted(METRICS)), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_no_predictions_have_a_better_bound_than_those_without_an_error(metric: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    sites = np.repeat(np.arange(6), rng.integers(12, 20, 6))
    labels = np.arange(len(sites)) % 2
    scores = np.clip(labels + rng.normal(0, rng.choice([0.05, 0.3, 1.0]), len(sites)), 0, 1)
    best, other = (site_bound(metric, labels, each, sites, 0.05) for each in (labels.astype(float), scores))
    assert best is not None
    assert other is not None
    assert other.value >= best.value if METRICS[metric].less_is_better else other.value <= best.value


@pytest.mark.parametrize("scenario", ["one good in five", "near perfect"])
def test_error_rates_stay_within_alpha(scenario: str) -> None:
    """A small part of `bench.site_bounds`, which has 2,000 tables of each of 24 kinds."""
    tables = 100
    errors = wrong(np.random.default_rng(1), scenario, 8, tables)
    assert errors[0][0] <= 0.05 + 3 * sqrt(0.05 * 0.95 / tables)


def test_bounds_come_from_what_sites_measured_alone() -> None:
    data = rows([95, 90, 60, 92, 93, 97])
    assert site_bound("accuracy", *data, 0.05) == bound_of("accuracy", site_values("accuracy", *data), 0.05)
