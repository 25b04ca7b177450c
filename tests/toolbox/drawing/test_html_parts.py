"""Parts of a report: files it holds, lists that end."""

import csv
import io
import xml.etree.ElementTree as ET
from base64 import b64decode

from toolbox.drawing.html_parts import Download, as_text, csv_download, downloads, names


def test_a_table_is_read_by_other_programs_and_runs_nothing() -> None:
    file = csv_download("t.csv", ("a", "b"), [('é, "x"', "=1+1"), ("", "-2")])
    assert file.data.startswith(b"\xef\xbb\xbfa,b\r\n")
    read = list(csv.reader(io.StringIO(file.data.decode("utf-8-sig"), newline="")))
    assert read[0] == ["a", "b"]
    assert read[1:] == [['é, "x"', "'=1+1"], ["", "'-2"]]


def test_a_link_holds_its_file() -> None:
    found = ET.fromstring(f"<div>{downloads([Download('a<b>.txt', 'text/plain', b'x&y')])}</div>")
    (link,) = found.iter("a")
    assert link.get("download") == link.text == "a<b>.txt"
    assert b64decode((link.get("href") or "").partition(",")[2]) == b"x&y"
    assert downloads([]) == ""


def test_no_row_is_left_out_of_what_stands_for_a_chart() -> None:
    found = ET.fromstring(as_text(("n",), [(str(k),) for k in range(130)]))
    assert [cell.text for cell in found.iter("td")] == [str(k) for k in range(130)]
    assert as_text(("n",), []) == ""


def test_names_beyond_a_bound_are_counted() -> None:
    assert names(["a<", "b"]) == "<p>a&lt;, b</p>"
    assert names(["x"] * 402).endswith(" … and 2 more</p>")
