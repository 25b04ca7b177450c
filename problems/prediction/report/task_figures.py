"""The picture of residuals, as inline SVG; the numbers stand in a table beside."""

from typing import Any

import numpy as np

from toolbox.arrays.types import Floats
from toolbox.drawing.colours import BLUE, GREY
from toolbox.drawing.figures import figure

MOST_POINTS = 2000
"""Rows that are drawn, evenly among all."""


def residual_figure(predicted: Floats, residuals: Floats, name: str, unit: str = "") -> str:
    """Returns observed less predicted numbers against predicted ones, as SVG.

    Args:
        predicted: shape (rows,).
        residuals: shape (rows,).
        name: begins every id.
        unit: of the numbers.
    """
    some = np.linspace(0, len(predicted) - 1, min(MOST_POINTS, len(predicted))).astype(np.intp)

    def draw(axes: Any) -> None:
        axes.axhline(0.0, color=GREY, linestyle=":")
        axes.plot(predicted[some], residuals[some], color=BLUE, marker=".", linestyle="none", alpha=0.5)
        axes.set(
            title="Residuals",
            xlabel=f"predicted {unit}".strip(),
            ylabel="observed less predicted",
        )
        axes.spines[["top", "right"]].set_visible(False)

    said = f"mean {residuals.mean():.3g}, standard deviation {residuals.std():.3g}"
    return figure(draw, name, f"Residuals against predictions: {said}.")
