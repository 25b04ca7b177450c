"""Pictures of predicted times, with the same numbers in tables beside."""

import re

import numpy as np

from problems.prediction.report.survival_figures import survival_figures
from toolbox.stats.survival import Censored
from toolbox.stats.survival_bounds import Predicted
from toolbox.stats.survival_curves import risk_groups


def predicted() -> Predicted:
    rng = np.random.default_rng(1)
    truth = rng.normal(size=240)
    until, followed = rng.exponential(np.exp(-truth)), rng.exponential(2.0, 240)
    grid = np.linspace(0.1, 1.0, 10)
    surviving = np.exp(-np.outer(np.exp(truth), grid))
    rows = Censored(np.minimum(until, followed), until <= followed)
    return Predicted(rows, surviving, grid, 1.0, np.arange(240))


def test_thirds_and_tenths_stand_in_tables_beside_their_pictures() -> None:
    html = survival_figures(predicted(), "attempt-1", "years")
    assert html.count("<svg") == 3
    assert html.count("<table") == 2
    assert "Risk by 1 years" in html
    for each in risk_groups(predicted()):
        assert re.search(rf"<td[^>]*>{each.rows}</td>", html)
        assert f"{each.predicted:.3g}"[:4] in html
    low, _, high = risk_groups(predicted())
    assert f"lowest {1 - low.observed:.2f}" in html
    assert low.observed < high.observed - 0.3


def test_the_same_rows_give_the_same_bytes() -> None:
    assert survival_figures(predicted(), "a") == survival_figures(predicted(), "a")
