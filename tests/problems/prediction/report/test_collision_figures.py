"""Pictures of rejection and precision say by hand what they draw; weighted rows count by their weights."""

import numpy as np

from problems.prediction.report.collision_figures import collision_figures
from problems.prediction.report.sealed_rows import SealedRows
from problems.prediction.tasks.task import Asking

LABELS = np.array([1, 0, 1, 1, 0, 0, 1, 0, 0, 0])
SCORES = np.arange(10, 0, -1) / 10


def rows(weights: np.ndarray | None = None, **parameters: float) -> SealedRows:
    return SealedRows(LABELS, np.arange(10), SCORES, weights, Asking("binary", ("b", "s"), parameters))


def test_the_rejection_is_drawn_where_it_is_asked_for() -> None:
    [drawn] = collision_figures(rows(signal_efficiency=0.5), "background_rejection", "a")
    # half of four signal rows score 0.8 and more, and one of six of background does
    assert "Background left out where 50% of the signal is kept: 0.833" in drawn
    [heavy] = collision_figures(
        rows(np.where(np.arange(10) == 1, 5.0, 1.0), signal_efficiency=0.5), "background_rejection", "a"
    )
    assert "is kept: 0.500" in heavy
    assert not collision_figures(rows(), "roc_auc", "a")


def test_precision_is_drawn_by_the_share_found() -> None:
    [drawn] = collision_figures(rows(), "average_precision", "a")
    assert "by the share found: 25%: 1.000, 50%: 0.667, 75%: 0.750; chance 0.400" in drawn


def test_a_figure_over_weighted_rows_counts_by_weight() -> None:
    found = rows(np.where(LABELS == 1, 2.0, 1.0))
    assert found.mean(found.labels) == 8 / 14
    estimate, _ = found.bounded("accuracy", 0.05)
    # called from 0.5 on: 1 0 1 1 0 0 are called 1 and the last four 0: weights 2 + 2 + 2 and 3 of 14
    assert estimate == 9 / 14
