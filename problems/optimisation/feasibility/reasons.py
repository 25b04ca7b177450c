"""Why patients cannot all be treated or placed, as far as a count of hours or beds says it."""

from collections.abc import Sequence

from escalation.text.wording import listed
from problems.optimisation.feasibility.treatable import able_clinicians, able_rooms
from problems.optimisation.feasibility.words import between, minutes
from problems.optimisation.model.models import Appointments, Claimant, Clinician, Patient, Room, Triage

Resource = Clinician | Room


def why(model: Appointments | Triage, chosen: Sequence[int]) -> str:
    """Returns the reason without a full stop: what they share and how little there is of it.

    Args:
        model: a clinic or a ward.
        chosen: places of the patients in the model.
    """
    if isinstance(model, Triage):
        people = [model.patients[k] for k in chosen]
        return _scarce(model, people) or _cohorts(model, people) or _wishes(model, people)
    patients = [model.patients[k] for k in chosen]
    return _hours(model, patients) or "; ".join(_wish(model, patient) for patient in patients)


def _hours(model: Appointments, patients: Sequence[Patient]) -> str:
    """Who alone can see them has fewer minutes than they need."""
    first, last = min(each.earliest for each in patients), max(each.latest for each in patients)
    need = sum(each.duration for each in patients)
    clinicians = [able_clinicians(model, each) for each in patients]
    rooms = [able_rooms(model, each) for each in patients]
    skills = _shared([each.skills for each in patients])
    equipment = _shared([each.equipment for each in patients])
    for able, offer in ((clinicians, skills), (rooms, equipment)):
        who = _together(able)
        there = sum(_overlap(span, (first, last)) for each in who for span in each.shifts)
        if there < need:
            names = listed([each.id for each in who])
            are, together = ("is", "") if len(who) == 1 else ("are", " together")
            when = between(model, first, last)
            return (
                f"for {listed(offer) or 'them'} there {are} only {names}, "
                f"with {minutes(model, there)}{together} {when}; they need {minutes(model, need)}"
            )
    return ""


def _shared(wanted: Sequence[Sequence[str]]) -> list[str]:
    return sorted(set(wanted[0]).intersection(*wanted[1:]))


def _together(able: Sequence[Sequence[Resource]]) -> list[Resource]:
    """Those who can see at least one of the patients, each once."""
    return list({each.id: each for some in able for each in some}.values())


def _overlap(a: tuple[int, int], b: tuple[int, int]) -> int:
    return max(0, min(a[1], b[1]) - max(a[0], b[0]))


def _wish(model: Appointments, patient: Patient) -> str:
    with_, in_ = able_clinicians(model, patient), able_rooms(model, patient)
    when = between(model, patient.earliest, patient.latest)
    return (
        f"{patient.id} needs {minutes(model, patient.duration)} {when} "
        f"with {_any([each.id for each in with_], len(model.clinicians), 'clinician')} "
        f"in {_any([each.id for each in in_], len(model.rooms), 'room')}"
    )


def _any(names: Sequence[str], all_of_them: int, what: str) -> str:
    return f"any {what}" if len(names) == all_of_them > 1 else listed(names, "or")


def _able_places(model: Triage, people: Sequence[Claimant]) -> list[str]:
    return [
        place.id for place in model.places if any(set(each.needs) <= set(place.offers) for each in people)
    ]


def _scarce(model: Triage, people: Sequence[Claimant]) -> str:
    """Where alone they can be has less of something than they take."""
    names = _able_places(model, people)
    for k, what in enumerate(model.capacities):
        there = sum(place.capacity[k] for place in model.places if place.id in names)
        need = sum(each.uses[k] for each in people)
        if there < need:
            shared = _shared([each.needs for each in people])
            needing = f" with {listed(shared)}" if shared else " for them"
            return f"the only places{needing} ({listed(names)}) have {there} {what}; they take {need}"
    return ""


def _cohorts(model: Triage, people: Sequence[Claimant]) -> str:
    """They are of more cohorts than there are places for them."""
    names = _able_places(model, people)
    cohorts = sorted({each.cohort for each in people if each.cohort})
    if len(cohorts) <= len(names):
        return ""
    return (
        f"they are of {len(cohorts)} cohorts ({listed(cohorts)}), which never share a place, and can only be "
        f"in {listed(names, 'or')}"
    )


def _wishes(model: Triage, people: Sequence[Claimant]) -> str:
    return "; ".join(_wanted(model, each) for each in people)


def _wanted(model: Triage, patient: Claimant) -> str:
    takes = [f"{use} {what}" for use, what in zip(patient.uses, model.capacities, strict=True) if use]
    cohort = f" (cohort {patient.cohort})" if patient.cohort else ""
    where = _any(_able_places(model, [patient]), len(model.places), "place")
    return f"{patient.id}{cohort} takes {listed(takes) or 'nothing'} in {where}"
