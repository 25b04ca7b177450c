"""Rows that a bound needs, against the tail of the binomial that Clopper and Pearson's bound inverts."""

import numpy as np
import pytest
from scipy import stats

from toolbox.stats.bounds import METRICS
from toolbox.stats.sample_size import Judged, rows_needed

ALPHA = 0.05


def nine_of_ten(times: int = 1, *, together: int = 1) -> Judged:
    """Rows of which nine of ten are called correctly, in groups of `together`."""
    labels = np.tile(np.array([1] * 9 + [0]), times)
    groups = np.arange(len(labels)) // together
    return Judged("accuracy", labels, np.full(len(labels), 0.9), groups, ALPHA)


def binomial(limit: float) -> int:
    """Tens of rows from which on nine right of each ten refute that only `limit` are right."""
    return next(k for k in range(1, 1000) if stats.binom.sf(9 * k - 1, 10 * k, limit) <= ALPHA)


@pytest.mark.parametrize("limit", [0.6, 0.8, 0.88])
def test_as_many_rows_are_told_as_refute_a_lower_share(limit: float) -> None:
    tens = binomial(limit)
    needed = rows_needed(nine_of_ten(), limit, lambda value: value >= limit)
    assert needed is not None
    digit = 10 ** max(0, len(str(needed)) - 2)
    assert 10 * (tens - 1) < needed <= 10 * tens + digit


def test_of_dependent_rows_as_many_more_are_needed() -> None:
    """Five rows that stand or fall together are worth one."""
    single = rows_needed(nine_of_ten(5), 0.8, lambda value: value >= 0.8)
    grouped = rows_needed(nine_of_ten(5, together=5), 0.8, lambda value: value >= 0.8)
    assert single is not None
    assert grouped is not None
    assert grouped == pytest.approx(5 * single, rel=0.1)


def test_what_is_enough_already_is_told_as_it_is() -> None:
    assert rows_needed(nine_of_ten(20), 0.8, lambda value: value >= 0.8) == 200


def test_where_the_estimate_misses_no_number_is_told() -> None:
    assert rows_needed(nine_of_ten(), 0.91, lambda value: value >= 0.91) is None


def test_where_the_estimate_is_the_target_no_number_is_enough() -> None:
    assert rows_needed(nine_of_ten(), 0.9, lambda value: value >= 0.9) is None


def test_an_upper_bound_is_met_from_above() -> None:
    labels = np.tile(np.array([1, 0]), 20)
    scores = np.where(labels == 1, 0.9, 0.1)  # every row errs by 0.01
    judged = Judged("brier", labels, scores, np.arange(40), ALPHA)
    needed = rows_needed(judged, 0.05, lambda value: value <= 0.05)
    assert needed is not None
    assert judged.repeated(needed // 40 + 1).value <= 0.05 < judged.repeated(max(1, needed // 80)).value


def drawn(judged: Judged, rows: int, generator: np.random.Generator) -> Judged:
    """A simulation that repeats nothing: of a third of the rows few do, of three times as many most."""
    taken = generator.integers(0, len(judged.labels), rows)
    labels, scores = judged.labels[taken], judged.scores[taken]
    return Judged(judged.metric, labels, scores, np.arange(rows), judged.alpha)


@pytest.mark.parametrize("metric", METRICS)
def test_new_rows_as_many_as_told_reach_the_target_as_often_as_not(metric: str) -> None:
    """A simulation that repeats nothing: a third of the rows rarely does, three times as many mostly do."""
    generator = np.random.default_rng(20261127)
    labels = generator.integers(0, 2, 400)
    scores = np.clip(0.5 + 0.18 * (2 * labels - 1) + generator.normal(0, 0.22, 400), 0.001, 0.999)
    judged = Judged(metric, labels, scores, np.arange(400), ALPHA)
    estimate, less = judged.repeated(1).estimate, METRICS[metric].less_is_better
    limit = estimate + 0.02 if less else estimate - 0.03

    def reached(value: float) -> bool:
        return value <= limit if less else value >= limit

    needed = rows_needed(judged, limit, reached)
    assert needed is not None
    often = [
        np.mean([reached(drawn(judged, rows, generator).repeated(1).value) for _ in range(40)])
        for rows in (needed // 3, needed, 3 * needed)
    ]
    assert often[0] < 0.35
    assert 0.25 < often[1] < 0.75
    assert often[2] > 0.75
