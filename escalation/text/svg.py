"""A small writer of inline SVG: the same bytes for the same drawing, everything that is data escaped."""

from collections.abc import Iterable
from html import escape

FONT_PX = 11
CHARACTER_PX = 6.6
"""Width of an average character of a sans-serif font of `FONT_PX`, on the safe side."""
NAMES_PX = (70, 200)
"""Least and most that the names of rows may take."""
PAGE_PX, MOST_PAGE_PX = 960, 2400
"""A chart is wider than the one only where labels would not fit; beyond the other they are cut."""
SHORT_LABEL = 14
"""Characters of a label for which a drawing is made wider."""
LABEL_MARGIN_PX = 5
INK, PAPER, LINE, HATCH = "#1b1f24", "#ffffff", "#8c959f", "#afb8c1"


class Drawing:
    """Shapes on a page; `svg` closes it.

    Args:
        name: begins every id, so that several drawings fit into one HTML page.
        width_px: of the page.
        height_px: of the page.
    """

    def __init__(self, name: str, width_px: float, height_px: float) -> None:
        self.name = "".join(each if each.isalnum() or each in "-_" else "-" for each in name)
        self.width_px, self.height_px = width_px, height_px
        self._parts: list[str] = []

    def box(
        self, x: float, y: float, width: float, height: float, fill: str, *, title: str = "", line: str = ""
    ) -> None:
        """A rectangle; `title` is what a pointer or a screen reader is told about it."""
        stroke = f' stroke="{line}" stroke-width="1"' if line else ""
        shape = f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{fill}"{stroke}'
        self._parts.append(f"{shape}><title>{_text(title)}</title></rect>" if title else f"{shape}/>")

    def hatched(self, x: float, y: float, width: float, height: float) -> None:
        """A rectangle of slanting lines."""
        self.box(x, y, width, height, f"url(#{self.name}-hatch)")

    def line(self, x1: float, y1: float, x2: float, y2: float, colour: str = LINE) -> None:
        """A straight line."""
        ends = f'x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}"'
        self._parts.append(f'<line {ends} stroke="{colour}" stroke-width="1"/>')

    def steps(self, corners: list[tuple[float, float]], colour: str, dashes: str = "") -> None:
        """A line through all corners."""
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        self._parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"{dashed}/>'
        )

    def dot(self, x: float, y: float, radius: float, fill: str, title: str = "") -> None:
        """A circle."""
        shape = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{fill}" stroke="{INK}">'
        self._parts.append(f"{shape}<title>{_text(title)}</title></circle>")

    def spot(self, x: float, y: float, radius: float, title: str) -> None:
        """A circle that is not seen, and says something to whoever points at it."""
        shape = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{PAPER}" fill-opacity="0">'
        self._parts.append(f"{shape}<title>{_text(title)}</title></circle>")

    def text(self, x: float, y: float, said: str, colour: str = INK, anchor: str = "start") -> None:
        """A line of text; y is its base line, anchor start, middle or end."""
        where = f'x="{x:g}" y="{y:g}" fill="{colour}" text-anchor="{anchor}"'
        self._parts.append(f"<text {where}>{_text(said)}</text>")

    def svg(self, title: str, description: str) -> str:
        """Returns the drawing as an SVG element that says what it shows."""
        ids = f"{self.name}-title {self.name}-desc"
        size = f'viewBox="0 0 {self.width_px:g} {self.height_px:g}" width="{self.width_px:g}"'
        hatch = (
            f'<pattern id="{self.name}-hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
            f'patternTransform="rotate(45)"><line x1="0" y1="0" x2="0" y2="6" stroke="{HATCH}" '
            'stroke-width="2"/></pattern>'
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} height="{self.height_px:g}" role="img" '
            f'aria-labelledby="{ids}" font-family="sans-serif" font-size="{FONT_PX}">'
            f'<title id="{self.name}-title">{_text(title)}</title>'
            f'<desc id="{self.name}-desc">{_text(description)}</desc>'
            f"<defs>{hatch}</defs>{''.join(self._parts)}</svg>"
        )


def fitting(said: str, width_px: float) -> str:
    """Returns as much of a text as fits, an ellipsis where some is left out; empty where nothing fits."""
    most = int(width_px / CHARACTER_PX)
    if len(said) <= most:
        return said
    return said[: most - 1] + "…" if most >= 3 else ""


def names_px(names: Iterable[str]) -> float:
    """Pixels that the names of a chart's rows take."""
    return min(max(max(map(width_px, names)) + 10, NAMES_PX[0]), NAMES_PX[1])


def unit_px(
    units: float, beside_px: float, labels: Iterable[tuple[str, float]], most_page_px: float = MOST_PAGE_PX
) -> float:
    """Returns the pixels of a unit of length, wide enough for short labels where the widest page allows it.

    Args:
        units: of the longest row.
        beside_px: what else stands in a row.
        labels: texts with the length of their bar, in units; of long ones the beginning counts.
        most_page_px: what the widest page is.
    """
    least_px, most_px = (PAGE_PX - beside_px) / units, (most_page_px - beside_px) / units
    needed = ((width_px(said[:SHORT_LABEL]) + LABEL_MARGIN_PX) / length for said, length in labels)
    return max(least_px, min(most_px, max(needed, default=0.0)))


def width_px(said: str) -> float:
    """About how wide a text is."""
    return CHARACTER_PX * len(said)


def _text(said: str) -> str:
    return escape("".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in said))
