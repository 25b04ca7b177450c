"""Judges the values of binary variables."""

from typing import Any

from problems.optimisation.checking.bits import read_bits
from problems.optimisation.checking.finding import Faults, Finding
from problems.optimisation.model.models import Qubo


def check_qubo(model: Qubo, solution: Any) -> Finding:
    """Recomputes the objective term by term."""
    faults = Faults()
    bits = read_bits(solution, len(model.linear), faults)
    if faults.count:
        return faults.finding(0)
    total = model.offset
    for i, coefficient in enumerate(model.linear):
        if bits[i]:
            total += coefficient
    for i, j, coefficient in model.quadratic:
        if bits[i] and bits[j]:
            total += coefficient
    return faults.finding(total)
