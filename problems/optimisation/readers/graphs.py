"""Graphs: rudy's format and the G-set for maximum cut, DIMACS for independent sets, or edges written out.

rudy: a line `n m`, then m lines `i j weight` (the weight may be left out: 1). DIMACS: comments `c …`, one
line `p edge n m` or `p col n m`, then the lines `e i j`: m of them, or m edges each in both directions.
Vertices count from 1. Loops are dropped. For a cut, an edge that stands in both directions counts once where
all of them do (see `halves`); weights of edges that are repeated are summed. For an independent set an edge
counts once. Edges of weight 0 are left out.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from escalation.model.errors import BadInput
from problems.optimisation.model.models import IndependentSet, MaxCut
from problems.optimisation.readers.halves import one_half
from problems.optimisation.readers.numbers import refuse_overflow, scaled
from problems.optimisation.readers.pairs import Entry, Pairs, counted, gather, graph_remarks, in_order
from problems.optimisation.readers.read import Read
from problems.optimisation.spec.spec import MOST_VARIABLES, IndependentSetSpec, MaxCutSpec
from toolbox.tables.text_file import COMMENTS, TextFile, read_text
from toolbox.tables.whole_numbers import whole

DIMACS_WORDS = ("edge", "edges", "col")
E = TypeVar("E")


def read_cut(spec: MaxCutSpec, folder: Path) -> Read:
    """Reads a maximum cut instance from a file or from what the problem file says.

    Raises:
        BadInput: on anything malformed, with its line.
    """
    if spec.file is None:
        where = "instance.edges"
        vertices, edges = _given(spec.vertices, spec.edges)
        entries = [
            (e[0], e[1], scaled(e[2] if len(e) == 3 else 1, spec.decimals, f"{where}.{k}"), f"{where}.{k}")
            for k, e in enumerate(edges)
        ]
        return _cut(entries, vertices, spec.decimals, where, {"inline": True})
    file = read_text(folder / spec.file)
    vertices, rows = _rudy(file)
    entries = [_rudy_edge(file, line, row, spec.decimals) for line, row in rows]
    return _cut(entries, vertices, spec.decimals, str(file.path), file.source)


def _cut(
    entries: Sequence[Entry], vertices: int, decimals: int, where: str, source: dict[str, object]
) -> Read:
    half, halved = one_half(entries)
    found = gather(half, vertices)
    edges = in_order(found)
    if not edges:
        raise BadInput(f"{where}: expected at least one edge to cut, got none")
    refuse_overflow((w for _, _, w in edges), where)
    model = MaxCut(vertices=vertices, edges=edges, scale=10**decimals)
    remarks = graph_remarks(
        found, "weights summed", lambda k: f"{counted(k, 'edge', 'edges')} of weight 0 left out"
    )
    return Read(model, source, (*halved, *remarks))


def _given(vertices: int | None, edges: Sequence[E] | None) -> tuple[int, Sequence[E]]:
    if vertices is None or edges is None:
        missing = "vertices" if vertices is None else "edges"
        raise BadInput(f"instance.{missing}: expected, but missing; a graph needs vertices and edges")
    return vertices, edges


def _rudy(file: TextFile) -> tuple[int, list[tuple[int, list[str]]]]:
    """Returns the number of vertices and the lines of the edges."""
    (line, header), *rows = file.words()
    if len(header) != 2:
        raise file.complain(line, f"expected `vertices edges`, got {' '.join(header)!r}")
    vertices = whole(header[0], file.at(line), "number of vertices", 1, MOST_VARIABLES)
    edges = whole(header[1], file.at(line), "number of edges", 0)
    _check_count(file, line, edges, len(rows))
    return vertices, rows


def _check_count(file: TextFile, line: int, stated: int, found: int) -> None:
    if stated != found:
        raise file.complain(
            line, f"expected {stated} edges as stated here, got {found}: correct the header or the lines"
        )


def _rudy_edge(file: TextFile, line: int, row: list[str], decimals: int) -> Entry:
    where = file.at(line)
    if len(row) not in (2, 3):
        raise file.complain(line, f"expected `i j weight`, got {' '.join(row)!r}")
    ends = [whole(text, where, "vertex") for text in row[:2]]
    return ends[0], ends[1], scaled(row[2] if len(row) == 3 else 1, decimals, f"{where}: weight"), where


def read_independent_set(spec: IndependentSetSpec, folder: Path) -> Read:
    """Reads an independent set instance from a file or from what the problem file says.

    Raises:
        BadInput: on anything malformed, with its line.
    """
    if spec.file is None:
        where = "instance.edges"
        vertices, edges = _given(spec.vertices, spec.edges)
        found = gather(((u, v, 1, f"{where}.{k}") for k, (u, v) in enumerate(edges)), vertices)
        return _independent_set(found, vertices, where, {"inline": True})
    file = read_text(folder / spec.file)
    vertices, entries = _dimacs(file)
    return _independent_set(gather(entries, vertices), vertices, str(file.path), file.source)


def _independent_set(found: Pairs, vertices: int, where: str, source: dict[str, object]) -> Read:
    if not found.weights:
        raise BadInput(f"{where}: expected at least one edge, got none: every vertex is in the largest set")
    model = IndependentSet(vertices=vertices, edges=tuple(sorted(found.weights)))
    return Read(model, source, graph_remarks(found, "counted once"))


def _dimacs(file: TextFile) -> tuple[int, list[Entry]]:
    (line, header), *rest = file.words(comments=("c", *COMMENTS))
    if header[0] != "p":
        raise file.complain(line, "expected `p edge vertices edges` before any edge")
    if len(header) != 4 or header[1] not in DIMACS_WORDS:
        raise file.complain(line, f"expected `p edge vertices edges`, got {' '.join(header)!r}")
    vertices = whole(header[2], file.at(line), "number of vertices", 1, MOST_VARIABLES)
    edges = whole(header[3], file.at(line), "number of edges", 0)
    entries = list(_dimacs_edges(file, rest))
    pairs = {frozenset(each[:2]) for each in entries}
    if edges != len(pairs):  # DIMACS's own files state the edges, or the lines of both directions
        _check_count(file, line, edges, len(entries))
    return vertices, entries


def _dimacs_edges(file: TextFile, rows: Sequence[tuple[int, list[str]]]) -> Iterator[Entry]:
    for line, row in rows:
        if row[0] != "e" or len(row) != 3:
            raise file.complain(line, f"expected `e i j`, got {' '.join(row)!r}")
        where = file.at(line)
        yield whole(row[1], where, "vertex"), whole(row[2], where, "vertex"), 1, where
