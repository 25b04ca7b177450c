"""An answer as HTML: a schedule with its downloads, placements, chosen bits; all that is data is escaped."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

from problems.optimisation.model.models import Appointments, Model, SpinModel, Triage
from problems.optimisation.model.points import Point, decode, label
from problems.optimisation.report import gantt, graph_drawing, load_chart
from problems.optimisation.report.exports import (
    PLACEMENT_COLUMNS,
    SCHEDULE_COLUMNS,
    Export,
    exports,
    placement_rows,
    schedule_rows,
)
from toolbox.drawing.html_tables import MOST_ROWS, pairs, table, text

MOST_NAMES = 400
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
        "<h3>Schedule</h3>"
        + _downloads(exports(model, point, f"schedule-{name}", made_at))
        + _figures(gantt.charts(model, point, name))
        + table(("urgency", "patients", "not treated"), counts, "Patients by urgency, 5 is the most urgent")
        + _as_text(SCHEDULE_COLUMNS, schedule_rows(model, point))
        + _left("Not treated", [f"{patient.id} (urgency {patient.urgency})" for patient in left])
    )


def _placements(model: Triage, point: Point, name: str) -> str:
    left = load_chart.unplaced(model, point)
    return (
        "<h3>Placements</h3>"
        + _downloads(exports(model, point, f"placements-{name}"))
        + _figures(load_chart.charts(model, point, name))
        + _as_text(PLACEMENT_COLUMNS, placement_rows(model, point))
        + _left("Not placed", [f"{patient.id} (benefit {patient.benefit})" for patient in left])
    )


def _bits(model: SpinModel, point: Point, name: str) -> str:
    chosen = [label(model, index) for index, bit in enumerate(point.tolist()) if bit]
    what = CHOSEN[model.kind]
    lines = [(what, f"{len(chosen)} of {model.size}")]
    drawn = graph_drawing.drawing(model, point, f"{name}-graph")
    return (
        "<h3>Answer</h3>"
        + _downloads(exports(model, point, f"answer-{name}"))
        + pairs(lines)
        + (_figures([drawn]) if drawn else "")
        + _names("They are", chosen)
    )


def _downloads(files: Sequence[Export]) -> str:
    """Links that hold their file, so that the report stays one file."""
    links = "".join(
        f'<li><a download="{escape(file.name)}" href="{escape(file.uri)}">{text(file.name)}</a> '
        f"({len(file.data)} bytes)</li>"
        for file in files
    )
    return f"<p>Download:</p><ul>{links}</ul>" if links else ""


def _figures(drawn: Sequence[str]) -> str:
    figures = "".join(f'<figure style="margin:0 0 1.5em">{svg}</figure>' for svg in drawn)
    return f'<div class="wide">{figures}</div>'


def _as_text(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """All of it for those who cannot see a chart, or search for somebody."""
    starts = range(0, len(rows), MOST_ROWS)
    tables = "".join(table(header, rows[start : start + MOST_ROWS]) for start in starts)
    return f"<details><summary>As a table</summary>{tables}</details>" if tables else ""


def _left(what: str, patients: Sequence[str]) -> str:
    if not patients:
        return f"<p>{what}: nobody.</p>"
    return f"<p>{what}, {len(patients)}:</p>" + _listed(patients)


def _names(what: str, names: Sequence[str]) -> str:
    return f"<details><summary>{what}</summary>{_listed(names)}</details>" if names else ""


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMES
    end = f" … and {more} more" if more > 0 else ""
    return f"<p>{', '.join(text(name) for name in names[:MOST_NAMES])}{end}</p>"
