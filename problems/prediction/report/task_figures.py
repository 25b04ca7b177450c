"""Pictures of classes mixed up and of residuals, as inline SVG; the numbers stand in tables beside."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from toolbox.arrays.types import Floats
from toolbox.drawing.colours import BLUE, GREY
from toolbox.drawing.figures import figure

MOST_WRITTEN = 10
"""Classes up to which counts are written into the picture."""
MOST_POINTS = 2000
"""Rows that are drawn, evenly among all."""


def confusion_figure(counts: Any, names: Sequence[str], name: str) -> str:
    """Returns the confusion matrix, shaded by the share of each class, as SVG.

    Args:
        counts: rows of each class (first axis) by the class that they were taken for, shape (K, K).
        names: of the classes.
        name: begins every id.
    """
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)

    def draw(axes: Any) -> None:
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1.4)
        places = range(len(names))
        axes.set(title="Taken for", ylabel="is", xticks=places, yticks=places)
        axes.set_xticklabels([each[:8] for each in names], rotation=90 if len(names) > 4 else 0)
        axes.set_yticklabels([each[:8] for each in names])
        if len(names) <= MOST_WRITTEN:
            for row, column in np.ndindex(counts.shape):
                axes.text(column, row, str(int(counts[row, column])), ha="center", va="center")

    right = int(np.trace(counts))
    return figure(draw, name, f"Confusion matrix. {right} of {int(counts.sum())} rows are recognised.")


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
