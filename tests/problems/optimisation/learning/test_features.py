"""Features against closed forms of graph theory, and on clinics counted by hand."""

import math

import numpy as np
import pytest

from problems.optimisation.learning import features as module
from problems.optimisation.learning.features import NAMES, features
from problems.optimisation.model.models import (
    Appointments,
    Claimant,
    Clinician,
    MaxCut,
    Patient,
    Place,
    Qubo,
    Room,
    Triage,
)


def cycle(n: int) -> MaxCut:
    edges = sorted((min(v, (v + 1) % n), max(v, (v + 1) % n), 1) for v in range(n))
    return MaxCut(vertices=n, edges=tuple(edges))


def complete(n: int) -> MaxCut:
    return MaxCut(vertices=n, edges=tuple((u, v, 2) for u in range(n) for v in range(u + 1, n)))


def test_a_cycle_has_the_spectrum_of_the_textbook() -> None:
    # Chung 1997, Spectral Graph Theory, example 1.5: eigenvalues 1 - cos(2πk/n).
    found = features(cycle(10))
    assert found["laplacian_second"] == pytest.approx(1 - math.cos(2 * math.pi / 10))
    assert found["laplacian_largest"] == pytest.approx(2.0)
    assert found["density"] == pytest.approx(10 / 45)
    assert found["degree_spread"] == 0.0
    assert found["core_mean"] == pytest.approx(1.0)  # core number 2 of degree 2


def test_a_complete_graph_has_the_spectrum_of_the_textbook() -> None:
    # Chung 1997, example 1.1: n / (n - 1), with multiplicity n - 1.
    found = features(complete(8))
    assert found["laplacian_second"] == pytest.approx(8 / 7)
    assert found["laplacian_largest"] == pytest.approx(8 / 7)
    assert found["weight_spread"] == 0.0
    assert found["weight_negative"] == 0.0


def test_iterative_eigenvalues_of_large_graphs_agree_with_the_closed_form() -> None:
    found = features(complete(402))
    assert found["laplacian_second"] == pytest.approx(402 / 401, abs=1e-3)
    assert found["laplacian_largest"] == pytest.approx(402 / 401, abs=1e-3)


def test_fields_and_signs_of_a_qubo_are_counted() -> None:
    # Maximised, so costs are negated: couplings -4 and +4; fields 2·0 + (-4) and so on.
    model = Qubo(linear=(0, 0, 0), quadratic=((0, 1, 4), (1, 2, -4)))
    found = features(model)
    assert found["weight_negative"] == 0.5
    assert found["field_strength"] == pytest.approx((4 + 0 + 4) / 3 / 4)


def test_instances_without_couplings_have_features_too() -> None:
    assert features(Qubo(linear=(1, 2), quadratic=())) == {"log_size": 1.0, "density": 0.0}
    assert features(MaxCut(vertices=2, edges=((0, 1, 1),)))["laplacian_largest"] == 1.0


def clinic() -> Appointments:
    return Appointments(
        opens="2026-11-23T09:00",
        slot_min=15,
        slots=8,
        refusal=8,
        scale=4,
        patients=(
            Patient(id="a", urgency=5, duration=2, skills=("echo",), latest=8),
            Patient(id="b", urgency=1, duration=4, latest=8),
        ),
        clinicians=(
            Clinician(id="x", skills=("echo",), shifts=((0, 8),)),
            Clinician(id="y", shifts=((0, 4),)),
        ),
        rooms=(Room(id="r", shifts=((0, 8),)),),
    )


def test_a_clinic_is_described_by_its_load_and_its_options() -> None:
    found = features(clinic())
    assert found["log_size"] == 1.0
    assert found["load"] == pytest.approx(6 / 8)  # six slots of work; the one room is open for eight
    assert found["options"] == pytest.approx(math.log2(1 + 1.5))  # a: x in r; b: x or y in r
    assert found["window"] == pytest.approx((6 + 4) / 2 / 8)
    assert found["weight_top_share"] == pytest.approx(16 / 17)


def test_a_ward_is_described_by_its_scarcest_capacity() -> None:
    ward = Triage(
        capacities=("beds", "nurse_hours"),
        patients=(Claimant(id="a", benefit=3, uses=(1, 6)), Claimant(id="b", benefit=1, uses=(1, 6))),
        places=(Place(id="icu", capacity=(2, 8)),),
    )
    assert features(ward)["load"] == pytest.approx(12 / 8)


@pytest.mark.parametrize("model", [cycle(5), clinic()])
def test_features_are_named_finite_and_the_same_twice(model: MaxCut | Appointments) -> None:
    found = features(model)
    assert set(found) <= set(NAMES)
    assert all(np.isfinite(value) for value in found.values())
    assert found == module.features(model)
