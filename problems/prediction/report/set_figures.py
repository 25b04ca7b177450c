"""Pictures of prediction sets, intervals and times, as inline SVG; the numbers stand in a table beside."""

from typing import Any

import numpy as np

from toolbox.arrays.types import Flags, Floats
from toolbox.drawing.colours import BLUE, GREY, VERMILION
from toolbox.drawing.figures import figure

MOST_POINTS = 2000
"""Rows that are drawn, evenly among all."""
MOST_INTERVALS = 150
"""Intervals that can be told apart."""
BEYOND = 1.5
"""Times are drawn up to so many of the longest that is promised."""
ROOM = 1.2
"""Height of a picture with room for its legend, in heights of what is drawn."""


def set_size_figure(sizes: Floats, held: Flags, name: str) -> str:
    """Returns how many rows have sets of each size, with and without their own class, as SVG."""
    places = np.arange(min(1, int(sizes.min())), max(3, int(sizes.max())) + 1)
    inside, outside = (
        np.array([np.sum((sizes == size) & part) for size in places]) for part in (held, ~held)
    )

    def draw(axes: Any) -> None:
        axes.bar(places, inside, color=BLUE, label="own class inside")
        axes.bar(places, outside, bottom=inside, color=VERMILION, hatch="//", label="outside")
        axes.set(title="Sizes of prediction sets", xlabel="in the set", ylabel="rows", xticks=places)
        axes.set_ylim(0, ROOM * float((inside + outside).max()))
        axes.legend(frameon=False, loc="upper right", ncols=2)
        axes.spines[["top", "right"]].set_visible(False)

    counts = ", ".join(f"{size}: {int(count)}" for size, count in zip(places, inside + outside, strict=True))
    return figure(draw, name, f"Rows by the size of their set. {counts}; {int(held.sum())} hold their own.")


def interval_figure(outcomes: Floats, ends: Floats, name: str, unit: str = "") -> str:
    """Returns intervals from low to high, and outcomes inside or outside, as SVG."""
    order = np.argsort(ends.mean(axis=1), kind="stable")
    some = order[np.linspace(0, len(order) - 1, min(MOST_INTERVALS, len(order))).astype(np.intp)]
    across, (low, high) = np.arange(len(some)), ends[some].T
    inside = (low <= outcomes[some]) & (outcomes[some] <= high)

    def draw(axes: Any) -> None:
        axes.vlines(across, low, high, color=GREY, alpha=0.4, linewidth=1)
        for part, colour, mark, label in (
            (inside, BLUE, ".", "inside"),
            (~inside, VERMILION, "x", "outside"),
        ):
            axes.plot(across[part], outcomes[some][part], mark, color=colour, markersize=4, label=label)
        axes.set(title="Intervals and outcomes", xlabel="rows, from low to high", ylabel=unit or "outcome")
        axes.legend(frameon=False, loc="upper left")
        axes.spines[["top", "right"]].set_visible(False)

    return figure(
        draw,
        name,
        f"Intervals of {len(some)} rows: {int(inside.sum())} hold the outcome.",
    )


def least_times_figure(times: Floats, events: Flags, promised: Floats, name: str, unit: str = "") -> str:
    """Returns the times that rows were seen against those that they were to outlast, as SVG."""
    some = np.linspace(0, len(times) - 1, min(MOST_POINTS, len(times))).astype(np.intp)
    end = BEYOND * max(float(promised.max()), float(np.median(times)) / BEYOND, np.finfo(float).tiny)
    failed, seen = events & (times < promised), np.minimum(times, end)[some]
    kinds = (
        (~events, GREY, ".", "censored"),
        (events & ~failed, BLUE, ".", "event later"),
        (failed, VERMILION, "x", "event before"),
    )

    def draw(axes: Any) -> None:
        axes.plot([0, end], [0, end], color=GREY, linestyle=":")
        for part, colour, mark, label in kinds:
            own = part[some]
            axes.plot(
                promised[some][own], seen[own], mark, color=colour, alpha=0.6, markersize=4, label=label
            )
        axes.set(
            title="Times to be outlasted",
            xlabel=f"promised {unit}".strip(),
            ylabel=f"seen {unit}, later ones at the top".replace(" ,", ","),
            xlim=(-0.03 * end, 1.03 * end / BEYOND),
            ylim=(-0.03 * end, ROOM * end),
        )
        axes.legend(frameon=False, loc="upper center", ncols=3, columnspacing=1, handletextpad=0.2)
        axes.spines[["top", "right"]].set_visible(False)

    return figure(
        draw,
        name,
        f"Times to be outlasted: {int(failed.sum())} of {len(times)} rows were seen to fail before.",
    )
