"""An answer as HTML: a schedule with its downloads, placements, chosen bits; all that is data is escaped."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from problems.optimisation.model.models import Appointments, Model, SpinModel, Triage
from problems.optimisation.model.points import Point, decode, label
from problems.optimisation.report import gantt, graph_drawing, load_chart
from problems.optimisation.report.exports import (
    PLACEMENT_COLUMNS,
    SCHEDULE_COLUMNS,
    exports,
    placement_rows,
    schedule_rows,
)
from toolbox.drawing.html_parts import as_text, downloads, names, wide_figures
from toolbox.drawing.html_tables import pairs, table

CHOSEN: Mapping[str, str] = {
    "qubo": "variables at 1",
    "max_cut": "vertices on the one side",
    "independent_set": "vertices in the set",
}


def shown(model: Model, values: Mapping[str, Any], name: str, made_at: datetime) -> str:
    """Returns the HTML of a verified answer.

    Args:
        model: the instance.
        values: of the candidate; `solution` as `points.encode` writes it.
        name: begins ids and file names.
        made_at: when the answer was found, for the calendar's revision.
    """
    if not isinstance(values.get("solution"), Mapping):
        return "<p>No answer was found.</p>"
    point = decode(model, values["solution"])
    if isinstance(model, Appointments):
        return _schedule(model, point, name, made_at)
    if isinstance(model, Triage):
        return _placements(model, point, name)
    return _bits(model, point, name)


def _schedule(model: Appointments, point: Point, name: str, made_at: datetime) -> str:
    left = gantt.untreated(model, point)
    counts = [
        (urgency, *(sum(patient.urgency == urgency for patient in part) for part in (model.patients, left)))
        for urgency in range(5, 0, -1)
    ]
    return (
        "<h4>Schedule</h4>"
        + downloads(exports(model, point, f"schedule-{name}", made_at))
        + table(("urgency", "patients", "not treated"), counts, "Patients by urgency, 5 is the most urgent")
        + '<div data-filter="a patient, clinician or room">'
        + wide_figures(gantt.charts(model, point, name), "Schedule, a chart a day")
        + as_text(SCHEDULE_COLUMNS, schedule_rows(model, point))
        + "</div>"
        + _left("Not treated", [f"{patient.id} (urgency {patient.urgency})" for patient in left])
    )


def _placements(model: Triage, point: Point, name: str) -> str:
    left = load_chart.unplaced(model, point)
    return (
        "<h4>Placements</h4>"
        + downloads(exports(model, point, f"placements-{name}"))
        + '<div data-filter="a patient or place">'
        + wide_figures(load_chart.charts(model, point, name), "Placements, a chart a capacity")
        + as_text(PLACEMENT_COLUMNS, placement_rows(model, point))
        + "</div>"
        + _left("Not placed", [f"{patient.id} (benefit {patient.benefit})" for patient in left])
    )


def _bits(model: SpinModel, point: Point, name: str) -> str:
    chosen = [label(model, index) for index, bit in enumerate(point.tolist()) if bit]
    what = CHOSEN[model.kind]
    lines = [(what, f"{len(chosen)} of {model.size}")]
    drawn = graph_drawing.drawing(model, point, f"{name}-graph")
    return (
        "<h4>Answer</h4>"
        + downloads(exports(model, point, f"answer-{name}"))
        + pairs(lines)
        + (wide_figures([drawn], "The answer as a graph") if drawn else "")
        + _names("They are", chosen)
    )


def _left(what: str, patients: Sequence[str]) -> str:
    if not patients:
        return f"<p>{what}: nobody.</p>"
    return f"<p>{what}, {len(patients)}:</p>" + names(patients)


def _names(what: str, found: Sequence[str]) -> str:
    return f"<details><summary>{what}</summary>{names(found)}</details>" if found else ""
