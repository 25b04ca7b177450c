"""Small instances of the bits kinds as drawings: filled vertices are chosen, or on the one side."""

from problems.optimisation.drawing import INK, LINE, Drawing
from problems.optimisation.models import MaxCut, Qubo, SpinModel
from problems.optimisation.points import Point, label

MOST_VERTICES = 60
PAGE_PX, MARGIN_PX = 560, 24
CHOSEN, OTHER, CUT = "#0072B2", "#ffffff", "#D55E00"
SEED = 20_260_121
"""Of the layout; fixed, so that a report can be made again."""


def drawing(model: SpinModel, point: Point, name: str) -> str:
    """Returns the SVG; empty for more vertices than can be told apart."""
    if model.size > MOST_VERTICES:
        return ""
    page = Drawing(name, PAGE_PX, PAGE_PX)
    pairs = [(u, v) for u, v, *_ in (model.quadratic if isinstance(model, Qubo) else model.edges)]
    where = _places(model.size, pairs)
    bits = point.tolist()
    for u, v in pairs:
        cut = isinstance(model, MaxCut) and bits[u] != bits[v]
        page.line(*where[u], *where[v], CUT if cut else LINE)
    for vertex, (x, y) in enumerate(where):
        page.dot(x, y, 9, CHOSEN if bits[vertex] else OTHER, label(model, vertex))
        said = label(model, vertex)
        if len(said) <= 2:
            page.text(x, y + 4, said, "#ffffff" if bits[vertex] else INK, "middle")
    about = "Orange edges are cut." if isinstance(model, MaxCut) else "Filled vertices have value 1."
    return page.svg(f"The answer as a graph of {model.size} vertices", about)


def _places(vertices: int, pairs: list[tuple[int, int]]) -> list[tuple[float, float]]:
    """Fruchterman & Reingold (1991) from a fixed start, scaled to the page."""
    import networkx as nx

    graph = nx.Graph()
    graph.add_nodes_from(range(vertices))
    graph.add_edges_from(pairs)
    found = nx.spring_layout(graph, seed=SEED)
    spots = [tuple(map(float, found[vertex])) for vertex in range(vertices)]
    low, high = min(map(min, spots)), max(map(max, spots))
    scale = (PAGE_PX - 2 * MARGIN_PX) / ((high - low) or 1.0)
    return [
        (round(MARGIN_PX + (x - low) * scale, 1), round(MARGIN_PX + (y - low) * scale, 1)) for x, y in spots
    ]
