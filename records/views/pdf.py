"""A report as PDF/A, set by Typst (typst.app/docs) from the report's own HTML: one text, two forms."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Literal

from escalation.model.identity import digest_bytes
from records.views.html_tree import Node, tree

SETTING = """\
#set document(title: {title}, date: {date})
#set page(paper: "a4", margin: (x: 1.8cm, y: 2cm))
#set page(header: align(right, text(7pt, {title})))
#set page(footer: context [#text(6pt, {source}) #h(1fr) #counter(page).display("1 / 1", both: true)])
#set text(9.5pt, lang: "en", font: ("Libertinus Serif", "DejaVu Sans Mono"))
#set table(stroke: 0.4pt + luma(75%), inset: 4pt)
#set figure(numbering: none)
#show heading: set block(above: 1.4em, below: 0.8em)
#show table: set text(7.5pt)
#show raw: set text(6pt)
#show table.cell: set block(breakable: false)
"""
"""How the pages look."""
STANDARD: Literal["a-2a"] = "a-2a"
"""ISO 19005-2, level A: self-contained, tagged for screen readers, text that can be extracted."""
PAGE_PX, PIXEL_PT = 650.0, 0.75
"""How wide a drawing is that does not say; a CSS pixel."""
LONG_WORD, PIECE = 24, 12
"""Characters of a word, such as a digest, that may be broken; after how many it may."""
INLINE = {"b": "strong", "strong": "strong", "em": "emph", "i": "emph", "small": "text.with(0.85em)"}
NOT_SHOWN = frozenset({"head", "style", "script", "title", "nav"})
MARKED = {"note": "#9a6700", "failed": "#cf222e"}
_MONO = 'text.with(font: "DejaVu Sans Mono", 0.85em)'
_HEADING = re.compile(r"h([1-6])")
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_BREAK = "\x00"
_LONG, _PIECES = re.compile(rf"\S{{{LONG_WORD},}}"), re.compile(rf".{{1,{PIECE}}}")


def as_pdf(page: bytes, made_at: datetime) -> bytes:
    """Returns a report as tagged PDF/A-2a: the same bytes for the same page and time.

    Where the page has letters that none of Typst's own fonts has, the machine's fonts are used as well, and
    the standard is kept only if they have all of them.

    Args:
        page: HTML as `records.views.report.render` makes it: headings, paragraphs, lists, tables, figures of
            inline SVG.
        made_at: what the document says of its making, UTC.
    """
    import typst

    text = typeset(page.decode(), made_at).encode()
    at = int(made_at.timestamp())
    try:
        made: bytes = typst.compile(
            text, format="pdf", pdf_standards=STANDARD, ignore_system_fonts=True, timestamp=at
        )
    except typst.TypstError:
        made = typst.compile(text, format="pdf", timestamp=at)
    return made


def typeset(page: str, made_at: datetime) -> str:
    """Returns the page as a Typst document, in which all that was text is a string literal."""
    root = tree(page)
    title = _literal(next((node.text for node in root.all("title")), "Report"))
    source = _literal(f"From the report of SHA-256 {digest_bytes(page.encode())}")
    date = f"datetime(year: {made_at.year}, month: {made_at.month}, day: {made_at.day})"
    return SETTING.format(title=title, date=date, source=source) + "".join(map(_written, root.children))


def _written(node: Node | str) -> str:
    """An element as markup; every piece begins with `#`, so that nothing of the data is ever read as any."""
    if isinstance(node, str):
        return _text(_BLANKS.sub(" ", node)) if node.strip() else " "
    if node.tag in NOT_SHOWN:
        return ""
    if found := _HEADING.fullmatch(node.tag):
        return f"#heading(level: {found[1]}, {_body(node)})\n"
    made = _BY_TAG.get(node.tag)
    return made(node) if made else "".join(map(_written, node.children))


def _body(node: Node) -> str:
    return f"[{''.join(map(_written, node.children))}]"


def _called(function: str, node: Node) -> str:
    return f"#({function})({_body(node)})"


def _paragraph(node: Node) -> str:
    colour = MARKED.get(node.attributes.get("class", ""))
    if colour is None:
        return f"#par({_body(node)})\n"
    return f'#block(inset: 5pt, stroke: (left: 2.5pt + rgb("{colour}")), {_body(node)})\n'


def _summary(node: Node) -> str:
    """A heading where it holds one, else words that stay with what follows."""
    if any(node.all("h3")):
        return "".join(map(_written, node.children))
    return f"#block(sticky: true, strong({_body(node)}))\n"


def _items(node: Node) -> str:
    if node.attributes.get("class") == "notes":
        return _notes(list(node.all("li")))
    function = "enum" if node.tag == "ol" else "list"
    return f"#{function}({', '.join(_body(item) for item in node.all('li'))})\n"


def _notes(items: list[Node]) -> str:
    """Short lines, a third of them in each of three columns."""
    third = -(-len(items) // 3)
    columns = [items[start : start + third] for start in range(0, len(items), third)]
    shown = ", ".join(f"[{''.join(_body(item)[1:-1] + '#linebreak()' for item in part)}]" for part in columns)
    return f"#block[#set text(7pt)\n#grid(columns: (1fr,) * 3, gutter: 8pt, {shown})]\n"


def _pre(node: Node) -> str:
    return f"#raw({_literal(node.text)}, block: true)\n"


def _table(node: Node) -> str:
    rows = [list(row.all("td", "th")) for row in node.all("tr")]
    width = max((sum(_span(cell) for cell in row) for row in rows), default=0)
    if not width:
        return ""
    cells = []
    for number, row in enumerate(rows):
        made = [_cell(cell) for cell in row]
        made += ["[]"] * (width - sum(_span(cell) for cell in row))
        headed = number == 0 and all(cell.tag == "th" for cell in row)
        cells.append(f"table.header({', '.join(made)})" if headed else ", ".join(made))
    said = "".join(
        f"#block(sticky: true, below: 0.6em, strong({_body(caption)}))\n" for caption in node.all("caption")
    )
    small = f"#set text({max(4.0, 7.5 - 0.35 * max(0, width - 7)):g}pt)\n"
    return f"{said}#block[{small}#table(columns: {width}, {', '.join(cells)})]\n"


def _cell(node: Node) -> str:
    body = f"strong({_body(node)})" if node.tag == "th" else _body(node)
    return f"table.cell(colspan: {_span(node)}, {body})"


def _span(node: Node) -> int:
    said = node.attributes.get("colspan", "1")
    return int(said) if said.isdecimal() and int(said) else 1


def _drawing(node: Node) -> str:
    text = "".join(str(child) for child in node.children)
    wide = _number(node.attributes.get("width", "")) or PAGE_PX
    width = f"calc.min(size.width, {wide * PIXEL_PT:g}pt)"
    about = " ".join(re.findall(r"<(?:title|desc)\b[^>]*>([^<]*)<", text)[:2]) or "Figure"
    shown = f'bytes({_literal(text, keep=True)}), format: "svg", alt: {_literal(about)}, width: {width}'
    return f"#layout(size => image({shown}))\n"


def _division(node: Node) -> str:
    if node.attributes.get("class") != "figures":
        return "".join(map(_written, node.children))
    return f"#grid(columns: 3, gutter: 6pt, {', '.join(map(_body, node.all('figure')))})\n"


def _number(said: str) -> float:
    found = re.match(r"[\d.]+", said)
    return float(found[0]) if found else 0.0


def _text(said: str) -> str:
    """Text in which a line may end within a long word, such as a digest, and which is copied as it was."""
    pieces = _LONG.sub(lambda word: _BREAK.join(_PIECES.findall(word[0])), said).split(_BREAK)
    return "#h(0pt)".join(f"#{_literal(piece)}" for piece in pieces)


def _literal(said: str, *, keep: bool = False) -> str:
    """A string of Typst; its escapes are among JSON's, so what needs another is replaced."""
    plain = "".join(each if each.isprintable() or each == "\n" else " " for each in said)
    return json.dumps(plain if keep else plain.replace("\r", " "), ensure_ascii=False)


_BY_TAG: Mapping[str, Callable[[Node], str]] = {
    **{tag: partial(_called, function) for tag, function in INLINE.items()},
    "span": lambda node: f"#box(fill: luma(85%), inset: (x: 4pt), outset: (y: 2pt), {_body(node)})",
    "div": _division,
    "code": lambda node: _called(_MONO, node),
    "p": _paragraph,
    "ul": _items,
    "ol": _items,
    "pre": _pre,
    "table": _table,
    "svg": _drawing,
    "br": lambda _: "#linebreak()",
    "summary": _summary,
    "figcaption": lambda node: f"#par(emph({_body(node)}))\n",
    "figure": lambda node: f"#block({_body(node)})\n",
}
