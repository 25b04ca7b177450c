"""Instances at the edges of what a model allows: the MIP holds each answer that the checker takes."""

from collections.abc import Iterator
from typing import Any

import pytest

from problems.optimisation.checking.check import check
from problems.optimisation.forms.compile import compile_mip
from problems.optimisation.model.models import (
    Appointments,
    Claimant,
    Clinician,
    IndependentSet,
    MaxCut,
    Model,
    Patient,
    Place,
    Qubo,
    Room,
    Sense,
    Triage,
    sign,
)
from problems.optimisation.model.points import cost
from problems.optimisation.proofs.anchor import mip_holds, spins_hold
from problems.optimisation.proofs.second_engine import cp_sat_below, violation
from tests.problems.optimisation.honest import solutions


def clinic(patients: tuple[Patient, ...], *shifts: tuple[tuple[int, int], ...]) -> Appointments:
    """Clinicians with shifts, the first two interchangeable; two rooms that carry clinicians' names."""
    return Appointments(
        opens="2026-11-23T08:00",
        slot_min=30,
        slots=6,
        refusal=6,
        scale=2,
        patients=patients,
        clinicians=tuple(
            Clinician(id=f"c{k}", skills=("é",), shifts=spans) for k, spans in enumerate(shifts)
        ),
        rooms=(Room(id="c0", shifts=((0, 3), (3, 6))), Room(id="c1", equipment=("x",), shifts=((1, 6),))),
    )


def patient(name: str, duration: int, earliest: int, latest: int, **more: Any) -> Patient:
    return Patient(id=name, urgency=2, duration=duration, earliest=earliest, latest=latest, **more)


def ward(capacity: tuple[int, int], *cohorts: str, required: bool = False) -> Triage:
    """Patients who use everything, nothing, or what there is none of."""
    uses = ((1, 2), (0, 0), (2, 0), (0, 1))
    return Triage(
        capacities=("beds", "hours"),
        patients=tuple(
            Claimant(id=str(k), benefit=k + 1, uses=uses[k], cohort=cohort, required=required and not k)
            for k, cohort in enumerate(cohorts)
        ),
        places=(Place(id="1", capacity=capacity, quality=1), Place(id="0", capacity=(0, 1))),
    )


EXACT_FIT, IMPOSSIBLE = patient("fits", 3, 2, 5), patient("too long", 4, 1, 4)
TWINS = tuple(patient(f"twin {k}", 2, 0, 5) for k in range(3))
ODD: dict[str, Model] = {
    "a duration that is the patient's whole time": clinic((EXACT_FIT, IMPOSSIBLE), ((0, 6),), ((0, 6),)),
    "shifts of no length": clinic(TWINS[:2], ((2, 2), (3, 6)), ((0, 0),)),
    "shifts that touch": clinic(TWINS, ((0, 3), (3, 5)), ((0, 3), (3, 5))),
    "interchangeable in one of two shifts": clinic(TWINS, ((0, 3), (4, 6)), ((0, 3),)),
    "a required patient nobody can see": clinic(
        (patient("r", 2, 0, 6, skills=("z",), required=True),), ((0, 6),)
    ),
    "twins of whom all are required": clinic(
        tuple(p.model_copy(update={"required": True}) for p in TWINS), ((0, 4),), ((0, 6),)
    ),
    "a need that one room meets": clinic((patient("x", 1, 0, 6, equipment=("x",)), EXACT_FIT), ((0, 6),)),
    "no capacity": ward((0, 0), "", "", "", ""),
    "cohorts and patients of none": ward((2, 3), "a", "", "b", "a"),
    "each of another cohort": ward((9, 9), "a", "b", "c", "d"),
    "one cohort for all": ward((3, 3), "a", "a", "a", "a"),
    "a required patient who leaves no room": ward((1, 2), "a", "b", "a", "", required=True),
    "a required patient for whom there is none": ward((0, 2), "a", "b", "a", "", required=True),
    "one vertex": MaxCut(vertices=1, edges=()),
    "no edges": MaxCut(vertices=3, edges=()),
    "vertices that nothing touches": MaxCut(vertices=5, edges=((1, 3, -2), (3, 4, 5))),
    "only negative edges": MaxCut(vertices=3, edges=((0, 1, -1), (0, 2, -3), (1, 2, -2))),
    "a lone vertex beside a clique": IndependentSet(vertices=5, edges=((1, 2), (1, 3), (2, 3))),
    "names that are other numbers": IndependentSet(vertices=3, edges=((0, 1),), labels=("3", "2", "1")),
    "no products": Qubo(linear=(-3, 0, 4), quadratic=(), offset=-7, scale=10),
    "nothing but an offset": Qubo(sense=Sense.MINIMISE, linear=(0, 0), quadratic=(), offset=3),
    "products against their ends": Qubo(
        linear=(5, -5, 0), quadratic=((0, 1, -9), (0, 2, 9), (1, 2, 9)), offset=1, scale=3
    ),
}


def feasible(model: Model) -> Iterator[tuple[int, dict[str, Any]]]:
    for solution in solutions(model):
        objective = check(model, solution).objective
        if objective is not None:
            yield sign(model) * objective, solution


@pytest.mark.parametrize("name", ODD)
def test_the_mip_holds_every_answer_and_none_that_is_cheaper(name: str) -> None:
    model, least = ODD[name], None
    for value, solution in feasible(model):
        assert mip_holds(model, solution, value)
        assert not isinstance(model, Qubo | MaxCut | IndependentSet) or spins_hold(model, solution, value)
        least = value if least is None else min(least, value)
    mip = compile_mip(model)
    if not mip.columns:
        assert least == (None if violation(mip, mip.cost) else mip.offset)
        return
    found = cp_sat_below(mip, 10**9 if least is None else least)
    assert (found is None) == (least is None)
    if found is not None:
        assert least is not None
        assert cp_sat_below(mip, least - 1) is None
        assert cost(model, mip.point_of(found)) == least
