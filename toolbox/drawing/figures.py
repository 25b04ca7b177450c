"""What Matplotlib draws, as inline SVG: the same bytes for the same data, with a title to be read aloud."""

import io
import re
from collections.abc import Callable
from html import escape
from typing import Any

SIZE_IN = (3.9, 3.1)


def unit_square(axes: Any, title: str, across: str, up: str) -> None:
    """Labels axes that both go from 0 to 1."""
    axes.set_title(title)
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.spines[["top", "right"]].set_visible(False)


def figure(draw: Callable[[Any], None], name: str, text: str) -> str:
    """Returns a figure of one pair of axes as SVG.

    Args:
        draw: given `matplotlib.axes.Axes`.
        name: ids carry it, so that several figures fit into one page.
        text: what the figure shows, for those who cannot see it.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    settings = {"svg.hashsalt": name, "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9}
    buffer = io.StringIO()
    with mpl.rc_context(settings):
        drawn = Figure(figsize=SIZE_IN)
        drawn.subplots_adjust(left=0.19, right=0.97, bottom=0.15, top=0.91)
        FigureCanvasSVG(drawn)
        draw(drawn.add_subplot())
        drawn.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return _inline(buffer.getvalue(), name, text)


def _inline(document: str, name: str, text: str) -> str:
    """Makes a standalone SVG fit to stand within HTML: unique ids, a title to be read aloud, no preamble."""
    svg = document[document.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    safe = re.sub(r"[^A-Za-z0-9_-]", "-", name)
    svg = re.sub(r'\bid="', f'id="{safe}-', svg)
    svg = re.sub(r'href="#', f'href="#{safe}-', svg).replace("url(#", f"url(#{safe}-")
    opening, rest = svg.split(">", 1)
    title = f'<title id="{safe}-title">{escape(text)}</title>'
    return f'{opening} role="img" aria-labelledby="{safe}-title">{title}{rest}'.strip()
