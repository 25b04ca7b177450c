"""The list as bars, the number found among them."""

from collections.abc import Sequence

from escalation.text.svg import LINE, Drawing

PAGE_PX, HEIGHT_PX, FOUND, OTHER = 360, 200, "#0072B2", "#d0d7de"
MOST_BARS = 60


def bars(numbers: Sequence[float], found: int) -> str:
    """Returns the SVG; of a long list the first numbers, and empty where that one is not among them."""
    if found >= MOST_BARS:
        return ""
    shown = numbers[:MOST_BARS]
    page = Drawing("answer", PAGE_PX, HEIGHT_PX)
    low, high = min(0.0, *shown), max(0.0, *shown)
    unit, width = (HEIGHT_PX - 40) / ((high - low) or 1.0), PAGE_PX / len(shown)
    base = 20 + high * unit
    for place, number in enumerate(shown):
        top = base - max(number, 0.0) * unit
        said = f"number {place + 1}: {number:g}"
        colour = FOUND if place == found else OTHER
        page.box(place * width + 1, top, width - 2, max(abs(number) * unit, 1), colour, title=said)
    page.line(0, base, PAGE_PX, base, LINE)
    page.text(min(found * width, PAGE_PX - 80), 14, f"{numbers[found]:g} found")
    return page.svg("The list as bars", f"Number {found + 1}, {numbers[found]:g}, was found, in blue.")
