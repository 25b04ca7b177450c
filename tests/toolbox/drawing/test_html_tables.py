"""Tables of data as HTML: balanced, escaped, and saying what they leave out."""

import xml.etree.ElementTree as ET

from toolbox.drawing import html_tables as tables


def test_long_tables_say_how_much_they_leave_out() -> None:
    assert "and 40 more" in tables.table(("n",), [(n,) for n in range(100)])


def test_notes_of_any_shape_become_html() -> None:
    html = tables.notes({"a": 1, "b": [{"x": 1.0, "y": None}], "c": {"d": [1, 2.5]}, "e": [[1], {"f": True}]})
    ET.fromstring(f"<div>{html}</div>")  # as XML: every tag is closed
    for word in ("2.5", "yes", "–"):
        assert word in html


def test_numbers_are_short_and_everything_is_escaped() -> None:
    html = tables.pairs([("<b>", 1 / 3), ("none", None), ("yes", True), ("long", "x" * 501)])
    cells = [cell.text for cell in ET.fromstring(html).iter("td")]
    assert cells == ["0.3333", "–", "yes", "x" * 500 + "…"]
    assert next(ET.fromstring(html).iter("th")).text == "<b>"
