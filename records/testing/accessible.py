"""What a page has to be for somebody who cannot see it, has no mouse, or sees badly (WCAG 2.2, AA)."""

import re
from collections.abc import Iterator

from records.views.html_tree import Node, tree

LEAST_CONTRAST = 4.5
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_HEX = r"(#[0-9a-fA-F]{6}|#[0-9a-fA-F]{3})\b"


def faults(page: str) -> list[str]:
    """Everything that is wrong with a report's page."""
    root = tree(page)
    return [
        *_language(root),
        *_headings(root),
        *_pictures(page),
        *_ids(page),
        *_keyboard(root),
        *_colours(page),
    ]


def every(node: Node) -> Iterator[Node]:
    """Yields all elements below, drawings as one."""
    for child in node.children:
        if isinstance(child, Node):
            yield child
            yield from every(child)


def _language(root: Node) -> Iterator[str]:
    html = next(root.all("html"))
    if html.attributes.get("lang") != "en":
        yield "the page does not say its language"
    if not next(root.all("title")).text.strip():
        yield "the page has no title"
    if len([node for node in every(root) if node.tag == "main"]) != 1:
        yield "expected one main part"


def _headings(root: Node) -> Iterator[str]:
    found = [node for node in every(root) if re.fullmatch("h[1-6]", node.tag)]
    levels = [int(node.tag[1]) for node in found]
    if levels.count(1) != 1 or levels[0] != 1:
        yield f"expected one h1, first, got levels {levels[:3]}"
    for before, node in zip(levels, found[1:], strict=False):
        if int(node.tag[1]) > before + 1:
            yield f"the heading {node.text!r} of level {node.tag} follows one of level {before}"
    yield from (f"an empty {node.tag}" for node in found if not node.text.strip())


def _pictures(page: str) -> Iterator[str]:
    for svg in re.findall(r"<svg\b.*?</svg>", page, re.DOTALL):
        head, _, rest = svg.partition(">")
        named = re.search(r'aria-labelledby="([^"]+)"', head)
        ids = named[1].split() if named else []
        if 'role="img"' not in head or not ids:
            yield f"a picture without a role or a label: {head}"
        for each in ids:
            if not re.search(rf'<(title|desc) id="{re.escape(each)}">[^<]+<', rest):
                yield f"a picture's label {each} says nothing"


def _ids(page: str) -> Iterator[str]:
    found = re.findall(r'\sid="([^"]+)"', page)
    yield from (f"the id {each} is there twice" for each in sorted({e for e in found if found.count(e) > 1}))
    yield from (
        f"the link #{each} leads nowhere"
        for each in re.findall(r'<a [^>]*href="#([^"]+)"', page)
        if each not in found
    )


def _keyboard(root: Node) -> Iterator[str]:
    for node in every(root):
        if node.tag == "details" and (not node.children or next(node.all("summary"), None) is None):
            yield "a part that cannot be unfolded"
        if "wide" in node.attributes.get("class", "").split():
            told = node.attributes.get("aria-label") and node.attributes.get("role")
            if node.attributes.get("tabindex") != "0" or not told:
                yield "what is scrolled cannot be reached by keys, or has no name"
        if node.tag == "th" and not node.attributes.get("scope"):
            yield f"the head {node.text!r} of a table does not say of what it is"


def _colours(page: str) -> Iterator[str]:
    """Text in each rule that states a colour or a background, against the page's where it states one only."""
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style is not None
    text = style[1]
    variables = dict(re.findall(r"(--[\w-]+):\s*" + _HEX, text))
    for name, value in variables.items():
        text = text.replace(f"var({name})", value)
    for selector, body in _RULE.findall(text):
        ink = re.search(r"(?<![-\w])color:\s*" + _HEX, body)
        paper = re.search(r"background:\s*" + _HEX, body)
        if not ink and not paper:
            continue
        shown = ink[1] if ink else _inherited(selector, variables), paper[1] if paper else "#ffffff"
        if contrast(*shown) < LEAST_CONTRAST:
            yield f"{selector.strip()}: contrast of {shown[0]} on {shown[1]} is {contrast(*shown):.2f}"


def _inherited(selector: str, variables: dict[str, str]) -> str:
    """The ink of a rule that states a background alone: white on the labels of a status."""
    labels = ("accepted", "abstained", "refused", "interrupted", "failed-case", "held", "waiting")
    return "#ffffff" if any(f".{name}" in selector for name in labels) else variables["--ink"]


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2.2 (1.4.3): 21 for black on white."""
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * each for each in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
