"""The drawings of a report, each of which stands by itself."""

import re
from base64 import b64encode
from dataclasses import dataclass
from html import unescape

from escalation.text.svg import PAPER

MOST_PICTURES, MOST_BYTES = 6, 400_000
_PICTURE = re.compile(r'<svg\b[^>]*xmlns="http://www\.w3\.org/2000/svg".*?</svg>', re.DOTALL)
_OPENED = re.compile(r"(<svg\b[^>]*>)")
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.DOTALL)


@dataclass(frozen=True)
class ReportPicture:
    """A drawing of a report that stands by itself.

    Attributes:
        svg: the drawing.
        shows: what it shows, for those who cannot see it.
    """

    svg: str
    shows: str

    @property
    def address(self) -> str:
        """The drawing as the address of an image, which runs no script.

        It is on paper, as a report is: the page that shows it may be a dark one.
        """
        on_paper = _OPENED.sub(rf'\1<rect width="100%" height="100%" fill="{PAPER}"/>', self.svg, count=1)
        return f"data:image/svg+xml;base64,{b64encode(on_paper.encode()).decode()}"

    @property
    def markdown(self) -> str:
        """The drawing within a page."""
        said = re.sub(r"[\[\]\\\s]+", " ", self.shows).strip()
        return f"![{said}]({self.address})"


def pictures(report: str) -> list[ReportPicture]:
    """The drawings of a report, in its order, each once; as many as a page can well hold."""
    by_title: dict[str, ReportPicture] = {}
    for match in _PICTURE.finditer(report):
        title = _TITLE.search(match[0])
        shows = unescape(title[1]) if title else ""
        by_title.setdefault(shows or match[0], ReportPicture(match[0], shows))
    found = list(by_title.values())
    kept, size = [], 0
    for each in found[:MOST_PICTURES]:
        size += len(each.svg)
        if size <= MOST_BYTES:
            kept.append(each)
    return kept
