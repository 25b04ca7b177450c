import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator

from toolbox.stats.calibration_map import (
    MIN_MINORITY_FOR_BETA,
    CalibrationMap,
    choose_kind,
    expit,
    fit_map,
    log_loss,
)

Sample = tuple[NDArray[np.float64], NDArray[np.int8]]


class ScoreAsGiven(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A fitted classifier whose decision is its only feature."""

    def fit(self, features: NDArray[np.float64], labels: NDArray[np.int8]) -> "ScoreAsGiven":
        self.classes_ = np.unique(labels)
        return self

    def predict(self, features: NDArray[np.float64]) -> NDArray[np.bool_]:
        return features[:, 0] > 0

    def decision_function(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        return features[:, 0]


def overconfident(rows: int, seed: int) -> Sample:
    """Log-odds three times too large, and one too high."""
    random = np.random.default_rng(seed)
    truth = random.normal(size=rows)
    labels = (random.random(rows) < expit(truth)).astype(np.int8)
    return 3 * truth + 1, labels


def brier(probabilities: NDArray[np.float64], labels: NDArray[np.int8]) -> float:
    return float(np.mean((probabilities - labels) ** 2))


@pytest.mark.parametrize("kind", ["sigmoid", "beta"])
def test_a_miscalibrated_model_has_lower_log_loss_and_brier_score_on_fresh_rows(kind: str) -> None:
    fitted = fit_map(kind, *overconfident(600, 1))
    log_odds, labels = overconfident(4000, 2)
    assert log_loss(fitted(log_odds), labels) < log_loss(expit(log_odds), labels) - 0.1
    assert brier(fitted(log_odds), labels) < brier(expit(log_odds), labels) - 0.02


def test_the_sigmoid_undoes_a_known_distortion() -> None:
    fitted = fit_map("sigmoid", *overconfident(100_000, 3))
    assert fitted.a == fitted.b == pytest.approx(1 / 3, abs=0.01)
    assert fitted.c == pytest.approx(-1 / 3, abs=0.02)


def test_the_sigmoid_agrees_with_scikit_learns_platt_scaling() -> None:
    log_odds, labels = overconfident(300, 4)
    given_scores = FrozenEstimator(ScoreAsGiven().fit(log_odds[:, None], labels))
    twin = CalibratedClassifierCV(given_scores, method="sigmoid", ensemble=False).fit(
        log_odds[:, None], labels
    )
    np.testing.assert_allclose(
        fit_map("sigmoid", log_odds, labels)(log_odds), twin.predict_proba(log_odds[:, None])[:, 1], atol=2e-4
    )


def test_a_calibrated_model_is_left_as_it_is() -> None:
    random = np.random.default_rng(5)
    log_odds = random.normal(size=300)
    labels = (random.random(300) < expit(log_odds)).astype(np.int8)
    kind, losses = choose_kind(log_odds, labels, np.arange(300) % 5)
    assert kind == "identity"
    assert losses["identity"] == pytest.approx(log_loss(expit(log_odds), labels))


def test_a_distorted_model_is_not() -> None:
    log_odds, labels = overconfident(300, 6)
    kind, losses = choose_kind(log_odds, labels, np.arange(300) % 5)
    assert kind == "sigmoid"
    assert set(losses) == {"identity", "sigmoid"}


def test_the_third_parameter_is_tried_only_where_the_rarer_class_has_rows_for_it() -> None:
    log_odds, labels = overconfident(3 * MIN_MINORITY_FOR_BETA, 7)
    _, losses = choose_kind(log_odds, labels, np.arange(len(labels)) % 5)
    assert "beta" in losses


def test_one_fold_leaves_nothing_to_fit_on() -> None:
    log_odds, labels = overconfident(100, 8)
    assert choose_kind(log_odds, labels, np.zeros(100, dtype=np.intp)) == ("identity", {})


def test_separable_rows_keep_the_map_finite() -> None:
    log_odds = np.concatenate([np.full(20, -5.0), np.full(20, 5.0)])
    labels = np.repeat([0, 1], 20).astype(np.int8)
    fitted = fit_map("sigmoid", log_odds, labels)
    # Platt 1999: the targets of 20 positive rows are 21/22
    assert fitted(np.array([5.0]))[0] == pytest.approx(21 / 22, abs=1e-3)


def test_the_prior_shift_moves_the_threshold_and_nothing_else() -> None:
    shifted = CalibrationMap(prior_shift=float(np.log(9)))
    assert shifted(np.array([np.log(1 / 9)]))[0] == pytest.approx(0.5)


def test_a_map_survives_json_exactly() -> None:
    fitted = fit_map("beta", *overconfident(600, 9))
    assert CalibrationMap(**fitted.to_json()) == fitted


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(-40, 40), min_size=2, max_size=20), st.integers(0, 50))
def test_ranks_stay(values: list[float], seed: int) -> None:
    log_odds = np.sort(np.array(values))
    for kind in ("sigmoid", "beta"):
        calibrated = fit_map(kind, *overconfident(80, seed))(log_odds)
        assert np.all(np.diff(calibrated) >= 0)
        assert np.all((calibrated >= 0) & (calibrated <= 1))
