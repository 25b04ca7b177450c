"""Figures of the report as inline SVG: the same bytes for the same data, readable without colour."""

from typing import Any

import numpy as np

from toolbox.arrays.types import Floats, Ints
from toolbox.drawing.colours import BLUE, GREY, VERMILION
from toolbox.drawing.figures import figure, unit_square
from toolbox.stats import curves


def calibration_figure(
    labels: Ints,
    scores: Floats,
    name: str,
    share: str = "share of positives",
    weights: Floats | None = None,
) -> str:
    """Returns observed against predicted frequency with Wilson intervals, as SVG.

    Args:
        labels: 0 or 1, shape (rows,).
        scores: probability of 1, shape (rows,).
        name: begins every id.
        share: what is observed.
        weights: of the rows, shape (rows,); None where all count alike.
    """
    curve = curves.calibration(labels, scores, weights)

    def draw(axes: Any) -> None:
        spread = np.abs(np.vstack([curve.observed - curve.low, curve.high - curve.observed]))
        axes.plot([0, 1], [0, 1], color=GREY, linestyle=":", label="perfect")
        axes.errorbar(
            curve.predicted, curve.observed, spread, color=BLUE, marker="o", capsize=3, label="observed, 95 %"
        )
        unit_square(axes, "Calibration", "predicted probability", share)
        axes.legend(loc="upper left", frameon=False)

    points = ", ".join(f"{p:.2f}: {o:.2f}" for p, o in zip(curve.predicted, curve.observed, strict=True))
    return figure(
        draw, name, f"Calibration curve. Predicted probability and observed share by bin: {points}."
    )


def roc_figure(labels: Ints, scores: Floats, name: str, area: float, weights: Floats | None = None) -> str:
    """Returns the ROC curve with the point of threshold 0.5, as SVG."""
    false_rate, true_rate = curves.roc(labels, scores, weights)
    counted = np.ones(len(labels)) if weights is None else weights
    called = counted * (scores >= 0.5)
    point = tuple(float(called[labels == label].sum() / counted[labels == label].sum()) for label in (0, 1))

    def draw(axes: Any) -> None:
        axes.plot([0, 1], [0, 1], color=GREY, linestyle=":", label="chance")
        axes.plot(false_rate, true_rate, color=BLUE, label=f"area {area:.3f}")
        axes.plot(*point, color=VERMILION, marker="s", linestyle="none", label="threshold 0.5")
        unit_square(axes, "ROC", "1 - specificity", "sensitivity")
        axes.legend(loc="lower right", frameon=False)

    text = f"ROC curve with area {area:.3f}; at threshold 0.5 sensitivity {point[1]:.2f}"
    return figure(draw, name, f"{text} and specificity {1 - point[0]:.2f}.")


def benefit_figure(labels: Ints, scores: Floats, name: str, weights: Floats | None = None) -> str:
    """Returns the decision curve of a probability, see `decision_figure`."""
    model = curves.net_benefit(labels, scores, THRESHOLDS, weights)
    return decision_figure(model, float(np.average(labels, weights=weights)), name)


THRESHOLDS = np.linspace(0.01, 0.99, 99)
"""Of a decision curve."""


def decision_figure(model: Floats, prevalence: float, name: str, event: str = "true positives") -> str:
    """Returns the decision curve: net benefit against threshold, beside acting on all and on none, as SVG.

    Args:
        model: its net benefit at each of `THRESHOLDS`.
        prevalence: share of the rows that are, or will be, positive.
        name: begins every id.
        event: what is counted.
    """

    def draw(axes: Any) -> None:
        axes.plot(THRESHOLDS, model, color=BLUE, label="model")
        everyone = curves.act_on_all(prevalence, THRESHOLDS)
        axes.plot(THRESHOLDS, everyone, color=VERMILION, linestyle="--", label="act on all")
        axes.axhline(0.0, color=GREY, linestyle=":", label="act on none")
        unit_square(axes, "Net benefit", "threshold probability", f"{event} per row")
        axes.set_ylim(-0.25 * max(prevalence, 0.02), 1.15 * max(prevalence, 0.02))
        axes.legend(loc="upper right", frameon=False)

    better = model > np.maximum(curves.act_on_all(prevalence, THRESHOLDS), 0.0)
    where = _spans(THRESHOLDS[better]) if better.any() else "no threshold"
    return figure(draw, name, f"Decision curve. The model beats acting on all and on none at {where}.")


def _spans(thresholds: Floats) -> str:
    breaks = np.flatnonzero(np.diff(thresholds) > 0.015)
    starts, ends = np.append(0, breaks + 1), np.append(breaks, len(thresholds) - 1)
    spans = [f"{thresholds[a]:.2f}-{thresholds[b]:.2f}" for a, b in zip(starts, ends, strict=True)]
    return "thresholds " + ", ".join(spans)
