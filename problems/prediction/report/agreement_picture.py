"""Predicted against true numbers, as a picture, with what is right enough as a band."""

from typing import NamedTuple

import numpy as np

from escalation.text.svg import HATCH, fitting
from problems.prediction.report.picture_frame import SIDE, TOP, WIDTH_PX, Frame, round_numbers
from toolbox.arrays.types import Floats
from toolbox.drawing.colours import BLUE, GREY, VERMILION

MOST_POINTS = 300
"""Rows that are drawn, evenly among all from low to high predictions."""


class Agreed(NamedTuple):
    """What the picture is of.

    Attributes:
        outcomes: true numbers, shape (rows,).
        predicted: shape (rows,).
        unit: of both; empty where nobody said one.
        tolerance: error up to which a number is right enough; None where nobody said.
    """

    outcomes: Floats
    predicted: Floats
    unit: str = ""
    tolerance: float | None = None

    def amount(self, value: float) -> str:
        """With its unit."""
        return f"{value:.3g} {self.unit}".strip()


def agreement_picture(of: Agreed, outcome: str, name: str) -> str:
    """Returns the SVG; empty where the numbers are too large to be drawn.

    Args:
        of: at least one row.
        outcome: what the numbers are.
        name: begins every id.
    """
    low = float(min(of.outcomes.min(), of.predicted.min()))
    high = float(max(of.outcomes.max(), of.predicted.max()))
    margin = 0.04 * (high / 2 - low / 2) * 2 or abs(high) or 1.0
    edges = low - margin, high + margin
    if not np.isfinite(edges[1] - edges[0]) or edges[1] <= edges[0]:
        return ""
    frame = Frame(name, TOP + SIDE + 100, edges, edges)
    _band(frame, of)
    _points(frame, of)
    ticks = {each: f"{each:.6g}" for each in round_numbers(*edges)}
    frame.ticks(ticks, ticks)
    unit = f" ({of.unit})" if of.unit else ""
    frame.titles(f"predicted{unit}", f"{outcome}, as it was{unit}")
    said = _legend(frame, of)
    return frame.page.svg(
        f"Predicted against true numbers of {len(of.outcomes)} rows kept aside",
        f"{said}. A point on the dotted line is a prediction without an error.",
    )


def _band(frame: Frame, of: Agreed) -> None:
    low, high = frame.across
    if of.tolerance is not None and of.tolerance < high - low:
        for sign in (-1, 1):
            off = sign * of.tolerance
            ends = (max(low, low - off), min(high, high - off))
            frame.page.steps([frame.at(each, each + off) for each in ends], HATCH)
    frame.page.steps([frame.at(low, low), frame.at(high, high)], GREY, "3 4")


def _points(frame: Frame, of: Agreed) -> None:
    order = np.argsort(of.predicted, kind="stable")
    some = np.linspace(0, len(order) - 1, min(MOST_POINTS, len(order))).round().astype(np.intp)
    for row in order[some]:
        true, said = float(of.outcomes[row]), float(of.predicted[row])
        off = of.tolerance is not None and abs(true - said) > of.tolerance
        told = f"predicted {of.amount(said)}, was {of.amount(true)}"
        frame.page.dot(*frame.at(said, true), 3, VERMILION if off else BLUE, told)


def _legend(frame: Frame, of: Agreed) -> str:
    """What the marks are, below the picture; returns what it says of the errors."""
    page, y = frame.page, TOP + SIDE + 56
    errors = np.abs(of.outcomes - of.predicted)
    half, most = (of.amount(float(each)) for each in np.quantile(errors, (0.5, 0.9)))
    said = f"half of the rows are off by {half} or less, nine of ten by {most} or less"
    page.steps([(4, y - 4), (20, y - 4)], GREY, "3 4")
    page.text(26, y, "no error")
    page.text(4, y + 36, fitting(f"half are off by at most {half}, 9 of 10 by {most}", WIDTH_PX - 4))
    if of.tolerance is None:
        return said[:1].upper() + said[1:]
    share = f"{int(np.sum(errors <= of.tolerance))} of {len(errors)} rows"
    page.steps([(4, y + 14), (20, y + 14)], HATCH)
    page.text(26, y + 18, fitting(f"off by {of.amount(of.tolerance)}: {share} lie between", WIDTH_PX - 26))
    return f"{share} are off by {of.amount(of.tolerance)} or less; {said}"
