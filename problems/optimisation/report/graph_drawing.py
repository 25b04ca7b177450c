"""Small instances of the bits kinds as drawings: filled vertices are chosen, or on the one side."""

from math import cos, pi, sin

from escalation.text.svg import INK, LINE, PAPER, Drawing
from problems.optimisation.model.models import MaxCut, Qubo, SpinModel
from problems.optimisation.model.points import Point, label
from toolbox.drawing.colours import BLUE, VERMILION

MOST_VERTICES = 60
PAGE_PX, MARGIN_PX = 480, 16
CHOSEN, OTHER, CUT = BLUE, PAPER, VERMILION


def drawing(model: SpinModel, point: Point, name: str) -> str:
    """Returns the SVG; empty for more vertices than can be told apart."""
    if model.size > MOST_VERTICES:
        return ""
    page = Drawing(name, PAGE_PX, PAGE_PX)
    pairs = [(u, v) for u, v, *_ in (model.quadratic if isinstance(model, Qubo) else model.edges)]
    bits = point.tolist()
    where = _places(bits)
    for u, v in pairs:
        cut = isinstance(model, MaxCut) and bits[u] != bits[v]
        page.line(*where[u], *where[v], CUT if cut else LINE)
    for vertex, (x, y) in enumerate(where):
        page.dot(x, y, 9, CHOSEN if bits[vertex] else OTHER, label(model, vertex))
        said = label(model, vertex)
        if len(said) <= 2:
            page.text(x, y + 4, said, PAPER if bits[vertex] else INK, "middle")
    about = "Orange edges are cut." if isinstance(model, MaxCut) else "Filled vertices have value 1."
    return page.svg(f"The answer as a graph of {model.size} vertices", about)


def _places(bits: list[int]) -> list[tuple[float, float]]:
    """On a circle: the chosen beside each other, then the others."""
    order = sorted(range(len(bits)), key=lambda vertex: (not bits[vertex], vertex))
    radius, middle = PAGE_PX / 2 - MARGIN_PX, PAGE_PX / 2
    where = [(0.0, 0.0)] * len(bits)
    for number, vertex in enumerate(order):
        angle = 2 * pi * number / len(bits)
        where[vertex] = round(middle + radius * cos(angle), 1), round(middle + radius * sin(angle), 1)
    return where
