"""Calibration rows, thresholds and sets that all tiers share."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from escalation.model.errors import BadInput
from problems.prediction.prediction_sets.split_conformal import (
    COVERAGE,
    SetModel,
    Sets,
    excess,
    members,
    selection_loss,
    set_aside,
    split_conformal,
)


def sample(rows: int, seed: int, prevalence: float = 0.5) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    """Scores rounded, so that many are equal, of a model that ranks but is not calibrated."""
    random = np.random.default_rng(seed)
    labels = (random.random(rows) < prevalence).astype(np.int8)
    scores = 1 / (1 + np.exp(-random.normal(loc=1.5 * (2 * labels - 1))))
    return np.round(scores, 2), labels


def made(rows: int, seed: int, prevalence: float = 0.5) -> tuple[Sets, NDArray[np.float64], NDArray[np.int8]]:
    scores, labels = sample(4000, 5000 + seed, prevalence)
    return (
        split_conformal(SetModel("skops", b"m", sample(rows, seed, prevalence), scores), 0.9, {}),
        scores,
        labels,
    )


def sets_of(found: Sets) -> NDArray[np.bool_]:
    sets: NDArray[np.bool_] = np.load(io.BytesIO(found.files["sealed_sets"]), allow_pickle=False)
    return sets


@settings(max_examples=30, deadline=None)
@given(st.integers(60, 500), st.integers(0, 1000), st.sampled_from([0.3, 0.5]))
def test_the_claim_alone_gives_the_sets_again_ties_included(rows: int, seed: int, prevalence: float) -> None:
    found, scores, _ = made(rows, seed, prevalence)
    low, high = found.values["conformal"]["thresholds"]
    np.testing.assert_array_equal(members(scores, (low, high)), sets_of(found))
    # a recomputed score may differ in its last bits: no set hangs on them
    np.testing.assert_array_equal(members(scores + 2e-16, (low, high)), sets_of(found))


def test_sets_cover_at_the_stated_rate_on_average_over_calibration_rows() -> None:
    shares = []
    for seed in range(40):
        found, _, labels = made(80, seed)
        shares.append(float(sets_of(found)[np.arange(len(labels)), labels].mean()))
    # at least 0.9 in the mean; Beta(73, 8) has standard deviation 0.033, 40 draws 0.0052
    assert np.mean(shares) >= COVERAGE - 3 * 0.0052
    assert np.mean(shares) < 0.96  # and the sets are not simply everything


def test_enough_rows_of_both_classes_calibrate_class_by_class() -> None:
    found, _, _ = made(400, 1)
    assert found.notes["class_conditional"] is True
    assert "in each class" in found.notes["guarantee"]
    assert {"negative", "positive"} == set(found.notes["promises"])
    few, _, _ = made(150, 1)
    assert few.values["conformal"]["thresholds"][0] == few.values["conformal"]["thresholds"][1]


def test_a_class_beyond_its_threshold_is_left_out() -> None:
    np.testing.assert_allclose(excess(np.array([0.3]), (0.2, 0.8)), [[0.1, -0.1]])
    assert members(np.array([0.3, 0.2, 0.9]), (0.2, 0.8)).tolist() == [
        [False, True],
        [True, True],
        [False, True],
    ]


@pytest.mark.parametrize(("rows", "held"), [(300, 100), (180, 60), (160, 80), (5000, 1000)])
def test_a_third_is_set_aside_or_half_of_few_rows(rows: int, held: int) -> None:
    labels = (np.arange(rows) % 2).astype(np.int8)
    proper, calibration = set_aside(labels, np.arange(rows), 1, time_ordered=False)
    assert len(calibration) == pytest.approx(held, abs=1)
    np.testing.assert_array_equal(np.sort(np.r_[proper, calibration]), np.arange(rows))


def test_groups_stay_together_and_time_runs_forward() -> None:
    labels = (np.arange(300) % 2).astype(np.int8)
    groups = np.arange(300) // 3
    proper, calibration = set_aside(labels, groups, 1, time_ordered=False)
    assert not set(groups[proper]) & set(groups[calibration])
    proper, calibration = set_aside(labels, np.arange(300), 1, time_ordered=True)
    assert proper.max() < calibration.min()


@pytest.mark.parametrize("time_ordered", [False, True])
def test_too_few_rows_are_refused(time_ordered: bool) -> None:
    labels = (np.arange(100) % 2).astype(np.int8)
    with pytest.raises(BadInput, match="at least 60 rows to calibrate on, 100 open ones give"):
        set_aside(labels, np.arange(100), 1, time_ordered)


def test_choosing_among_models_on_the_calibration_rows_costs_no_more_than_stated() -> None:
    # the worst adversary: picks the model whose threshold happens to lie lowest; uniform scores cover t at t
    rows, choices = 80, 6
    draws = np.sort(np.random.default_rng(4).random((4000, choices, rows)), axis=2)
    covered = draws[:, :, int(np.ceil(0.9 * (rows + 1))) - 1].min(axis=1)
    lost = 0.9 - covered.mean()
    assert 0.02 < lost < selection_loss(rows, choices) < 0.16
