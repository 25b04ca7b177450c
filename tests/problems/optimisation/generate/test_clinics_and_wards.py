"""Generated clinics and wards are hard, plausible, solvable, and the same for the same seed."""

from itertools import pairwise

import numpy as np
import pytest
from pydantic import ValidationError

from problems.optimisation.feasibility.treatable import unplaceable, untreatable
from problems.optimisation.generate.clinic import clinic
from problems.optimisation.generate.visits import URGENCIES, VISITS, duration
from problems.optimisation.generate.ward import ward
from problems.optimisation.model.models import Appointments

SIZES = (1, 2, 7, 60, 200)


def load_of(model: Appointments) -> float:
    offered = sum(last - first for each in model.clinicians for first, last in each.shifts)
    return sum(patient.duration for patient in model.patients) / offered


@pytest.mark.parametrize("patients", SIZES)
@pytest.mark.parametrize("seed", [0, 1])
def test_everybody_of_a_clinic_can_be_treated(patients: int, seed: int) -> None:
    model = clinic(patients, seed)
    assert model.size == patients
    assert not [patient.id for patient in model.patients if untreatable(model, patient)]


@pytest.mark.parametrize("patients", SIZES)
def test_everybody_of_a_ward_has_a_possible_place(patients: int) -> None:
    model = ward(patients, 5)
    assert model.size == patients
    assert not [patient.id for patient in model.patients if unplaceable(model, patient)]


@pytest.mark.parametrize("load", [0.9, 1.0, 1.1])
@pytest.mark.parametrize("patients", [60, 120, 200])
def test_hours_are_as_scarce_as_was_asked_for(patients: int, load: float) -> None:
    assert load_of(clinic(patients, 2, load=load)) == pytest.approx(load, abs=0.02)


def test_a_clinic_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    assert clinic(30, 4) == clinic(30, 4)
    assert clinic(30, 4) != clinic(30, 5)
    assert ward(30, 4) == ward(30, 4)
    assert ward(30, 4) != ward(30, 5)


def test_shifts_of_one_are_in_order_and_apart() -> None:
    model = clinic(200, 1)
    for shifts in [each.shifts for each in model.clinicians] + [each.shifts for each in model.rooms]:
        assert all(first[1] <= second[0] for first, second in pairwise(shifts))


def test_two_hundred_patients_keep_a_time_indexed_mip_small() -> None:
    """One column for a patient, an able clinician and a start; stated in the generator's docstring."""
    model = clinic(200, 1)
    columns = sum(
        max(0, min(last, patient.latest) - max(first, patient.earliest) - patient.duration + 1)
        for patient in model.patients
        for each in model.clinicians
        if set(patient.skills) <= set(each.skills)
        for first, last in each.shifts
    )
    assert 4_000 < columns < 15_000


def test_a_fraction_of_patients_must_be_seen() -> None:
    assert sum(patient.required for patient in clinic(200, 1).patients) == 10
    assert sum(patient.required for patient in clinic(200, 1, required=0).patients) == 0
    assert sum(patient.required for patient in ward(200, 1).patients) == 10


def test_durations_have_the_mean_and_spread_of_their_visit() -> None:
    """Against the moments of the log-normal; slots of 5 minutes add 2.5 on average by rounding up."""
    rng = np.random.default_rng(1)
    visit = VISITS[0]
    minutes = np.array([5 * duration(visit, 5, rng) for _ in range(4000)])
    assert minutes.mean() == pytest.approx(visit.mean_min + 2.5, abs=0.7)
    assert minutes.std() == pytest.approx(visit.variation * visit.mean_min, rel=0.1)
    assert minutes.max() <= 120


def test_shares_add_up_to_one() -> None:
    assert sum(visit.share for visit in VISITS) == pytest.approx(1)
    assert sum(URGENCIES) == pytest.approx(1)


def test_beds_and_nurses_are_fewer_than_are_needed() -> None:
    model = ward(200, 3)
    beds, hours = (sum(place.capacity[k] for place in model.places) for k in (0, 1))
    assert beds < 200
    assert hours < sum(patient.uses[1] for patient in model.patients)


@pytest.mark.parametrize("shape", [{"laod": 1}, {"load": 0}, {"slot_min": 7}, {"days": 9}])
def test_an_impossible_shape_is_refused(shape: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        clinic(10, 1, **shape)
