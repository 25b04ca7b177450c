"""How a search went: the incumbent and the bound over time, as a figure."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from typing import Any

from problems.optimisation.report.drawing import INK, LINE, Drawing, width_px

PAGE_PX, HEIGHT_PX = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 90, 620, 34, 216
# Okabe and Ito (2008), told apart with every common colour vision; the bound is dashed besides
BLUE, VERMILION = "#0072B2", "#D55E00"
MOST_STEPS = 2_000
BOUNDS = ("bound", "unchecked bound")
"""What a bound is called that comes with a proof of its own, and one that a second engine must confirm."""
Better = Callable[[float, float], float]


@dataclass(frozen=True)
class Step:
    """Something better was known: when, whose it was, and what; values in the stated unit."""

    at_s: float
    engine: str
    value: float


def steps(found: Any, what: Collection[str], scale: int, better: Better) -> list[Step]:
    """Reads a method's notes, which nobody has checked: what does not fit is left out.

    Args:
        found: a list of mappings with `s`, `what`, `value` in integer units and `engine`.
        what: the words that are meant: `objective`, or those for bounds.
        scale: integer units of the stated one.
        better: max or min; what is no better than all before is left out.
    """
    if not isinstance(found, Sequence) or isinstance(found, str):
        return []
    read = [_step(each, what, scale) for each in found[:MOST_STEPS]]
    kept: list[Step] = []
    for each in sorted((each for each in read if each), key=lambda each: each.at_s):
        if not kept or (each.value != kept[-1].value and better(each.value, kept[-1].value) == each.value):
            kept.append(each)
    return kept


def _step(each: Any, what: Collection[str], scale: int) -> Step | None:
    if not isinstance(each, Mapping) or each.get("what") not in what:
        return None
    at_s, value = _number(each.get("s")), _number(each.get("value"))
    if at_s is None or value is None or at_s < 0:
        return None
    return Step(at_s, str(each.get("engine", "")), value / scale)


def _number(value: Any) -> float | None:
    """A finite number that floats can hold; None for anything else."""
    try:
        found = float(value) if isinstance(value, int | float) else nan
    except OverflowError:
        return None
    return found if isfinite(found) else None


def figure(incumbents: Sequence[Step], bounds: Sequence[Step], name: str) -> str:
    """Returns the SVG; empty where nothing was noted."""
    every = [*incumbents, *bounds]
    if not every:
        return ""
    page = Drawing(name, PAGE_PX, HEIGHT_PX)
    end = max(each.at_s for each in every) or 1.0
    low, high = min(each.value for each in every), max(each.value for each in every)
    spread = (high - low) or max(abs(high), 1.0)
    _axes(page, end, low, high)

    def corner(at_s: float, value: float) -> tuple[float, float]:
        return LEFT + (RIGHT - LEFT) * at_s / end, BOTTOM - (BOTTOM - TOP) * (value - low) / spread

    for known, colour, dashes in ((incumbents, BLUE, ""), (bounds, VERMILION, "7 4")):
        if known:
            page.steps([corner(*each) for each in _corners(known, end)], colour, dashes)
        for each in known:
            page.dot(*corner(each.at_s, each.value), 2.5, colour, _said(each))
    _legend(page)
    told = "; ".join(
        f"{word} {known[-1].value:.10g}" for word, known in (("best", incumbents), ("bound", bounds)) if known
    )
    return page.svg("Best answer and bound over time", f"After {end:.3g} s: {told}.")


def _corners(known: Sequence[Step], end: float) -> list[tuple[float, float]]:
    """A staircase: a value holds until the next."""
    found: list[tuple[float, float]] = []
    for each in known:
        if found:
            found.append((each.at_s, found[-1][1]))
        found.append((each.at_s, each.value))
    return [*found, (end, found[-1][1])]


def _said(each: Step) -> str:
    return f"{each.value:.10g} after {each.at_s:.3g} s, {each.engine}"


def _axes(page: Drawing, end: float, low: float, high: float) -> None:
    page.line(LEFT, TOP, LEFT, BOTTOM)
    page.line(LEFT, BOTTOM, RIGHT, BOTTOM)
    page.text(LEFT - 6, BOTTOM + 4, f"{low:.10g}", anchor="end")
    if high > low:
        page.text(LEFT - 6, TOP + 4, f"{high:.10g}", anchor="end")
    page.text(LEFT, BOTTOM + 16, "0", anchor="middle")
    page.text(RIGHT, BOTTOM + 16, f"{end:.3g} s", anchor="end")


def _legend(page: Drawing) -> None:
    x = LEFT
    for word, colour, dashes in (("best answer", BLUE, ""), ("bound", VERMILION, "7 4")):
        page.steps([(x, 12), (x + 28, 12)], colour, dashes)
        page.text(x + 34, 16, word, INK)
        x += 60 + int(width_px(word))
    page.line(LEFT, TOP - 8, RIGHT, TOP - 8, LINE)
