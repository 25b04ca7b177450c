"""The report as PDF: what stands in the page stands in it, read back by another program."""

import io
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from pypdf import PdfReader

from records.views.html_tree import tree
from records.views.pdf import as_pdf, typeset

AT = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 20" width="60" height="20"><title>Bars</title>'
    '<defs><linearGradient id="g"><stop offset="0"/></linearGradient></defs>'
    '<rect width="50" height="9"/><text x="2" y="15" font-size="9">drawn &lt;one&gt;</text></svg>'
)
PAGE = f"""<!doctype html><html><head><title>Three rows: accepted</title><style>b {{ }}</style></head><body>
<h1>Three rows <span class="status">accepted</span></h1><p class="note">Not hardware &amp; said so.</p>
<ul><li>one limit</li><li>another <b>limit</b></li></ul>
<table><tr><th>fact</th><th>value</th></tr><tr><td colspan="2"><code>{"ab" * 32}</code></td></tr></table>
<figure>{SVG}<figcaption>What it shows</figcaption></figure><pre>tiers: [hpc]
gates: "#all"</pre></body></html>"""


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def test_all_that_a_reader_sees_of_the_page_stands_in_the_file() -> None:
    said = " ".join(text_of(as_pdf(PAGE.encode(), AT)).split())
    for each in (
        "Three rows", "accepted", "Not hardware & said so.", "one limit", "another limit", "fact", "value",
        "drawn <one>", "What it shows", "tiers: [hpc]", 'gates: "#all"',
    ):  # fmt: skip
        assert each in said, each
    assert "ab" * 32 in said


def test_a_digest_that_does_not_fit_on_a_line_is_copied_as_it_is() -> None:
    digest = "0123456789abcdef5" * 8
    said = text_of(as_pdf(f"<p>{'words ' * 12}<code>{digest}</code></p>".encode(), AT))
    assert digest in "".join(said.split())
    assert all(each.isprintable() or each == "\n" for each in said)
    assert "\N{ZERO WIDTH SPACE}" not in said


def test_the_file_is_tagged_pdf_a_and_has_the_page_title() -> None:
    pdf = as_pdf(PAGE.encode(), AT)
    reader = PdfReader(io.BytesIO(pdf))
    assert reader.metadata is not None
    assert reader.metadata.title == "Three rows: accepted"
    assert b"<pdfaid:part>2</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>" in pdf
    assert b"/MarkInfo<</Marked true" in pdf.replace(b" <<", b"<<")


def test_every_page_says_from_which_report_it_was_made() -> None:
    assert f"From the report of SHA-256 {sha256(PAGE.encode()).hexdigest()}" in text_of(
        as_pdf(PAGE.encode(), AT)
    )


def test_short_notes_stand_beside_each_other() -> None:
    items = "".join(f"<li><b>n{number}</b> {number}</li>" for number in range(7))
    said = typeset(f'<ul class="notes">{items}</ul>', AT)
    # seven in three columns: three, three and one
    assert [part.count("#linebreak()") for part in said.split("gutter: 8pt, ")[1].split("], [")] == [3, 3, 1]


def test_the_same_page_and_time_give_the_same_bytes() -> None:
    assert as_pdf(PAGE.encode(), AT) == as_pdf(PAGE.encode(), AT)


@pytest.mark.parametrize(
    "hostile",
    [
        '#read("/etc/passwd")', '"); #panic("x")', "\\u{41} \\", "$x$ *b* _i_ @ref <label> = h", "// gone",
        "#[",
        "a\x00b\x1b[2J", "`raw`", "- item\n+ one\n/ term: x",
    ],
)  # fmt: skip
def test_nothing_of_the_data_is_read_as_a_command(hostile: str) -> None:
    shown = hostile.replace("<", "&lt;").replace('"', "&quot;")
    said = text_of(as_pdf(f"<p>{shown}</p><pre>{shown}</pre>".encode(), AT))
    letters = [each for each in hostile if each.isprintable() and each != " "]
    kept = [each for each in said if each in letters]
    assert len(kept) >= 2 * len(letters)


def test_letters_that_no_font_has_do_not_stop_it() -> None:
    assert text_of(as_pdf("<p>王小明 and Müller</p>".encode(), AT)).strip().partition("Müller\n")[1]


def test_cells_that_a_row_lacks_are_empty_and_a_row_of_headings_heads_every_page() -> None:
    rows = "".join(f"<tr><td>{n}</td></tr>" for n in range(120))
    table = f"<table><tr><th>first</th><th>second</th></tr>{rows}</table>"
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(as_pdf(table.encode(), AT))).pages]
    assert len(pages) > 1
    assert all("second" in page for page in pages)


def test_a_page_that_is_not_closed_well_is_read_as_far_as_it_goes() -> None:
    assert tree("<div><p>one<b>two</div>three").text == "onetwothree"
    assert "#heading(level: 2" in typeset("<h2>a</h3></p>", AT)


def test_a_drawing_keeps_its_letters_of_both_cases() -> None:
    drawing = next(tree(PAGE).all("svg"))
    assert drawing.children == [SVG]
