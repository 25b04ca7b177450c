"""The random-effects summary against published figures."""

import numpy as np
import pytest

from toolbox.stats.random_effects import pooled

# Colditz et al. (1994), JAMA 271:698: 13 trials of the BCG vaccine, as Viechtbauer (2010), Journal of
# Statistical Software 36(3), has them: cases and others, vaccinated and not
TRIALS = np.array(
    [
        (4, 119, 11, 128), (6, 300, 29, 274),
        (3, 228, 11, 209), (62, 13536, 248, 12619), (33, 5036, 47, 5761),
        (180, 1361, 372, 1079), (8, 2537, 10, 619), (505, 87886, 499, 87892), (29, 7470, 45, 7232),
        (17, 1699, 65, 1600), (186, 50448, 141, 27197), (5, 2493, 3, 2338), (27, 16886, 29, 17825),
    ],
    dtype=np.float64,
)  # fmt: skip


def test_trials_of_a_vaccine_are_pooled_as_published() -> None:
    ill, well, ill_without, well_without = TRIALS.T
    treated, control = ill + well, ill_without + well_without
    values = np.log(ill / treated / (ill_without / control))
    found = pooled(values, 1 / ill - 1 / treated + 1 / ill_without - 1 / control)
    # Viechtbauer (2010), log relative risk -0.7145, tau² 0.3132 by restricted maximum likelihood
    assert found.estimate == pytest.approx(-0.7145, abs=5e-5)
    assert found.tau**2 == pytest.approx(0.3132, abs=5e-5)


def test_equal_values_have_nothing_between_them() -> None:
    found = pooled(np.full(4, 2.0), np.full(4, 0.01))
    assert found.tau == 0.0
    # the common mean of four has the standard error 0.05; t with three degrees of freedom: 3.1824
    assert found.interval == pytest.approx((2 - 3.1824 * 0.05, 2 + 3.1824 * 0.05), abs=1e-4)
    # a new one, t with two: 4.3027
    assert found.prediction == pytest.approx((2 - 4.3027 * 0.05, 2 + 4.3027 * 0.05), abs=1e-4)


def test_values_that_differ_far_beyond_their_own_variance_are_averaged_alike() -> None:
    values = np.array([1.0, 2.0, 3.0, 6.0])
    found = pooled(values, np.full(4, 1e-9))
    assert found.estimate == pytest.approx(3.0, abs=1e-6)
    assert found.tau == pytest.approx(values.std(ddof=1), rel=1e-4)


def test_of_two_values_nothing_is_predicted() -> None:
    assert pooled(np.array([1.0, 2.0]), np.array([0.1, 0.1])).prediction is None
