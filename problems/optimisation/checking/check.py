"""Judges an answer by the instance alone; shares no arithmetic with any solver."""

from typing import Any

from problems.optimisation.checking.appointments import check_appointments
from problems.optimisation.checking.finding import Finding, shown
from problems.optimisation.checking.independent_set import check_independent_set
from problems.optimisation.checking.max_cut import check_max_cut
from problems.optimisation.checking.qubo import check_qubo
from problems.optimisation.checking.triage import check_triage
from problems.optimisation.model.models import Appointments, IndependentSet, MaxCut, Model, Qubo


def check(model: Model, solution: Any) -> Finding:
    """Finds out whether a solution is feasible, and its objective in the kind's own sense, in integer units.

    Nothing that is sent makes this raise: any JSON, and any other object, is a finding.

    Args:
        model: one of the five kinds.
        solution: `{"bits"}`, `{"vertices"}`, `{"appointments"}` or `{"placements"}`, in the user's names.
    """
    try:
        return _checked(model, solution)
    except Exception as error:  # an object that is no JSON at all: what it does when read is its own fault
        return Finding(None, (f"cannot be read ({type(error).__name__}): {shown(solution)}",))


def _checked(model: Model, solution: Any) -> Finding:
    if isinstance(model, Qubo):
        return check_qubo(model, solution)
    if isinstance(model, MaxCut):
        return check_max_cut(model, solution)
    if isinstance(model, IndependentSet):
        return check_independent_set(model, solution)
    if isinstance(model, Appointments):
        return check_appointments(model, solution)
    return check_triage(model, solution)
