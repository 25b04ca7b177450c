"""Why a patient cannot be treated, or placed, even if nobody else were there."""

from collections.abc import Iterator, Sequence

from escalation.text.wording import listed
from problems.optimisation.feasibility.words import between, minutes
from problems.optimisation.model.models import Appointments, Claimant, Clinician, Patient, Room, Span, Triage


def able_clinicians(model: Appointments, patient: Patient) -> list[Clinician]:
    """Those with all of the patient's skills."""
    return [each for each in model.clinicians if set(patient.skills) <= set(each.skills)]


def able_rooms(model: Appointments, patient: Patient) -> list[Room]:
    """Those with all of the patient's equipment."""
    return [each for each in model.rooms if set(patient.equipment) <= set(each.equipment)]


def untreatable(model: Appointments, patient: Patient) -> str:
    """Returns why nobody can treat the patient, empty where somebody can."""
    clinicians, rooms = able_clinicians(model, patient), able_rooms(model, patient)
    if not clinicians:
        return f"no clinician has {listed(patient.skills)}" + _split(patient.skills, "clinician")
    if not rooms:
        return f"no room has {listed(patient.equipment)}" + _split(patient.equipment, "room")
    needs = minutes(model, patient.duration)
    if patient.latest - patient.earliest < patient.duration:
        own = between(model, patient.earliest, patient.latest)
        return f"needs {needs}, which do not fit {own}, the patient's own times"
    for able in (clinicians, rooms):
        reason = _hours(model, patient, able)
        if reason:
            return reason
    if any(_common(model, patient)):
        return ""
    own = between(model, patient.earliest, patient.latest)
    return (
        f"no common time: {_names(clinicians)} and {_names(rooms)} are never there together for {needs} {own}"
    )


def _split(wanted: Sequence[str], what: str) -> str:
    return f" (one {what} must have all of them)" if len(wanted) > 1 else ""


def _hours(model: Appointments, patient: Patient, able: Sequence[Clinician | Room]) -> str:
    """Why these alone, the ones with the skills or the equipment, have no time for the patient."""
    longest = max((last - first for each in able for first, last in each.shifts), default=0)
    needs = minutes(model, patient.duration)
    if longest < patient.duration:
        return f"needs {needs}, longer than any shift of {_names(able)} (longest {minutes(model, longest)})"
    if any(
        min(last, patient.latest) - max(first, patient.earliest) >= patient.duration
        for each in able
        for first, last in each.shifts
    ):
        return ""
    own = between(model, patient.earliest, patient.latest)
    return f"no common time: {_names(able)} has no {needs} {own}, the patient's own times"


def _common(model: Appointments, patient: Patient) -> Iterator[Span]:
    """Spans within which the patient may be treated, of at least the duration."""
    at_work = {shift for each in able_clinicians(model, patient) for shift in each.shifts}
    open_ = {shift for each in able_rooms(model, patient) for shift in each.shifts}
    for a in at_work:
        for b in open_:
            first, last = max(a[0], b[0], patient.earliest), min(a[1], b[1], patient.latest)
            if last - first >= patient.duration:
                yield first, last


def _names(able: Sequence[Clinician | Room]) -> str:
    return listed([each.id for each in able], "or")


def unplaceable(model: Triage, patient: Claimant) -> str:
    """Returns why nowhere can take the patient, empty where some place can."""
    able = [place for place in model.places if set(patient.needs) <= set(place.offers)]
    if not able:
        return f"no place offers {listed(patient.needs)}" + _split(patient.needs, "place")
    if any(_fits(patient, place.capacity) for place in able):
        return ""
    where = listed([place.id for place in able], "or")
    for name, uses, most in zip(
        model.capacities,
        patient.uses,
        (max(place.capacity[k] for place in able) for k in range(len(model.capacities))),
        strict=True,
    ):
        if uses > most:
            return f"needs {uses} {name}, and {where} has at most {most}"
    return f"{where}: none has enough of {listed(model.capacities)} together"


def _fits(patient: Claimant, capacity: Sequence[int]) -> bool:
    return all(uses <= most for uses, most in zip(patient.uses, capacity, strict=True))
