"""Scores of classes and levels by hand, and properties of the sets that thresholds on them cut out."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from toolbox.arrays.types import Floats
from toolbox.stats.conformal_sets import adaptive_scores, central_scores, filled, within


def distributions(seed: int, classes: int) -> Floats:
    """Rounded, so that some probabilities are equal."""
    raw = np.round(np.random.default_rng(seed).exponential(size=(30, classes)), 1) + 0.1
    return np.asarray(raw / raw.sum(axis=1, keepdims=True))


def test_a_class_scores_what_is_likelier_and_pays_from_the_sixth_rank_on() -> None:
    np.testing.assert_allclose(adaptive_scores(np.array([[0.2, 0.5, 0.3]])), [[0.8, 0.0, 0.5]])
    np.testing.assert_allclose(adaptive_scores(np.array([[0.4, 0.4, 0.2]])), [[0.0, 0.0, 0.8]])  # a tie
    falling = np.arange(7, 0, -1) / 28
    likelier = np.append(0, np.cumsum(falling)[:-1])
    np.testing.assert_allclose(
        adaptive_scores(falling[None])[0], likelier + np.array([0, 0, 0, 0, 0, 0.01, 0.02])
    )


def test_a_level_scores_its_distance_from_the_median_in_probability() -> None:
    scores = central_scores(np.array([[0.1, 0.2, 0.4, 0.3]]))
    np.testing.assert_allclose(scores, [[0.4, 0.2, 0.0, 0.2]])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1000), st.integers(3, 9), st.floats(0, 1), st.floats(0, 0.3))
def test_sets_hold_the_likeliest_grow_with_the_threshold_and_have_no_gaps_between_levels(
    seed: int, classes: int, limit: float, more: float
) -> None:
    said = distributions(seed, classes)
    rows = np.arange(len(said))
    adaptive, central = adaptive_scores(said), central_scores(said)
    assert within(adaptive, np.array(limit))[rows, said.argmax(axis=1)].all()
    for scores in (adaptive, central):
        assert (within(scores, np.array(limit)) <= within(scores, np.array(limit + more))).all()
    # a class that is no likelier than another is in no set without it
    order = np.argsort(-said, axis=1, kind="stable")
    assert (np.diff(np.take_along_axis(adaptive, order, axis=1), axis=1) >= -1e-12).all()
    levels = within(central, np.array(limit))
    np.testing.assert_array_equal(levels, filled(levels))


def test_gaps_are_filled_and_empty_sets_stay_empty() -> None:
    given = np.array([[1, 0, 0, 1, 0], [0, 0, 0, 0, 0], [0, 1, 0, 0, 0]], dtype=bool)
    wanted = np.array([[1, 1, 1, 1, 0], [0, 0, 0, 0, 0], [0, 1, 0, 0, 0]], dtype=bool)
    np.testing.assert_array_equal(filled(given), wanted)
