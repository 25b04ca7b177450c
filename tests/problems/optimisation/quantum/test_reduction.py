"""What is carried to qubits, and that its cost is the whole instance's."""

import numpy as np
import pytest

from problems.optimisation.forms.spins import spin_form
from problems.optimisation.generate.clinic import clinic as make_clinic
from problems.optimisation.generate.graphs import heavy_hex_cut
from problems.optimisation.generate.ward import ward as make_ward
from problems.optimisation.model.models import Appointments, Model, Triage
from problems.optimisation.model.points import Infeasible, Point, cost
from problems.optimisation.quantum import clinic, ward
from problems.optimisation.quantum.circuits import MOST_GATES, design
from problems.optimisation.quantum.descent import descend
from problems.optimisation.quantum.method import largest
from problems.optimisation.quantum.reduction import REDUCED_QUBITS, prepare, reduce_spins
from problems.optimisation.quantum.subproblem import Subproblem, lifted, parse
from tests.problems.optimisation.quantum.small_states import random_model


def minima(found: Subproblem, seed: int = 0) -> list[tuple[np.ndarray[tuple[int], np.dtype[np.uint8]], int]]:
    """Local minima from random strings, with 4·cost."""
    starts = np.random.default_rng(seed).integers(0, 2, (60, found.form.size), dtype=np.uint8)
    return list(zip(*descend(found.form, starts), strict=True))


@pytest.mark.parametrize("kind", ["qubo", "max_cut", "independent_set"])
def test_what_fits_stays_whole_and_is_not_searched(kind: str) -> None:
    model = random_model(kind, 12, 1)
    found, best, notes = reduce_spins(model, 7)
    assert (best, notes["how"]) == (None, "whole")
    assert found.form.four_cost(np.ones(12, dtype=np.int32)) == spin_form(model).four_cost(
        np.ones(12, dtype=np.int32)
    )


def test_a_native_instance_of_60_and_more_stays_native() -> None:
    model = heavy_hex_cut(4, 14, 3)
    assert model.size >= 60
    ready = prepare(model)
    assert (ready.how, ready.native) == ("whole", True)
    made = design(ready.kernel.form)
    assert made.fit.two_qubit_depth(made.layers) == 6 * made.layers
    assert made.fit.two_qubit_gates(made.layers) == 2 * len(model.edges) * made.layers


@pytest.mark.parametrize("kind", ["qubo", "max_cut", "independent_set"])
@pytest.mark.parametrize("seed", range(3))
def test_a_neighbourhood_costs_what_the_whole_costs(kind: str, seed: int) -> None:
    model = random_model(kind, 50, seed, density=0.2)
    found, best, notes = reduce_spins(model, seed)
    assert best is not None
    assert notes["how"] == "neighbourhood"
    assert found.form.size == REDUCED_QUBITS
    assert parse(found.dump()).dump() == found.dump()
    point_of = best.astype(np.int32)
    own = point_of[list(found.lift["kept"])]
    assert found.form.four_cost(own) == spin_form(model).four_cost(point_of)
    for bits, value in minima(found):
        point = lifted(model, found, bits)
        assert point is not None
        assert 4 * cost(model, point) <= value


def test_an_instance_that_rules_solve_still_gives_circuits() -> None:
    from problems.optimisation.model.models import MaxCut

    path = MaxCut(vertices=400, edges=tuple((i, i + 1, 1) for i in range(399)))
    found, best, notes = reduce_spins(path, 1)
    assert best is not None
    assert found.form.size == REDUCED_QUBITS
    assert cost(path, best.astype(np.int32)) == -399
    assert notes["taken_out_at_no_loss"] == 400


def test_the_largest_circuit_is_quoted() -> None:
    worst = design(largest())
    assert worst.layers == 1
    for seed in range(4):
        found, _, _ = reduce_spins(random_model("qubo", 40, seed, density=0.3), seed)
        made = design(found.form)
        gates = made.fit.two_qubit_gates(made.layers)
        assert gates <= max(MOST_GATES, worst.fit.two_qubit_gates(1))
        assert made.fit.two_qubit_depth(made.layers) <= MOST_GATES
    assert worst.fit.two_qubit_depth(1) <= 3 * REDUCED_QUBITS


def empty(model: Appointments) -> Point:
    return np.full((model.size, 3), -1, dtype=np.int32)


def one_by_one(model: Model, options: list[list[tuple[int, int, int]]], start: Point) -> Point:
    """Gives each in turn the first option that is feasible."""
    point = start.copy()
    for patient, each in enumerate(options):
        for option in each:
            before = point[patient].copy()
            point[patient] = option
            try:
                cost(model, point)
                break
            except Infeasible:
                point[patient] = before
    return point


def open_clinic(seed: int) -> Appointments:
    model = make_clinic(12, seed)
    patients = tuple(p.model_copy(update={"required": False}) for p in model.patients)
    return model.model_copy(update={"patients": patients})


@pytest.mark.parametrize("seed", range(4))
def test_a_clinics_neighbourhood_is_feasible_and_costs_what_the_clinic_costs(seed: int) -> None:
    model = open_clinic(seed)
    every = [
        [
            (c, r, s)
            for s in range(p.earliest, p.latest)
            for c in range(len(model.clinicians))
            for r in range(len(model.rooms))
        ]
        for p in model.patients
    ]
    point = one_by_one(model, every, empty(model))
    found, notes = clinic.neighbourhood(model, point)
    now = [int(tuple(point[p].tolist()) == tuple(o)) for p, o in found.lift["options"]]
    assert found.form.four_cost(np.array(now)) == 4 * cost(model, point)
    assert 0 < found.form.size <= REDUCED_QUBITS
    assert len(notes["freed"]) <= clinic.MOST_FREED
    for bits, value in minima(found, seed):
        lifted_point = lifted(model, found, bits)
        assert lifted_point is not None
        assert 4 * cost(model, lifted_point) == value


@pytest.mark.parametrize("seed", range(6))
def test_a_wards_neighbourhood_is_feasible_and_costs_what_the_ward_costs(seed: int) -> None:
    made = make_ward(20, seed)
    free = tuple(p.model_copy(update={"required": seed == 5 and p.required}) for p in made.patients)
    model: Triage = made.model_copy(update={"patients": free})
    order = sorted(range(model.size), key=lambda p: not model.patients[p].required)
    relaxed = model.model_copy(
        update={"patients": tuple(p.model_copy(update={"required": False}) for p in model.patients)}
    )
    point = np.full(model.size, -1, dtype=np.int32)
    for p in order:
        for q in range(len(model.places)):
            point[p] = q
            try:
                cost(relaxed, point)
                break
            except Infeasible:
                point[p] = -1
    found, _ = ward.neighbourhood(model, point)
    now = [int(point[p] == q) for p, q in found.lift["options"]]
    assert found.form.four_cost(np.array(now)) == 4 * cost(model, point)
    for bits, value in minima(found, seed):
        there = lifted(model, found, bits)
        if there is None:  # somebody who must be placed is not: that costs more than anything else
            assert value > 4 * cost(relaxed, point)
        else:
            assert 4 * cost(model, there) == value


def test_a_ward_that_can_be_bettered_is() -> None:
    # the one bed goes to the lesser patient: the neighbourhood's best is the exchange
    from problems.optimisation.model.models import Claimant, Place

    model = Triage(
        capacities=("beds",),
        patients=(Claimant(id="a", benefit=1, uses=(1,)), Claimant(id="b", benefit=9, uses=(1,))),
        places=(Place(id="bay", capacity=(1,)),),
    )
    found, _ = ward.neighbourhood(model, np.array([0, -1], dtype=np.int32))
    best = min(minima(found), key=lambda each: each[1])
    assert best[1] == -4 * 900
    point = lifted(model, found, best[0])
    assert point is not None
    assert point.tolist() == [-1, 0]
