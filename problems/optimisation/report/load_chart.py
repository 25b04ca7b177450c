"""Triage as bars: how much of each capacity a place has given, patient by patient."""

import numpy as np

from escalation.text.svg import INK, LINE, MOST_PAGE_PX, PAPER, Drawing, fitting, names_px, unit_px
from problems.optimisation.model.models import Claimant, Triage
from problems.optimisation.model.points import Point

ROW_PX, BAR_PX = 22, 18
TINTS = ("#cfe3f2", "#8fc1e3")
"""Neighbours differ; what tells patients apart is the line between them."""


def unplaced(model: Triage, point: Point) -> list[Claimant]:
    """Those without a place, the greatest benefit first."""
    left = [patient for patient, place in zip(model.patients, point.tolist(), strict=True) if place < 0]
    return sorted(left, key=lambda patient: -patient.benefit)


def charts(model: Triage, point: Point, name: str, most_px: float = MOST_PAGE_PX) -> list[str]:
    """Returns an SVG a capacity; rows are places, the outlined box what they have of it."""
    return [
        _chart(model, point, number, f"{name}-capacity-{number}", most_px)
        for number in range(len(model.capacities))
    ]


def _chart(model: Triage, point: Point, number: int, name: str, most_px: float) -> str:
    left = names_px(place.id for place in model.places)
    right = 90.0
    most = max(1, *(place.capacity[number] for place in model.places))
    placed = zip(model.patients, point.tolist(), strict=True)
    labels = [(who.id, who.uses[number]) for who, place in placed if place >= 0 and who.uses[number]]
    beside = left + right
    scale_px = unit_px(most, beside, labels, most_px)
    page = Drawing(name, beside + most * scale_px, 28 + ROW_PX * len(model.places))
    page.text(4, 14, model.capacities[number])
    for row, place in enumerate(model.places):
        y = 22 + ROW_PX * row
        has = place.capacity[number]
        page.text(4, y + 13, fitting(place.id, left - 8))
        page.box(left, y, max(has * scale_px, 1), BAR_PX, PAPER, line=INK)
        used = _stack(page, model, np.flatnonzero(point == row).tolist(), number, (left, y, scale_px))
        page.text(left + has * scale_px + 6, y + 13, f"{used} of {has}")
    what = model.capacities[number]
    return page.svg(
        f"Use of {what} by place", f"A bar is a patient placed there; the box is the {what} there are."
    )


def _stack(
    page: Drawing, model: Triage, patients: list[int], number: int, at: tuple[float, float, float]
) -> int:
    """Draws one place's patients beside each other; returns what they use."""
    left, y, scale_px = at
    used = 0
    for tint, index in enumerate(patients):
        patient = model.patients[index]
        amount = patient.uses[number]
        if not amount:
            continue
        x, width = left + used * scale_px, amount * scale_px
        cohort = f", cohort {patient.cohort}" if patient.cohort else ""
        said = f"{patient.id}: {amount} {model.capacities[number]}, benefit {patient.benefit}{cohort}"
        page.box(x, y + 1, width, BAR_PX - 2, TINTS[tint % 2], title=said, line=LINE)
        page.text(x + 3, y + 13, fitting(patient.id, width - 4))
        used += amount
    return used
