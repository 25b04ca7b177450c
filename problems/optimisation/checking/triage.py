"""Judges who is placed where."""

from typing import Any

from problems.optimisation.checking.finding import Faults, Finding, only_field, shown
from problems.optimisation.model.models import Claimant, Place, Triage


def check_triage(model: Triage, solution: Any) -> Finding:
    """Checks needs, capacities, cohorts and who must be placed; adds the benefits up."""
    faults = Faults()
    sent = only_field(solution, "placements", dict, faults)
    placed = _placed(model, sent or {}, faults)
    total = 0
    for place in model.places:
        inside = [patient for patient, target in placed if target is place]
        _check_place(model, place, inside, faults)
        total += sum(patient.benefit * place.quality for patient in inside)
    there = {patient.id for patient, _ in placed}
    for patient in model.patients:
        if patient.required and patient.id not in there:
            faults.add(f"{patient.id} must be placed, and is not")
    return faults.finding(total)


def _placed(model: Triage, sent: dict[Any, Any], faults: Faults) -> list[tuple[Claimant, Place]]:
    patients = {patient.id: patient for patient in model.patients}
    places = {place.id: place for place in model.places}
    placed = []
    for who, where in sent.items():
        patient = patients.get(who) if isinstance(who, str) else None
        place = places.get(where) if isinstance(where, str) else None
        if patient is None:
            faults.add(f"there is no patient {shown(who)}")
        elif place is None:
            faults.add(f"{patient.id} is placed in {shown(where)}, which does not exist")
        else:
            placed.append((patient, place))
    return placed


def _check_place(model: Triage, place: Place, inside: list[Claimant], faults: Faults) -> None:
    for patient in inside:
        lacking = sorted(set(patient.needs) - set(place.offers))
        if lacking:
            faults.add(f"{place.id} does not offer {' and '.join(lacking)}, which {patient.id} needs")
    cohorts = sorted({patient.cohort for patient in inside if patient.cohort})
    if len(cohorts) > 1:
        faults.add(f"{place.id} is shared by the cohorts {' and '.join(cohorts)}")
    for k, what in enumerate(model.capacities):
        used = sum(patient.uses[k] for patient in inside)
        if used > place.capacity[k]:
            faults.add(f"{place.id} has {place.capacity[k]} {what}, and its patients use {used}")
