"""Cox's model against scikit-survival's."""

from typing import Any

import numpy as np
import pytest
from scipy import optimize
from sksurv.linear_model import CoxPHSurvivalAnalysis
from sksurv.util import Surv

from toolbox.models import cox


@pytest.fixture(scope="module")
def rows() -> Any:
    """Standardised features, times with ties, events."""
    rng = np.random.default_rng(5)
    features = rng.normal(size=(150, 4))
    hazard = np.exp(features @ [1.0, -0.5, 0.0, 0.2])
    until, followed = rng.exponential(300 / hazard), rng.exponential(400, 150)
    return features, np.ceil(np.minimum(until, followed) / 10), until <= followed


@pytest.mark.parametrize("penalty", [1e-9, 0.05])
def test_coefficients_and_survival_are_those_of_scikit_survival(rows: Any, penalty: float) -> None:
    features, times, events = rows
    theirs = CoxPHSurvivalAnalysis(alpha=penalty * len(times), ties="breslow", tol=1e-12)
    theirs.fit(features, Surv.from_arrays(events, times))
    ours = cox.fit(features, times, events, penalty)
    np.testing.assert_allclose(ours, theirs.coef_, atol=1e-7)
    grid = np.array([1.0, 7.0, 20.0])
    expected = [curve(grid) for curve in theirs.predict_survival_function(features)]
    base = cox.baseline(features @ ours, times, events, grid, calibrated=False)
    np.testing.assert_allclose(base.surviving(features @ ours), expected, atol=1e-7)


def test_the_gradient_is_that_of_the_likelihood(rows: Any) -> None:
    features, times, events = rows
    sets = cox.risk_sets(times, events)
    data, at = features[sets.order], np.array([0.3, -0.1, 0.4, 0.0])

    def loss(coefficients: Any) -> float:
        return cox.partial_likelihood(coefficients, data, sets, 0.2)[0]

    slopes = optimize.approx_fprime(at, loss, 1e-7)
    np.testing.assert_allclose(cox.partial_likelihood(at, data, sets, 0.2)[1], slopes, atol=1e-6)


def test_more_features_than_rows_end_where_the_likelihood_is_flat(rows: Any) -> None:
    _, times, events = rows
    features = np.random.default_rng(6).normal(size=(150, 400))
    sets = cox.risk_sets(times, events)
    found = cox.fit(features, times, events, 1.0)
    gradient = cox.partial_likelihood(found, features[sets.order], sets, 1.0)[1]
    assert np.abs(gradient).max() < 1e-4


def test_the_slope_halves_a_log_risk_that_was_twice_too_sure(rows: Any) -> None:
    features, times, events = rows
    log_risk = features @ cox.fit(features, times, events, 1e-9)
    grid = np.array([5.0, 10.0])
    doubled = cox.baseline(2 * log_risk, times, events, grid)
    assert doubled.slope == pytest.approx(0.5, abs=1e-4)
    assert cox.baseline(-log_risk, times, events, grid).slope == 0
    assert cox.baseline(np.full(150, 3.0), times, events, grid).slope == 1


def test_without_a_difference_in_risk_survival_is_that_of_nelson_and_aalen() -> None:
    # by hand: five rows, events at 2 (5 at risk), 3 (4) and 7 (1); censored at 4 and 5
    times, events = np.array([2.0, 3.0, 4.0, 5.0, 7.0]), np.array([True, True, False, False, True])
    base = cox.baseline(np.zeros(5), times, events, np.array([1.0, 2.0, 6.0, 8.0]))
    np.testing.assert_allclose(base.hazard, [0, 1 / 5, 1 / 5 + 1 / 4, 1 / 5 + 1 / 4 + 1])
