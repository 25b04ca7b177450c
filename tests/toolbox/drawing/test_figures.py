"""Figures that Matplotlib draws: the same bytes, ids of their own, something to read aloud."""

import re
import xml.etree.ElementTree as ET
from typing import Any

from toolbox.drawing.figures import figure, unit_square


def draw(axes: Any) -> None:
    axes.plot([0, 1], [0, 1], label="<b>")
    unit_square(axes, "Title", "across", "up")


def test_a_figure_is_the_same_bytes_twice_and_says_what_it_shows() -> None:
    svg = figure(draw, "one", "A line & more")
    assert svg == figure(draw, "one", "A line & more")
    found = ET.fromstring(svg)
    assert found.get("role") == "img"
    said = {each.get("id"): each.text for each in found if each.get("id")}
    assert said[found.get("aria-labelledby")] == "A line & more"
    assert "metadata" not in svg


def test_two_figures_on_a_page_share_no_id() -> None:
    first, second = (set(re.findall(r'\bid="([^"]+)"', figure(draw, name, "x"))) for name in ("one", "two"))
    assert first
    assert not first & second
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', figure(draw, "one", "x")))
    assert used <= first
