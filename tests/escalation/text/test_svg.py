"""Shapes on a page: well-formed, titled, escaped; widths of texts."""

import xml.etree.ElementTree as ET

import pytest

from escalation.text.svg import CHARACTER_PX, Drawing, fitting, names_px, unit_px
from toolbox.drawing.plot import BOTTOM, LEFT, RIGHT, TOP, Plot

SVG = "{http://www.w3.org/2000/svg}"


def test_a_drawing_says_what_it_is_and_data_are_no_markup() -> None:
    page = Drawing("a <b>", 100, 50)
    page.box(1, 2, 3, 4, "#fff", title="<evil> & \x0b")
    page.text(0, 10, "</svg>")
    found = ET.fromstring(page.svg("Title & all", "What it shows"))
    named = (found.get("aria-labelledby") or "").split()
    said = {each.get("id"): each.text for each in found if each.get("id")}
    assert [said[each] for each in named] == ["Title & all", "What it shows"]
    assert found.get("role") == "img"
    assert [each.text for each in found.iter(f"{SVG}title")][1:] == ["<evil> & \N{REPLACEMENT CHARACTER}"]
    assert [each.text for each in found.iter(f"{SVG}text")] == ["</svg>"]


def test_a_label_that_does_not_fit_is_cut() -> None:
    assert fitting("Radiology", 9 * CHARACTER_PX) == "Radiology"
    assert fitting("Radiology", 5 * CHARACTER_PX) == "Radi…"
    assert fitting("Radiology", 2 * CHARACTER_PX) == ""


def test_rows_are_as_wide_as_short_labels_need_and_pages_allow() -> None:
    assert unit_px(100, 160, []) == (960 - 160) / 100
    # ten characters in two units: (66 + 5) / 2 pixels a unit, which the widest page does not allow
    assert unit_px(50, 160, [("x" * 10, 2)]) == pytest.approx(35.5)
    assert unit_px(100, 160, [("x" * 10, 2)]) == (2400 - 160) / 100


def test_names_have_room_up_to_a_bound() -> None:
    assert names_px(["a"]) == 70
    assert names_px(["a", "x" * 15]) == pytest.approx(15 * CHARACTER_PX + 10)
    assert names_px(["x" * 99]) == 200


def test_a_staircase_holds_each_value_until_the_next_and_the_last_to_the_end() -> None:
    plot = Plot("p", 10.0, [1.0, 3.0], "s")
    plot.staircase([(0.0, 1.0), (5.0, 3.0)], "#000")
    found = ET.fromstring(plot.page.svg("t", "d"))
    (line,) = found.iter(f"{SVG}polyline")
    middle = (LEFT + RIGHT) / 2
    corners = [(LEFT, BOTTOM), (middle, BOTTOM), (middle, TOP), (RIGHT, TOP)]
    assert line.get("points") == " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
    assert [each.text for each in found.iter(f"{SVG}text")] == ["1", "3", "0", "10 s"]


def test_equal_values_are_drawn_too() -> None:
    plot = Plot("p", 1.0, [0.0], "s")
    assert plot.at(0.0, 0.0) == (LEFT, BOTTOM)
