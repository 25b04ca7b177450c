"""A batch as a table: how each of its problems ended, what is wrong first."""

from collections.abc import Sequence

from escalation.model.batch import BatchReport, BatchRow, ProblemEnd
from escalation.text.rounding import at_worst
from escalation.text.visible import markdown

MOST_ROWS = 5000
"""Of a page; what is left out has ended well, or is in the ledger."""
_ORDER = {ending: place for place, ending in enumerate(ProblemEnd)}


def batch_rows(report: BatchReport) -> list[dict[str, str]]:
    """A row a problem, by how they ended; within that in the order of the problems."""
    rows = sorted(report.rows, key=lambda row: (_ORDER[row.status], row.number))
    return [_row(row) for row in rows[:MOST_ROWS]]


def batch_summary(report: BatchReport) -> str:
    """The counts, the cost, and what needs a person, as Markdown."""
    costs = ", ".join(resource.told(value) for resource, value in report.cost.told())
    lines = [f"{report.problems} problems: {report.in_words}. Cost: {costs}."]
    if report.for_a_person:
        lines.append(f"A person is needed for {_named(report.for_a_person)}.")
    if len(report.rows) > MOST_ROWS:
        lines.append(f"The first {MOST_ROWS} rows are shown; `tierwise cases` has all.")
    return "\n\n".join(lines)


def _named(rows: Sequence[BatchRow], most: int = 20) -> str:
    named = ", ".join(f"{markdown(row.case_id or row.problem)} ({row.status})" for row in rows[:most])
    return named if len(rows) <= most else f"{named} and {len(rows) - most} more"


def _row(row: BatchRow) -> dict[str, str]:
    return {
        "problem": row.problem,
        "status": f"{row.status}, earlier" if row.earlier else str(row.status),
        "tier": f"{row.tier}/{row.method}" if row.method else "",
        "value": "" if row.value is None else at_worst(row.value, row.target),
        "cost": ", ".join(resource.told(value) for resource, value in row.cost.told()) if row.case_id else "",
        "case": row.case_id or "",
        "why": row.why,
    }
