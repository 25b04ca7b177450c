"""How long those who are treated wait, the most urgent of them, and which clinician is busiest."""

from collections.abc import Sequence

from escalation.text.wording import counted
from problems.optimisation.model.models import Appointments
from problems.optimisation.model.points import Point
from problems.optimisation.report.gantt import Booked, booked

HOURS_FROM_MIN = 120
"""Waiting from which on it is told in hours."""


def waiting(model: Appointments, point: Point) -> tuple[str, ...]:
    """One line on the waiting of the most urgent and of all, one on the clinician who is busiest.

    Waiting counts from the earliest time at which a patient can come, nights included.
    """
    treated = booked(model, point)
    if not treated:
        return ()
    urgency = max(each.patient.urgency for each in treated)
    urgent = [each for each in treated if each.patient.urgency == urgency]
    who = f"the most urgent ({counted(len(urgent), 'patient', 'patients')} of urgency {urgency})"
    line = f"{who}: {_waits(model, urgent)}"
    if len(urgent) < len(treated):
        line += f"; all who are treated: {_waits(model, treated)}"
    return line, *_busiest(model, treated)


def _waits(model: Appointments, part: Sequence[Booked]) -> str:
    """`4 min of waiting on average, 30 min at most`."""
    found = [(each.start - each.patient.earliest) * model.slot_min for each in part]
    if not any(found):
        return "no waiting"
    return f"{_time(sum(found) / len(found))} of waiting on average, {_time(max(found))} at most"


def _time(minutes: float) -> str:
    return f"{minutes:.0f} min" if minutes < HOURS_FROM_MIN else f"{minutes / 60:.1f} h"


def _busiest(model: Appointments, treated: Sequence[Booked]) -> tuple[str, ...]:
    """`busiest is Dr Chen, with patients 92 % of the time at work`; nobody is, where nobody is at work."""
    shares = []
    for number, clinician in enumerate(model.clinicians):
        works = sum(last - first for first, last in clinician.shifts)
        if works:
            sees = sum(each.patient.duration for each in treated if each.clinician == number)
            shares.append((sees / works, clinician.id))
    share, who = max(shares, key=lambda each: each[0])
    return (f"busiest is {who}, with patients {100 * share:.0f} % of the time at work",)
