"""How a search went: the incumbent and the bound over time, as a figure."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from typing import Any

from escalation.text.rounding import seconds
from problems.optimisation.model.models import Model, sign
from toolbox.drawing.colours import BLUE, VERMILION
from toolbox.drawing.plot import Plot

MOST_STEPS = 2_000
LINES = (("best answer", BLUE, ""), ("bound", VERMILION, "7 4"))
"""Words, colour and dashes: the bound is told apart without colour too."""
BOUNDS = ("bound", "unchecked bound")
"""What a bound is called that comes with a proof of its own, and one that a second engine must confirm."""
Better = Callable[[float, float], float]


@dataclass(frozen=True)
class TimelineStep:
    """Something better was known: when, whose it was, and what; values in the stated unit."""

    at_s: float
    engine: str
    value: float


def drawn(model: Model, notes: Mapping[str, Any], name: str) -> str:
    """How the search went by a method's notes, as SVG; empty where they do not tell."""
    better, closer = (min, max) if sign(model) > 0 else (max, min)
    incumbents = steps(notes.get("timeline"), ("objective",), model.scale, better)
    return figure(incumbents, steps(notes.get("timeline"), BOUNDS, model.scale, closer), name)


def steps(found: Any, what: Collection[str], scale: int, better: Better) -> list[TimelineStep]:
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
    kept: list[TimelineStep] = []
    for each in sorted((each for each in read if each), key=lambda each: each.at_s):
        if not kept or (each.value != kept[-1].value and better(each.value, kept[-1].value) == each.value):
            kept.append(each)
    return kept


def _step(each: Any, what: Collection[str], scale: int) -> TimelineStep | None:
    if not isinstance(each, Mapping) or each.get("what") not in what:
        return None
    at_s, value = _number(each.get("s")), _number(each.get("value"))
    if at_s is None or value is None or at_s < 0:
        return None
    return TimelineStep(at_s, str(each.get("engine", "")), value / scale)


def _number(value: Any) -> float | None:
    """A finite number that floats can hold; None for anything else."""
    try:
        found = float(value) if isinstance(value, int | float) else nan
    except OverflowError:
        return None
    return found if isfinite(found) else None


def figure(incumbents: Sequence[TimelineStep], bounds: Sequence[TimelineStep], name: str) -> str:
    """Returns the SVG; empty where nothing was noted."""
    every = [*incumbents, *bounds]
    if not every:
        return ""
    end = max(each.at_s for each in every) or 1.0
    plot = Plot(name, end, [each.value for each in every], "s")
    for known, (_, colour, dashes) in zip((incumbents, bounds), LINES, strict=True):
        plot.staircase([(each.at_s, each.value) for each in known], colour, dashes)
        for each in known:
            plot.page.dot(*plot.at(each.at_s, each.value), 2.5, colour, _said(each))
    plot.legend(LINES)
    told = "; ".join(
        f"{word} {known[-1].value:.10g}" for word, known in (("best", incumbents), ("bound", bounds)) if known
    )
    return plot.page.svg("Best answer and bound over time", f"After {seconds(end)} s: {told}.")


def _said(each: TimelineStep) -> str:
    return f"{each.value:.10g} after {seconds(each.at_s)} s, {each.engine}"
