"""A square with axes for the pictures of the first screen, all of one size."""

from math import floor, log10

from escalation.text.svg import INK, LINE, Drawing, fitting

WIDTH_PX, LEFT, TOP, SIDE = 368, 56, 28, 290


class Frame:
    """A square on a page, within which points have coordinates of their own.

    Args:
        name: begins every id.
        height_px: of the page; the square begins at its top.
        across: least and largest value from left to right.
        up: least and largest value from the bottom to the top.
        side_px: height of the frame, where it is no square.
    """

    def __init__(
        self,
        name: str,
        height_px: float,
        across: tuple[float, float],
        up: tuple[float, float],
        side_px: float = SIDE,
    ) -> None:
        self.page = Drawing(name, WIDTH_PX, height_px)
        self.across, self.up, self.side_px = across, up, side_px
        self.page.box(LEFT, TOP, SIDE, side_px, "none", line=LINE)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a point is on the page, px."""
        along = (x - self.across[0]) / (self.across[1] - self.across[0])
        high = (y - self.up[0]) / (self.up[1] - self.up[0])
        return round(LEFT + SIDE * along, 2), round(TOP + self.side_px * (1 - high), 2)

    def ticks(self, across: dict[float, str], up: dict[float, str]) -> None:
        """Numbers beside both axes, by where they stand."""
        for value, said in across.items():
            x, _ = self.at(value, self.up[0])
            self.page.text(x, TOP + self.side_px + 14, said, INK, "middle")
        for value, said in up.items():
            _, y = self.at(self.across[0], value)
            self.page.text(LEFT - 5, y + 4, said, INK, "end")

    def titles(self, across: str, up: str) -> None:
        """What both axes show."""
        below = TOP + self.side_px + 32
        self.page.text(LEFT + SIDE / 2, below, fitting(across, SIDE + LEFT), anchor="middle")
        self.page.text(4, 14, fitting(up, WIDTH_PX - 4))


def round_numbers(low: float, high: float, about: int = 4) -> list[float]:
    """Round numbers within an interval, about so many."""
    step = (high - low) / about
    power = 10.0 ** floor(log10(step))
    step = next(each * power for each in (1, 2, 5, 10) if each * power >= step * 0.999)
    first = floor(low / step) + (low / step > floor(low / step))
    return [each * step for each in range(first, floor(high / step + 1e-9) + 1)]
