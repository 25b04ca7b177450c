"""Writes clinics and wards as pairs of tables that the readers read back to the same."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from problems.optimisation.model.models import Appointments, Triage

CLINIC_PATIENTS = ("id", "urgency", "duration_min", "skills", "equipment", "earliest", "latest", "required")
CLINIC_RESOURCES = ("id", "type", "offers", "from", "to")


def clinic_tables(model: Appointments) -> dict[str, str]:
    """Returns the texts of `patients.csv` and `resources.csv`; the problem file has `opens`."""
    patients = (
        (
            patient.id,
            patient.urgency,
            patient.duration * model.slot_min,
            ";".join(patient.skills),
            ";".join(patient.equipment),
            _moment(model, patient.earliest),
            _moment(model, patient.latest),
            _flag(patient.required),
        )
        for patient in model.patients
    )
    offers = (
        *((each.id, "clinician", each.skills, each.shifts) for each in model.clinicians),
        *((each.id, "room", each.equipment, each.shifts) for each in model.rooms),
    )
    resources = (
        (name, kind, ";".join(offered), _moment(model, first), _moment(model, last))
        for name, kind, offered, shifts in offers
        for first, last in shifts
    )
    return {
        "patients.csv": _csv(CLINIC_PATIENTS, patients),
        "resources.csv": _csv(CLINIC_RESOURCES, resources),
    }


def ward_tables(model: Triage) -> dict[str, str]:
    """Returns the texts of `patients.csv` and `places.csv`."""
    patients = (
        (each.id, each.benefit, ";".join(each.needs), each.cohort, _flag(each.required), *each.uses)
        for each in model.patients
    )
    places = ((each.id, ";".join(each.offers), each.quality, *each.capacity) for each in model.places)
    return {
        "patients.csv": _csv(("id", "benefit", "needs", "cohort", "required", *model.capacities), patients),
        "places.csv": _csv(("id", "offers", "quality", *model.capacities), places),
    }


def _moment(model: Appointments, slot: int) -> str:
    moment = datetime.fromisoformat(model.opens) + timedelta(minutes=slot * model.slot_min)
    return f"{moment:%Y-%m-%dT%H:%M}"


def _flag(value: bool) -> str:
    return "yes" if value else "no"


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
