"""Reads a report's HTML as a tree; drawings stay the text that they are."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser

VOID = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "wbr"})
"""Elements without an end tag."""


@dataclass
class Node:
    """An element; of `svg` the one child is its whole text."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: "list[Node | str]" = field(default_factory=list)

    def all(self, *tags: str) -> "Iterator[Node]":
        """Yields the outermost elements of these tags, in order."""
        for child in self.children:
            if isinstance(child, Node):
                if child.tag in tags:
                    yield child
                else:
                    yield from child.all(*tags)

    @property
    def text(self) -> str:
        """All that a reader sees of it."""
        return "".join(child if isinstance(child, str) else child.text for child in self.children)


def tree(page: str) -> Node:
    """Returns the root, which has the page's elements below it."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.root


class _Reader(HTMLParser):
    """Builds the tree as the parser goes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("")
        self._open = [self.root]
        self._drawing: list[str] | None = None
        self._shapes: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._drawing is None and tag == "svg":
            self._drawing = []
            self._add(Node(tag, _plain(attrs)))
        if self._drawing is not None:
            raw = self.get_starttag_text() or ""
            self._drawing.append(raw)
            self._shapes.append(raw[1:].split(None, 1)[0].rstrip(">"))  # as spelt: SVG tells cases apart
            return
        made = Node(tag, _plain(attrs))
        self._add(made)
        if tag not in VOID:
            self._open.append(made)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._drawing is not None:
            self._drawing.append(self.get_starttag_text() or "")
        else:
            self._add(Node(tag, _plain(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if self._drawing is not None:
            self._drawing.append(f"</{self._shapes.pop()}>")
            if not self._shapes:
                self._last().children.append("".join(self._drawing))
                self._drawing = None
        elif any(node.tag == tag for node in self._open[1:]):
            while self._open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self._drawing is not None:
            self._drawing.append(escape(data, quote=False))
        else:
            self._add(data)

    def _add(self, child: Node | str) -> None:
        self._open[-1].children.append(child)

    def _last(self) -> Node:
        last = self._open[-1].children[-1]
        assert isinstance(last, Node)
        return last


def _plain(attrs: list[tuple[str, str | None]]) -> dict[str, str]:
    return {name: value or "" for name, value in attrs}
