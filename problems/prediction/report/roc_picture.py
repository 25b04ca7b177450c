"""The ROC curve as a picture to be read point by point: what is found against what is called falsely."""

import numpy as np

from escalation.text.svg import INK, LINE, Drawing, fitting
from toolbox.arrays.types import Floats, Ints
from toolbox.drawing.colours import BLUE, GREY, VERMILION
from toolbox.stats import curves
from toolbox.stats.bounds import THRESHOLD
from toolbox.stats.weighted_metrics import weighted_auc

WIDTH_PX, HEIGHT_PX, LEFT, TOP, SIDE = 368, 424, 46, 28, 300
MOST_POINTS = 60
"""Points that can be pointed at; the line has all."""


def roc_picture(
    labels: Ints, scores: Floats, names: tuple[str, str], name: str, weights: Floats | None = None
) -> str:
    """Returns the SVG.

    Args:
        labels: 0 or 1, both, shape (rows,).
        scores: probability of 1, shape (rows,).
        names: of the classes 0 and 1.
        name: begins every id.
        weights: of the rows, shape (rows,); None where all count alike.
    """
    counted = np.ones(len(labels)) if weights is None else weights
    negative, positive = names
    page = Drawing(name, WIDTH_PX, HEIGHT_PX)
    _frame(page)
    false_rate, true_rate = curves.roc(labels, scores, weights)
    page.steps([_at(0, 0), _at(1, 1)], GREY, "3 4")
    page.steps([_at(x, y) for x, y in zip(false_rate, true_rate, strict=True)], BLUE)
    for threshold in _thresholds(scores):
        x, y = _rates(labels, scores, counted, threshold)
        page.spot(*_at(x, y), 7, _said(x, y, threshold, names))
    x, y = _rates(labels, scores, counted, THRESHOLD)
    page.dot(*_at(x, y), 5, VERMILION, _said(x, y, THRESHOLD, names))
    page.text(
        LEFT + SIDE / 2, TOP + SIDE + 32, f"share of {negative} called {positive}"[:48], anchor="middle"
    )
    page.text(4, 14, f"share of {positive} found"[:42])
    _legend(page, names, x, y)
    area = weighted_auc(labels.astype(np.int8), scores, counted)
    return page.svg(
        f"ROC curve on the rows kept aside{', weighted' if weights is not None else ''}, area {area:.3f}",
        f"From a probability of {THRESHOLD:g} on, marked in orange: {_said(x, y, THRESHOLD, names)}. "
        "The dotted line is chance.",
    )


def _frame(page: Drawing) -> None:
    page.box(LEFT, TOP, SIDE, SIDE, "none", line=LINE)
    for share in (0.0, 0.5, 1.0):
        x, y = _at(share, share)
        page.text(x, TOP + SIDE + 14, f"{100 * share:.0f} %", INK, "middle")
        page.text(LEFT - 5, y + 4, f"{100 * share:.0f} %", INK, "end")


def _legend(page: Drawing, names: tuple[str, str], across: float, up: float) -> None:
    """What the point in orange and the dotted line are."""
    negative, positive = names
    y = TOP + SIDE + 56
    page.dot(12, y - 4, 5, VERMILION)
    found = f"{100 * up:.0f} % of {positive} found, {100 * across:.0f} % of {negative} called so"
    if not across and not up:
        found = f"no row reaches it, so that nobody is called {positive}"
    for line, said in enumerate((f"called {positive} from a probability of {THRESHOLD:g} on:", found)):
        page.text(26, y + 15 * line, fitting(said, WIDTH_PX - 26))
    page.steps([(4, y + 28), (20, y + 28)], GREY, "3 4")
    page.text(26, y + 32, "what guessing gives")


def _at(across: float, up: float) -> tuple[float, float]:
    return round(LEFT + SIDE * across, 2), round(TOP + SIDE * (1 - up), 2)


def _thresholds(scores: Floats) -> list[float]:
    """Distinct scores from high to low, at most 60, evenly among them."""
    distinct = np.unique(scores)[::-1]
    chosen = np.linspace(0, len(distinct) - 1, min(MOST_POINTS, len(distinct))).round().astype(int)
    return [float(distinct[place]) for place in chosen]


def _rates(labels: Ints, scores: Floats, weights: Floats, threshold: float) -> tuple[float, float]:
    called = weights * (scores >= threshold)
    false, true = (float(called[labels == label].sum() / weights[labels == label].sum()) for label in (0, 1))
    return false, true


def _said(across: float, up: float, threshold: float, names: tuple[str, str]) -> str:
    negative, positive = names
    return (
        f"called {positive} from a probability of {threshold:.2f} on: {100 * up:.0f} % of {positive} found, "
        f"{100 * across:.0f} % of {negative} called {positive}"
    )
