"""What became of rows by their predicted risk, as a picture: Kaplan-Meier with the numbers at risk below."""

from collections.abc import Sequence

from escalation.text.svg import INK, fitting
from problems.prediction.report.picture_frame import LEFT, TOP, Frame
from toolbox.drawing.colours import BLUE, GREY, VERMILION
from toolbox.stats.survival_bounds import Predicted
from toolbox.stats.survival_curves import RiskGroup, risk_groups

PART_NAMES = {1: ("all rows",), 2: ("lower", "higher"), 3: ("lowest", "middle", "highest")}
COLOURS, DASHES = (BLUE, GREY, VERMILION), ("", "8 3", "3 3")
HEIGHT = 240
STOPS = 4
"""Of the horizon: times at which rows at risk are counted, beside the start."""
LINE_PX = 18


def by_risk_picture(of: Predicted, name: str, unit: str = "") -> str:
    """Returns the SVG.

    Args:
        of: predictions of rows that no model has seen, and what was seen of them.
        name: begins every id.
        unit: of the times.
    """
    groups = risk_groups(of)
    names = PART_NAMES[len(groups)]
    frame = Frame(name, TOP + HEIGHT + 74 + LINE_PX * len(groups), (0.0, of.horizon), (0.0, 1.0), HEIGHT)
    stops = [of.horizon * each / STOPS for each in range(STOPS + 1)]
    shares = {share: f"{100 * share:.0f} %" for share in (0.0, 0.5, 1.0)}
    frame.ticks({each: f"{each:.4g}" for each in stops}, shares)
    frame.titles(f"time{_in(unit)} (dots: as predicted)", "share without the event, by predicted risk")
    for place, part in enumerate(names):
        _curve(frame, groups[place], of, place, part)
    _at_risk(frame, of, groups, names, stops)
    told = ", ".join(
        f"{part} risk {100 * (1 - each.observed):.0f} % (predicted {100 * (1 - each.predicted):.0f} %)"
        for part, each in zip(names, groups, strict=True)
    )
    return frame.page.svg(
        f"Survival of the rows kept aside by predicted risk, until {of.horizon:g}{_in(unit)}",
        f"Kaplan-Meier. Share without the event at {of.horizon:g}: {told}.",
    )


def _curve(frame: Frame, each: RiskGroup, of: Predicted, place: int, part: str) -> None:
    inside = each.curve.times <= of.horizon
    corners, value = [frame.at(0.0, 1.0)], 1.0
    for time, after in zip(each.curve.times[inside], each.curve.values[inside], strict=True):
        corners += [frame.at(float(time), value), frame.at(float(time), float(after))]
        value = float(after)
    frame.page.steps([*corners, frame.at(of.horizon, value)], COLOURS[place], DASHES[place])
    for time, expected in list(zip(of.grid, each.expected, strict=True))[4::5]:
        said = f"{part} risk: {100 * float(expected):.0f} % predicted to be without the event at {time:.4g}"
        frame.page.dot(*frame.at(float(time), float(expected)), 3, COLOURS[place], said)


def _at_risk(
    frame: Frame, of: Predicted, groups: Sequence[RiskGroup], names: Sequence[str], stops: Sequence[float]
) -> None:
    """How many rows of each part are still followed, and what its line looks like."""
    top = TOP + frame.side_px + 54
    frame.page.text(4, top, "rows still followed, by predicted risk:")
    for place, (part, each) in enumerate(zip(names, groups, strict=True), start=1):
        y = top + LINE_PX * place
        frame.page.text(4, y, fitting(part, LEFT - 8), COLOURS[place - 1])
        frame.page.steps([(4, y + 4), (LEFT - 12, y + 4)], COLOURS[place - 1], DASHES[place - 1])
        for stop, count in zip(stops, each.followed(stops), strict=True):
            x, _ = frame.at(stop, 0.0)
            frame.page.text(x, y, str(count), INK, "middle" if stop else "start")


def _in(unit: str) -> str:
    return f" in {unit}" if unit else ""
