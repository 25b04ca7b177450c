"""Judges a set of vertices."""

from typing import Any

from problems.optimisation.checking.finding import Faults, Finding, only_field, shown
from problems.optimisation.model.models import IndependentSet


def check_independent_set(model: IndependentSet, solution: Any) -> Finding:
    """Counts the vertices, and looks for edges among them."""
    faults = Faults()
    sent = only_field(solution, "vertices", list, faults)
    chosen = _chosen(_names(model), sent or [], faults)
    for u, v in model.edges:
        if u in chosen and v in chosen:
            faults.add(f"vertices {chosen[u]} and {chosen[v]} are joined by an edge")
    return faults.finding(len(chosen))


def _names(model: IndependentSet) -> dict[str, int]:
    if model.labels:
        return {name: vertex for vertex, name in enumerate(model.labels)}
    return {str(vertex + 1): vertex for vertex in range(model.vertices)}


def _chosen(names: dict[str, int], sent: list[Any], faults: Faults) -> dict[int, str]:
    chosen: dict[int, str] = {}
    for name in sent:
        vertex = names.get(name) if isinstance(name, str) else None
        if vertex is None:
            faults.add(f"there is no vertex {shown(name)}")
        elif vertex in chosen:
            faults.add(f"vertex {name} is in the set twice")
        else:
            chosen[vertex] = name
    return chosen
