"""Which class is taken for which, as a picture: the classes as they are from top to bottom."""

from collections.abc import Sequence

import numpy as np

from escalation.text.svg import INK, LINE, PAPER, Drawing, fitting, width_px
from escalation.text.wording import listed
from problems.prediction.report.picture_frame import WIDTH_PX
from toolbox.arrays.types import Ints

TOP, SIDE = 28, 252
LEFT = WIDTH_PX - SIDE - 10
MOST_COUNTED, MOST_NAMED = 12, 20
"""Classes up to which counts and names fit into the picture."""
MOST_SPOKEN = 10
"""Classes of which the description tells one by one, and mix-ups where there are more."""
SHADES = ("#ffffff", "#dbe9f6", "#b0d2ec", "#7ab2dc", "#3a8bc4", "#0072B2")
DARK = 4
"""Shades from this one on have white digits on them."""


def confusion_picture(counts: Ints, classes: Sequence[str], name: str, levels: bool = False) -> str:
    """Returns the SVG.

    Args:
        counts: rows of each class (first axis) by the class that they were taken for, shape (K, K).
        classes: their names.
        name: begins every id.
        levels: whether they are levels in an order.
    """
    what = "level" if levels else "class"
    page = Drawing(name, WIDTH_PX, TOP + SIDE + 86)
    page.text(4, 14, f"rows kept aside of each {what} (from top to bottom)")
    _cells(page, counts, classes)
    if len(classes) <= MOST_NAMED:
        _names(page, classes)
    page.text(LEFT + SIDE / 2, TOP + SIDE + 32, f"the {what} that they are taken for", anchor="middle")
    right, rows = int(np.trace(counts)), int(counts.sum())
    _legend(page, f"{right} of {rows} rows are recognised, framed", what)
    told = f"{right} of {rows} rows kept aside are recognised"
    return page.svg(f"Confusion matrix: {told}", _spoken(counts, classes))


def _cells(page: Drawing, counts: Ints, classes: Sequence[str]) -> None:
    size, totals = SIDE / len(classes), counts.sum(axis=1)
    page.box(LEFT, TOP, SIDE, SIDE, PAPER, line=LINE)
    for own, taken in np.argwhere(counts > 0):
        x, y, count = LEFT + size * taken, TOP + size * own, int(counts[own, taken])
        shade = int(np.ceil((len(SHADES) - 1) * count / totals[own]))
        said = f"{count} of {int(totals[own])} rows that are {classes[own]}: taken for {classes[taken]}"
        page.box(round(x, 2), round(y, 2), round(size, 2), round(size, 2), SHADES[shade], title=said)
        if len(classes) <= MOST_COUNTED:
            ink = PAPER if shade >= DARK else INK
            page.text(round(x + size / 2, 2), round(y + size / 2 + 4, 2), str(count), ink, "middle")
    for place in range(len(classes)):
        at = round(size * place, 2)
        page.box(LEFT + at, TOP + at, round(size, 2), round(size, 2), "none", line=INK)


def _names(page: Drawing, classes: Sequence[str]) -> None:
    """Of rows in full or cut; of columns where all fit, else their numbers."""
    size = SIDE / len(classes)
    whole = all(width_px(each) <= size for each in classes)
    for place, each in enumerate(classes):
        middle = size * (place + 0.5)
        said = each if whole else f"{place + 1} {each}"
        page.text(LEFT - 5, round(TOP + middle + 4, 2), fitting(said, LEFT - 6), INK, "end")
        below = each if whole else str(place + 1)
        page.text(round(LEFT + middle, 2), TOP + SIDE + 14, below, INK, "middle")


def _legend(page: Drawing, found: str, what: str) -> None:
    y = TOP + SIDE + 56
    page.box(4, y - 9, 12, 12, PAPER, line=INK)
    page.text(26, y, fitting(found, WIDTH_PX - 26))
    for place, shade in enumerate(SHADES[1:]):
        page.box(4 + 12 * place, y + 9, 12, 12, shade)
    page.text(74, y + 18, f"the darker, the larger the share of the {what}")


def _spoken(counts: Ints, classes: Sequence[str]) -> str:
    """Every class in words; of many classes the most frequent mix-ups."""
    if len(classes) <= MOST_SPOKEN:
        return ". ".join(_of_class(counts[place], place, classes) for place in range(len(classes))) + "."
    off = [(int(counts[a, b]), int(a), int(b)) for a, b in np.argwhere(counts > 0) if a != b]
    worst = sorted(off, key=lambda each: (-each[0], *each[1:]))[:MOST_SPOKEN]
    said = listed([f"{count} {classes[a]} taken for {classes[b]}" for count, a, b in worst])
    return f"Most often mixed up: {said}." if worst else "No classes are mixed up."


def _of_class(counts: Ints, own: int, classes: Sequence[str]) -> str:
    taken = [f"{int(counts[each])} taken for {classes[each]}" for each in np.argsort(-counts, kind="stable")
             if counts[each] and each != own]  # fmt: skip
    said = f"Of {int(counts.sum())} rows that are {classes[own]} {int(counts[own])} are recognised"
    return ", ".join([said, *taken])
