"""Curves over two axes whose ends are labelled, with a legend, as SVG."""

from collections.abc import Sequence

from escalation.text.svg import INK, LINE, Drawing, width_px

PAGE_PX, HEIGHT_PX = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 90, 620, 34, 216
Corner = tuple[float, float]


class Plot:
    """A frame in which values are drawn; `page` takes what else stands in it.

    Args:
        name: begins every id, see `Drawing`.
        end: the last value across; the first is 0.
        values: all that are drawn upwards; the frame goes from the least to the greatest.
        unit: of the values across, in words.
    """

    def __init__(self, name: str, end: float, values: Sequence[float], unit: str) -> None:
        self.page = Drawing(name, PAGE_PX, HEIGHT_PX)
        self._end, self._low, high = end, min(values), max(values)
        self._spread = (high - self._low) or max(abs(high), 1.0)
        self._axes(high, unit)

    def at(self, across: float, value: float) -> Corner:
        """Where a value stands on the page."""
        x = LEFT + (RIGHT - LEFT) * across / self._end
        return x, BOTTOM - (BOTTOM - TOP) * (value - self._low) / self._spread

    def staircase(self, known: Sequence[Corner], colour: str, dashes: str = "") -> None:
        """A line of values, each of which holds until the next, and the last to the end."""
        corners: list[Corner] = []
        for across, value in known:
            if corners:
                corners.append((across, corners[-1][1]))
            corners.append((across, value))
        if corners:
            corners.append((self._end, corners[-1][1]))
            self.page.steps([self.at(*each) for each in corners], colour, dashes)

    def legend(self, lines: Sequence[tuple[str, str, str]]) -> None:
        """What the lines are: words, colour, dashes of each."""
        x = LEFT
        for words, colour, dashes in lines:
            self.page.steps([(x, 12), (x + 28, 12)], colour, dashes)
            self.page.text(x + 34, 16, words, INK)
            x += 60 + int(width_px(words))
        self.page.line(LEFT, TOP - 8, RIGHT, TOP - 8, LINE)

    def _axes(self, high: float, unit: str) -> None:
        page = self.page
        page.line(LEFT, TOP, LEFT, BOTTOM)
        page.line(LEFT, BOTTOM, RIGHT, BOTTOM)
        page.text(LEFT - 6, BOTTOM + 4, f"{self._low:.10g}", anchor="end")
        if high > self._low:
            page.text(LEFT - 6, TOP + 4, f"{high:.10g}", anchor="end")
        page.text(LEFT, BOTTOM + 16, "0", anchor="middle")
        page.text(RIGHT, BOTTOM + 16, f"{self._end:.3g} {unit}", anchor="end")
