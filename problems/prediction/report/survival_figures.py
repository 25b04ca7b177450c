"""What the report shows of predicted times: Kaplan-Meier by predicted risk, calibration at the horizon."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from escalation.text.rounding import Way, rounded
from problems.prediction.report.figures import THRESHOLDS, decision_figure
from toolbox.drawing.colours import BLUE, GREY, VERMILION
from toolbox.drawing.figures import figure, unit_square
from toolbox.drawing.html_tables import table
from toolbox.stats.survival_bounds import Predicted
from toolbox.stats.survival_curves import RiskGroup, net_benefit, risk_groups

BINS = 10
PART_NAMES = {1: ("all",), 2: ("lower", "higher"), 3: ("lowest", "middle", "highest")}
COLOURS = (BLUE, GREY, VERMILION)
DASHES = ("-", "-.", "--")


def survival_figures(of: Predicted, name: str, unit: str = "") -> str:
    """Returns the pictures with the numbers in them as tables beside.

    Args:
        of: predictions of rows that no model has seen, and what was seen of them.
        name: begins every id.
        unit: of the times.
    """
    thirds, bins = risk_groups(of), risk_groups(of, BINS)
    observed = risk_groups(of, 1)[0].observed
    drawn = (
        by_risk_figure(thirds, of, f"{name}-by-risk", unit),
        calibration_figure(bins, of, f"{name}-calibration"),
        decision_figure(net_benefit(of, THRESHOLDS), observed, f"{name}-benefit", "events found"),
    )
    figures = "".join(f"<figure>{svg}</figure>" for svg in drawn)
    caption = f"Risk by {of.horizon:g}{_of(unit)}, predicted and by Kaplan-Meier (95 %, each group by itself)"
    header = ("predicted risk", "rows", "events", "predicted", "observed", "from", "to")
    by_third = [(part, *_line(each)) for part, each in zip(PART_NAMES[len(thirds)], thirds, strict=True)]
    by_bin = [(place, *_line(each)) for place, each in enumerate(bins, start=1)]
    return (
        f'<div class="figures">{figures}</div>'
        + table(header, by_third, f"{caption}; thirds")
        + (table(header, by_bin, f"{caption}; from low to high risk") if len(bins) > len(thirds) else "")
    )


def _line(each: RiskGroup) -> tuple[Any, ...]:
    limits = rounded(each.low, Way.DOWN), rounded(each.high, Way.UP)
    return each.rows, each.events, each.predicted, each.observed, *limits


def _of(unit: str) -> str:
    return f" {unit}" if unit else ""


def by_risk_figure(groups: Sequence[RiskGroup], of: Predicted, name: str, unit: str = "") -> str:
    """Returns Kaplan-Meier curves of the groups, with the mean of predictions as points, as SVG."""
    names = PART_NAMES[len(groups)]

    def draw(axes: Any) -> None:
        for part, each, colour, dash in zip(names, groups, COLOURS, DASHES, strict=False):
            inside = each.curve.times <= of.horizon
            times = np.concatenate([[0.0], each.curve.times[inside], [of.horizon]])
            values = np.concatenate([[1.0], each.curve.values[inside]])
            axes.step(times, np.append(values, values[-1]), where="post", color=colour, linestyle=dash)
            # above its last part: a legend would lie on the curves
            height = values[np.searchsorted(times[:-1], 0.75 * of.horizon) - 1]
            axes.text(0.99 * of.horizon, height + 0.05, part, color=colour, horizontalalignment="right")
            axes.plot(of.grid, each.expected, color=colour, marker=".", linestyle="none")
        axes.set(
            title="Survival by predicted risk (dots: predicted)",
            xlabel=f"time{_of(unit)}",
            ylabel="share without the event",
        )
        axes.set_ylim(0, 1.02)
        axes.set_xlim(0, of.horizon)

    said = ", ".join(f"{part} {1 - each.observed:.2f}" for part, each in zip(names, groups, strict=True))
    return figure(
        draw, name, f"Kaplan-Meier by predicted risk. Share without the event at {of.horizon:g}: {said}."
    )


def calibration_figure(groups: Sequence[RiskGroup], of: Predicted, name: str) -> str:
    """Returns observed against predicted risk at the horizon, with 95 % limits, as SVG."""
    predicted, observed, low, high = (
        np.array([getattr(each, field) for each in groups])
        for field in ("predicted", "observed", "low", "high")
    )

    def draw(axes: Any) -> None:
        spread = np.maximum(np.vstack([observed - low, high - observed]), 0.0)
        axes.plot([0, 1], [0, 1], color=GREY, linestyle=":", label="perfect")
        axes.errorbar(predicted, observed, spread, color=BLUE, marker="o", capsize=3, label="observed, 95 %")
        unit_square(axes, f"Calibration at {of.horizon:g}", "predicted risk", "observed risk (Kaplan-Meier)")
        axes.legend(loc="upper left", frameon=False)

    points = ", ".join(f"{p:.2f}: {o:.2f}" for p, o in zip(predicted, observed, strict=True))
    return figure(
        draw, name, f"Calibration at {of.horizon:g}. Predicted and observed risk by group: {points}."
    )
