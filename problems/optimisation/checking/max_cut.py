"""Judges a division of vertices into two sides."""

from typing import Any

from problems.optimisation.checking.bits import read_bits
from problems.optimisation.checking.finding import Faults, Finding
from problems.optimisation.model.models import MaxCut


def check_max_cut(model: MaxCut, solution: Any) -> Finding:
    """Adds the weights of the edges whose ends are on different sides."""
    faults = Faults()
    side = read_bits(solution, model.vertices, faults)
    if faults.count:
        return faults.finding(0)
    return faults.finding(sum(weight for u, v, weight in model.edges if side[u] != side[v]))
