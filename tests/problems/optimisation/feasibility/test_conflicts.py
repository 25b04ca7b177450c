"""Contradicting demands are found, and the named set is a smallest one; brute force is the judge."""

from itertools import combinations, product

import pytest

from escalation.model.errors import BadInput
from problems.optimisation.feasibility import conflicts
from problems.optimisation.feasibility.conflicts import conflict
from problems.optimisation.feasibility.demands import refuse_impossible
from problems.optimisation.feasibility.packing import PackingResult
from problems.optimisation.generate.clinic import clinic
from problems.optimisation.generate.ward import ward
from problems.optimisation.model.models import Appointments, Claimant, Clinician, Patient, Place, Room, Triage
from problems.optimisation.model.points import Infeasible, cost


def small_clinic(patients: list[Patient], **changed: object) -> Appointments:
    """Half-hour slots from 09:00 to 12:00; two clinicians, of whom one has echo; two rooms."""
    fields: dict[str, object] = {
        "opens": "2026-11-23T09:00",
        "slot_min": 30,
        "slots": 6,
        "refusal": 6,
        "scale": 2,
        "patients": tuple(patients),
        "clinicians": (
            Clinician(id="dr-1", skills=("general",), shifts=((0, 6),)),
            Clinician(id="dr-2", skills=("echo", "general"), shifts=((0, 2), (3, 6))),
        ),
        "rooms": (Room(id="room-1", shifts=((0, 6),)), Room(id="room-2", shifts=((0, 6),))),
    }
    return Appointments.model_validate({**fields, **changed})


def someone(name: str, **fields: object) -> Patient:
    stated = {"urgency": 1, "duration": 1, "latest": 6, "required": True, **fields}
    return Patient.model_validate({"id": name, **stated})


def can_be_seen(model: Appointments, chosen: tuple[int, ...]) -> bool:
    """Tries every way; only for a handful of patients."""
    part = model.model_copy(update={"patients": tuple(model.patients[k] for k in chosen)})
    ways = [
        [
            (c, r, start)
            for c in range(len(model.clinicians))
            for r in range(len(model.rooms))
            for start in range(patient.earliest, patient.latest - patient.duration + 1)
            if feasible(part.model_copy(update={"patients": (patient,)}), [(c, r, start)])
        ]
        for patient in part.patients
    ]
    return any(feasible(part, list(way)) for way in product(*ways))


def feasible(model: Appointments, rows: list[tuple[int, int, int]]) -> bool:
    import numpy as np

    try:
        cost(model, np.array(rows, dtype=np.int32).reshape(-1, 3))
    except Infeasible:
        return False
    return True


def least_conflict(model: Appointments) -> int:
    """The size of a smallest set that cannot be seen together; 0 where there is none."""
    required = [k for k, patient in enumerate(model.patients) if patient.required]
    for size in range(1, len(required) + 1):
        if not all(can_be_seen(model, chosen) for chosen in combinations(required, size)):
            return size
    return 0


def test_three_who_need_the_only_echo_are_named_with_what_they_share() -> None:
    echo = {"skills": ("echo",), "latest": 2}
    model = small_clinic(
        [someone("p1", **echo), someone("p2"), someone("p4", **echo), someone("p5"), someone("p7", **echo)]
    )
    found = conflict(model)
    assert found.patients == ("p1", "p4", "p7")
    assert found.sentence == (
        "p1, p4 and p7 must be seen (required) and cannot all be: for echo there is only dr-2, with 60 "
        "minutes between 09:00 and 10:00; they need 90 minutes. No smaller set of required patients is in "
        "conflict; relax a demand or leave one optional"
    )


CASES = [
    [someone(f"p{k}", duration=2, latest=4) for k in range(5)],
    [someone("a", duration=6), someone("b", duration=6), someone("c", skills=("echo",), latest=2)],
    [
        someone("a", duration=4, earliest=1),
        someone("b", duration=3),
        someone("c", duration=3, skills=("echo",)),
    ],
    [someone("a", duration=2, skills=("echo",), latest=3), someone("b", skills=("echo",), latest=2)],
    [someone("a", duration=3, skills=("echo",)), someone("b", duration=2, skills=("echo",), earliest=2)],
    [someone("a", duration=6), someone("b", duration=3), someone("c", duration=2, earliest=4), someone("d")],
]


@pytest.mark.parametrize("patients", CASES)
def test_the_named_set_is_as_small_as_trying_everything_finds(patients: list[Patient]) -> None:
    model = small_clinic(patients)
    found = conflict(model)
    assert len(found.patients) == least_conflict(model)
    if found.patients:
        names = [patient.id for patient in model.patients]
        assert not can_be_seen(model, tuple(names.index(name) for name in found.patients))
        assert "No smaller set" in found.sentence


def test_of_two_conflicts_the_smaller_is_named() -> None:
    crowd = [someone(f"p{k}", latest=1) for k in range(3)]
    pair = [someone(f"q{k}", skills=("echo",), duration=2, latest=2) for k in range(2)]
    assert conflict(small_clinic([*crowd, *pair])).patients == ("q0", "q1")


def test_rooms_can_be_what_lacks() -> None:
    model = small_clinic(
        [someone("p1", duration=4), someone("p2", duration=4)],
        rooms=(Room(id="room-9", shifts=((0, 6),)),),
        clinicians=(Clinician(id="dr-1", shifts=((0, 6),)), Clinician(id="dr-2", shifts=((0, 6),))),
    )
    assert (
        "for them there is only room-9, with 180 minutes between 09:00 and 12:00" in conflict(model).sentence
    )


def test_who_may_be_turned_away_is_in_no_conflict() -> None:
    patients = [someone(f"p{k}", latest=1, required=k < 2) for k in range(9)]
    assert conflict(small_clinic(patients)).patients == ()


def small_ward(patients: list[Claimant]) -> Triage:
    places = (
        Place(id="icu", offers=("ventilation",), capacity=(1, 24)),
        Place(id="bay-1", capacity=(2, 12)),
        Place(id="bay-2", capacity=(2, 6)),
    )
    return Triage(capacities=("beds", "nurse_hours"), patients=tuple(patients), places=places)


def claimant(name: str, *needs: str, hours: int = 3, cohort: str = "") -> Claimant:
    return Claimant(id=name, benefit=1, needs=needs, uses=(1, hours), cohort=cohort, required=True)


def test_two_for_one_intensive_bed_are_named() -> None:
    found = conflict(small_ward([claimant("a"), claimant("b", "ventilation"), claimant("c", "ventilation")]))
    assert found.patients == ("b", "c")
    assert "the only places with ventilation (icu) have 1 beds; they take 2" in found.sentence


def test_cohorts_that_outnumber_the_places_are_named() -> None:
    found = conflict(small_ward([claimant(name, cohort=name) for name in "wxyz"]))
    assert len(found.patients) == 4
    assert "4 cohorts (w, x, y and z), which never share a place" in found.sentence


def test_where_no_count_tells_everybodys_wish_is_said() -> None:
    found = conflict(small_ward([claimant("a", hours=10), claimant("b", hours=10), claimant("c", hours=10)]))
    assert found.patients == ("a", "b", "c")
    assert "a takes 1 beds and 10 nurse_hours in any place" in found.sentence


def test_where_effort_ends_the_set_is_called_irreducible_or_less(monkeypatch: pytest.MonkeyPatch) -> None:
    model = small_clinic([someone(f"p{k}", duration=2, latest=4) for k in range(5)])
    monkeypatch.setattr(conflicts, "_smallest", lambda *_: None)
    found = conflict(model)
    assert len(found.patients) == 4
    assert "Without any one of them the others can be seen" in found.sentence
    monkeypatch.setattr(conflicts, "CONFLICT_EFFORT", 0.0)
    assert "Some of them may be in conflict alone" in conflict(model).sentence


def test_where_nothing_is_settled_it_is_a_remark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conflicts, "seat", lambda *_: PackingResult(None))
    remarks = refuse_impossible(small_clinic([someone("a"), someone("b")]), {})
    assert remarks == ("whether all 2 required patients can be seen together was not settled beforehand",)


def test_generated_demands_can_be_met() -> None:
    for seed in range(3):
        assert refuse_impossible(clinic(60, seed), {}) == ()
        assert refuse_impossible(ward(60, seed), {}) == ()


def test_everybody_of_an_overfull_clinic_is_in_a_conflict_that_is_one_line() -> None:
    full = clinic(20, 3, load=1.6)
    everybody = tuple(patient.model_copy(update={"required": True}) for patient in full.patients)
    with pytest.raises(BadInput, match=r"^p\d.*must be seen \(required\) and cannot all be: ") as error:
        refuse_impossible(full.model_copy(update={"patients": everybody}), {})
    assert "\n" not in str(error.value)
