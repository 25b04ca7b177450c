"""Holds the forms that proofs stand on against an answer that the checker found feasible.

Bounds are proven on spins and on MIPs, which solvers use too. Were a form wrong, every proof on
it would be. So it must at least hold the candidate's own answer, at the cost that the checker found, which
shares no code with the forms.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from problems.optimisation.forms.compile import compile_mip
from problems.optimisation.forms.spins import spin_form
from problems.optimisation.model.models import Appointments, IndependentSet, Model, Triage
from problems.optimisation.proofs.second_engine import exact_cost, violation

Array = NDArray[np.int32]


def spins_hold(model: Model, solution: dict[str, Any], cost: int) -> bool:
    """Whether the spins give a feasible answer its cost; only for the kinds of bits."""
    assert not isinstance(model, Appointments | Triage)
    return spin_form(model).four_cost(_array(model, solution)) == 4 * cost


def mip_holds(model: Model, solution: dict[str, Any], cost: int) -> bool:
    """Whether a feasible answer is one of the MIP's, at its cost."""
    mip = compile_mip(model)
    vector = mip.vector_of(_array(model, solution))
    return not violation(mip, vector) and exact_cost(mip, vector) == cost


def _array(model: Model, solution: dict[str, Any]) -> Array:
    """The answer as the arrays that forms take; see `problems.optimisation.model.points`."""
    if isinstance(model, Appointments):
        return _appointments(model, solution["appointments"])
    if isinstance(model, Triage):
        places = {place.id: number for number, place in enumerate(model.places)}
        where = [solution["placements"].get(patient.id) for patient in model.patients]
        return np.array([-1 if name is None else places[name] for name in where], dtype=np.int32)
    if isinstance(model, IndependentSet):
        names = model.labels or tuple(str(vertex + 1) for vertex in range(model.vertices))
        chosen = set(solution["vertices"])
        return np.array([name in chosen for name in names], dtype=np.int32)
    return np.array([bit == "1" for bit in solution["bits"]], dtype=np.int32)


def _appointments(model: Appointments, sent: list[dict[str, Any]]) -> Array:
    clinicians = {each.id: number for number, each in enumerate(model.clinicians)}
    rooms = {each.id: number for number, each in enumerate(model.rooms)}
    visits = {each["patient"]: each for each in sent}
    rows = [(-1, -1, -1)] * len(model.patients)
    for number, patient in enumerate(model.patients):
        if patient.id in visits:
            visit = visits[patient.id]
            rows[number] = clinicians[visit["clinician"]], rooms[visit["room"]], visit["start"]
    return np.array(rows, dtype=np.int32)
