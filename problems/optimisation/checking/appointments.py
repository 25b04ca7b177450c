"""Judges a schedule of appointments."""

from dataclasses import dataclass
from typing import Any

from problems.optimisation.checking.clock import SlotTimes
from problems.optimisation.checking.finding import Faults, Finding, only_field, shown, whole
from problems.optimisation.model.models import Appointments, Clinician, Patient, Room, Span

FIELDS = ("patient", "clinician", "room", "start")


@dataclass(frozen=True)
class CheckedVisit:
    """One appointment as it was sent, its names resolved; slots from `start` to before `end`."""

    patient: Patient
    clinician: Clinician
    room: Room
    start: int

    @property
    def end(self) -> int:
        """The slot at whose start it has ended."""
        return self.start + self.patient.duration


def check_appointments(model: Appointments, solution: Any) -> Finding:
    """Checks skills, equipment, shifts, the patients' own times, overlaps, and who must be seen."""
    faults, clock = Faults(), SlotTimes(model)
    sent = only_field(solution, "appointments", list, faults)
    known = _known(model)
    visits = [visit for each in sent or [] if (visit := _visit(known, each, faults))]
    seen: dict[str, CheckedVisit] = {}
    for visit in visits:
        if visit.patient.id in seen:
            faults.add(f"{visit.patient.id} has more than one appointment")
        seen[visit.patient.id] = visit
        _check_visit(visit, clock, faults)
    _check_overlaps(visits, clock, faults)
    return faults.finding(sum(_cost(model, each, seen.get(each.id), faults) for each in model.patients))


def _cost(model: Appointments, patient: Patient, visit: CheckedVisit | None, faults: Faults) -> int:
    if visit is not None:
        return patient.weight * (visit.start - patient.earliest)
    if patient.required:
        faults.add(f"{patient.id} must be seen, and has no appointment")
    return patient.weight * model.refusal


@dataclass(frozen=True)
class Known:
    """The names that a schedule may use."""

    patients: dict[str, Patient]
    clinicians: dict[str, Clinician]
    rooms: dict[str, Room]


def _known(model: Appointments) -> Known:
    return Known(
        {each.id: each for each in model.patients},
        {each.id: each for each in model.clinicians},
        {each.id: each for each in model.rooms},
    )


def _visit(known: Known, sent: Any, faults: Faults) -> CheckedVisit | None:
    if not isinstance(sent, dict) or set(sent) != set(FIELDS):
        faults.add(f"expected an appointment with {', '.join(FIELDS)}, got {shown(sent)}")
        return None
    names = {field: sent[field] if isinstance(sent[field], str) else None for field in FIELDS[:3]}
    patient = known.patients.get(names["patient"] or "")
    clinician = known.clinicians.get(names["clinician"] or "")
    room = known.rooms.get(names["room"] or "")
    if patient is None or clinician is None or room is None:
        for field, found in zip(FIELDS[:3], (patient, clinician, room), strict=True):
            if found is None:
                faults.add(f"there is no {field} {shown(sent[field])}")
        return None
    if not whole(sent["start"]):
        faults.add(f"{patient.id} starts in slot {shown(sent['start'])}, which is not a whole number")
        return None
    return CheckedVisit(patient, clinician, room, sent["start"])


def _check_visit(visit: CheckedVisit, clock: SlotTimes, faults: Faults) -> None:
    patient, clinician, room = visit.patient, visit.clinician, visit.room
    lacking = sorted(set(patient.skills) - set(clinician.skills))
    if lacking:
        faults.add(f"{clinician.id} lacks {' and '.join(lacking)}, which {patient.id} needs")
    missing = sorted(set(patient.equipment) - set(room.equipment))
    if missing:
        faults.add(f"room {room.id} lacks {' and '.join(missing)}, which {patient.id} needs")
    if visit.start < patient.earliest or visit.end > patient.latest:
        own = clock.span(patient.earliest, patient.latest)
        faults.add(f"{patient.id} is seen {clock.span(visit.start, visit.end)}, and can only be seen {own}")
    when = clock.span(visit.start, visit.end)
    if not _within(clinician.shifts, visit):
        faults.add(f"no shift of {clinician.id} holds the appointment of {patient.id} {when}")
    if not _within(room.shifts, visit):
        faults.add(f"room {room.id} is not open for the whole appointment of {patient.id} {when}")


def _within(shifts: tuple[Span, ...], visit: CheckedVisit) -> bool:
    return any(first <= visit.start and visit.end <= last for first, last in shifts)


def _check_overlaps(visits: list[CheckedVisit], clock: SlotTimes, faults: Faults) -> None:
    by_clinician: dict[str, list[CheckedVisit]] = {}
    by_room: dict[str, list[CheckedVisit]] = {}
    for visit in sorted(visits, key=lambda each: (each.start, each.end)):
        by_clinician.setdefault(f"with {visit.clinician.id}", []).append(visit)
        by_room.setdefault(f"in room {visit.room.id}", []).append(visit)
    for where, row in [*by_clinician.items(), *by_room.items()]:
        last = row[0]
        for visit in row[1:]:
            if visit.start < last.end:
                when = clock.span(visit.start, min(visit.end, last.end))
                faults.add(f"{last.patient.id} and {visit.patient.id} overlap {where} {when}")
            last = max(last, visit, key=lambda each: each.end)
