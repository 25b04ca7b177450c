"""What is drawn where it is asked for: rejection at each signal efficiency, precision and recall."""

from typing import Any

import numpy as np

from problems.prediction.report.sealed_rows import SealedRows
from toolbox.drawing.colours import BLUE, GREY, VERMILION
from toolbox.drawing.figures import figure, unit_square
from toolbox.stats import curves
from toolbox.stats.weighted_bounds import OF_REGION


def collision_figures(rows: SealedRows, metric: str, name: str) -> list[str]:
    """Returns SVGs for the metrics that they explain; none for others. The rows are of both classes."""
    drawn = []
    if "signal_efficiency" in rows.asked.parameters or metric in OF_REGION:
        drawn.append(rejection_figure(rows, f"{name}-rejection"))
    if metric == "average_precision":
        drawn.append(precision_figure(rows, f"{name}-precision"))
    return drawn


def rejection_figure(rows: SealedRows, name: str) -> str:
    """The share of background that is left out, by the share of signal that is kept."""
    false, true = curves.roc(rows.labels, rows.scores, rows.weights)
    efficiency = float(rows.asked.parameters["signal_efficiency"])
    place = int(np.flatnonzero(true >= efficiency * (1 - 1e-12))[0])
    kept, rejected = float(true[place]), float(1 - false[place])

    def draw(axes: Any) -> None:
        axes.plot([0, 1], [1, 0], color=GREY, linestyle=":", label="chance")
        axes.plot(true, 1 - false, color=BLUE, label="the model")
        axes.plot(kept, rejected, color=VERMILION, marker="s", linestyle="none", label=f"at {efficiency:g}")
        unit_square(axes, "Background rejection", "signal kept", "background left out")
        axes.legend(loc="lower left", frameon=False)

    at = ", ".join(
        f"{share:.0%}: {1 - float(false[np.flatnonzero(true >= share)[0]]):.3f}"
        for share in (0.3, 0.5, 0.7, 0.9)
    )
    said = f"Background left out where {kept:.0%} of the signal is kept: {rejected:.3f}"
    return figure(draw, name, f"{said}; by the share that is kept: {at}.")


def precision_figure(rows: SealedRows, name: str) -> str:
    """The share of what is called that is right, by the share of the rows to be found that is."""
    found, right = curves.precision_recall(rows.labels, rows.scores, rows.weights)
    prevalence = rows.mean(rows.labels)

    def draw(axes: Any) -> None:
        axes.axhline(prevalence, color=GREY, linestyle=":", label="chance")
        axes.step(
            np.append(0.0, found), np.append(right[0], right), color=BLUE, where="pre", label="the model"
        )
        unit_square(axes, "Precision and recall", "share found", "of those called, right")
        axes.legend(loc="lower left", frameon=False)

    at = ", ".join(
        f"{share:.0%}: {float(right[np.flatnonzero(found >= share)[0]]):.3f}" for share in (0.25, 0.5, 0.75)
    )
    return figure(
        draw,
        name,
        f"Of the rows called, the share that is right, by the share found: {at}; chance {prevalence:.3f}.",
    )
